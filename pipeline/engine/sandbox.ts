/**
 * Programs of a tree run under bubblewrap: the tree is `/` and read-only, the network is off unless asked for, and
 * only the named host paths are visible. Everything below is pure: it makes an argv.
 */
import type { Environment } from './environment.ts';

export interface Bind {
  host: string;
  /** Where it stands inside; below /mnt, or a path that the tree has. */
  inside: string;
  writable: boolean;
}

export interface Sandbox {
  /** Host path of the tree that becomes `/`; `/` itself for the host's own programs. */
  tree: string;
  binds: readonly Bind[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  network: boolean;
  /**
   * `one`: uid 0 inside is the user outside, nobody else exists. `user`: the same with uid 1000, for programs that as root
   * would make device nodes and change owners, and fail. `many`: all subordinate ids and, inside the
   * namespace, all capabilities, as dpkg and mmdebstrap need. `own-network`: as `one`, and in charge of the sandbox's
   * own network, as iptables needs; never of the host's. `joined`: uid 0 of the namespaces that it is started in, with
   * the capabilities over their network alone; only for those of engine/machine/namespace.ts.
   */
  identities: 'one' | 'user' | 'own-network' | 'many' | 'joined';
  /** Device nodes of the host, e.g. /dev/kvm; those that are absent are left out. */
  devices: readonly string[];
}

/** The argv that runs `program` in the sandbox; see bwrap(1) and unshare(1). */
export function sandboxArgv(
  sandbox: Sandbox,
  program: readonly string[],
  environment: Pick<Environment, 'root'>,
): string[] {
  return argvOf(sandbox, program, { environment, session: ['--new-session'] });
}

/**
 * The same for a program that a person uses on the terminal: it stays in the terminal's session, or it would learn
 * neither of Ctrl-C nor of another window size, and could ask for no passphrase. So it could type for the person:
 * only for programs that may.
 */
export function terminalArgv(
  sandbox: Sandbox,
  program: readonly string[],
  environment: Pick<Environment, 'root'>,
): string[] {
  return argvOf(sandbox, program, { environment, session: [] });
}

const CAPABILITIES: Readonly<Record<Sandbox['identities'], readonly string[]>> = {
  one: ['--unshare-user', '--uid', '0', '--gid', '0'],
  user: ['--unshare-user', '--uid', '1000', '--gid', '1000'],
  'own-network': ['--unshare-user', '--uid', '0', '--gid', '0', '--cap-add', 'CAP_NET_ADMIN'],
  // Root could make device nodes, but not open them on a tmpfs of bubblewrap's (nodev): without CAP_MKNOD mmdebstrap
  // does what it does for other users.
  many: ['--cap-add', 'ALL', '--cap-drop', 'CAP_MKNOD'],
  joined: [
    '--cap-drop',
    'ALL',
    ...['CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_NET_BIND_SERVICE'].flatMap(name => ['--cap-add', name]),
  ],
};

function argvOf(
  sandbox: Sandbox,
  program: readonly string[],
  { environment, session }: { environment: Pick<Environment, 'root'>; session: readonly string[] },
): string[] {
  const { tree, binds, env, cwd, network, identities } = sandbox;
  const many = identities === 'many';
  // What is shared is the host's.
  const rights = identities === 'own-network' && network ? 'one' : identities;
  return [
    // newuidmap refuses root without an entry in /etc/subuid, so root needs no namespace and gets none.
    ...(many && !environment.root ? ['unshare', '--user', '--map-auto', '--map-root-user'] : []),
    'bwrap',
    '--die-with-parent',
    ...session,
    '--unshare-pid',
    '--unshare-ipc',
    '--unshare-uts',
    ...(network ? [] : ['--unshare-net']),
    ...CAPABILITIES[rights],
    '--clearenv',
    ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    '--ro-bind',
    tree,
    '/',
    '--tmpfs',
    '/mnt',
    '--tmpfs',
    '/run',
    '--tmpfs',
    '/tmp',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    ...sandbox.devices.flatMap(device => ['--dev-bind-try', device, device]),
    ...(many ? ['--ro-bind', '/sys', '/sys'] : []),
    ...(network ? nameResolution(tree) : []),
    ...binds.flatMap(bind => [bind.writable ? '--bind' : '--ro-bind', bind.host, bind.inside]),
    '--chdir',
    cwd,
    '--',
    ...program,
  ];
}

/** The host's answers for names; its resolv.conf may be a link into /run/systemd/resolve. */
function nameResolution(tree: string): string[] {
  const files = tree === '/' ? ['/run/systemd/resolve'] : ['/etc/resolv.conf', '/etc/hosts'];
  return files.flatMap(file => ['--ro-bind-try', file, file]);
}
