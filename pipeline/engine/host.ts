/** What the host must offer, tried rather than guessed; each missing thing comes with its remedy. */
import { readFile, statfs } from 'node:fs/promises';
import { roundSize } from '../formats/bytes.ts';
import type { Environment } from './environment.ts';
import { makeFolders } from './files.ts';
import { ProcessFailure, runProcess } from './run.ts';

export interface HostCheck {
  name: string;
  ok: boolean;
  found: string;
  /** What to do; empty when ok. */
  remedy: string;
}

/** Bytes that an image of the size of eflow takes in the cache, with pool and trees, rounded up. */
const ROOM = 4 * 2 ** 30;
const LEAST_NODE = [20, 19] as const;

/** Every check, in a fixed order, passed or not. Throws the reason of `signal`: what was stopped says nothing of the host. */
export async function checkHost(
  environment: Environment,
  nodeVersion: string,
  signal: AbortSignal,
): Promise<HostCheck[]> {
  const checks = [
    nodeCheck(nodeVersion),
    ...(await Promise.all(
      PROGRAMS.map(([program, debianPackage]) => programCheck(program, debianPackage, environment, signal)),
    )),
    ...(environment.root
      ? []
      : await Promise.all(['/etc/subuid', '/etc/subgid'].map(file => subordinateCheck(file, environment)))),
    await namespaceCheck(environment, signal),
    await keyringCheck(),
    await roomCheck(environment),
  ];
  signal.throwIfAborted();
  return checks;
}

const PROGRAMS = [
  ['mmdebstrap', 'mmdebstrap'],
  ['bwrap', 'bubblewrap'],
  ['newuidmap', 'uidmap'],
  ['unshare', 'util-linux'],
  ['apt-get', 'apt'],
  ['tar', 'tar'],
] as const;

function nodeCheck(version: string): HostCheck {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const ok = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return {
    name: 'Node.js',
    ok,
    found: version,
    remedy: ok
      ? ''
      : `Node.js ${LEAST_NODE.join('.')} or newer: \`apt-get install nodejs npm\` on Debian 13; Debian 12 has 18, so install a newer one there`,
  };
}

async function programCheck(
  program: string,
  debianPackage: string,
  environment: Environment,
  signal: AbortSignal,
): Promise<HostCheck> {
  const found = await runProcess(['sh', '-c', 'command -v "$1"', 'sh', program], {
    env: { PATH: environment.path },
    signal,
  }).catch(() => '');
  return {
    name: program,
    ok: found !== '',
    found: found.trim() || 'missing',
    remedy: found === '' ? `apt-get install ${debianPackage}` : '',
  };
}

async function subordinateCheck(file: string, { user, uid }: Environment): Promise<HostCheck> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').map(line => line.split(':'));
  const count = lines
    .filter(([owner]) => owner === user || owner === String(uid))
    .reduce((sum, [, , each]) => sum + Number(each ?? 0), 0);
  const ok = count >= 65_536;
  const kind = file === '/etc/subuid' ? '--add-subuids' : '--add-subgids';
  return {
    name: file,
    ok,
    found: `${count} ids for ${user}`,
    remedy: ok
      ? ''
      : `dpkg needs 65536 of them: \`sudo usermod ${kind} 100000-165535 ${user}\` (any range that is free)`,
  };
}

async function namespaceCheck(environment: Environment, signal: AbortSignal): Promise<HostCheck> {
  const argv = environment.root
    ? ['bwrap', '--unshare-user', '--uid', '0', '--gid', '0', '--unshare-net', '--ro-bind', '/', '/', 'true']
    : ['unshare', '--user', '--map-auto', '--map-root-user', 'bwrap', '--unshare-net', '--ro-bind', '/', '/', 'true'];
  try {
    await runProcess(argv, { env: { PATH: environment.path }, signal });
    return { name: 'user namespaces', ok: true, found: 'work', remedy: '' };
  } catch (error) {
    const why = error instanceof ProcessFailure ? (error.output.at(-1) ?? error.message) : String(error);
    return { name: 'user namespaces', ok: false, found: why, remedy: await namespaceRemedy() };
  }
}

async function namespaceRemedy(): Promise<string> {
  const setting = async (name: string): Promise<string> =>
    (await readFile(`/proc/sys/${name}`, 'utf8').catch(() => '')).trim();
  if ((await setting('kernel/unprivileged_userns_clone')) === '0')
    return 'sudo sysctl kernel.unprivileged_userns_clone=1';
  if ((await setting('kernel/apparmor_restrict_unprivileged_userns')) === '1')
    return 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0';
  if ((await setting('user/max_user_namespaces')) === '0') return 'sudo sysctl user.max_user_namespaces=15000';
  return 'in a container, start it with user namespaces allowed (e.g. without a seccomp filter that forbids unshare), or run as root';
}

async function keyringCheck(): Promise<HostCheck> {
  const file = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const ok = await readFile(file).then(
    () => true,
    () => false,
  );
  return {
    name: 'Debian keyring',
    ok,
    found: ok ? file : 'missing',
    remedy: ok ? '' : 'apt-get install debian-archive-keyring',
  };
}

async function roomCheck({ cache }: Environment): Promise<HostCheck> {
  await makeFolders(cache);
  const { bavail, bsize } = await statfs(cache);
  const free = bavail * bsize;
  const ok = free >= ROOM;
  return {
    name: 'disk room',
    ok,
    found: `${roundSize(free)} free at ${cache}`,
    remedy: ok ? '' : `${roundSize(ROOM)} are needed: free some, or name another folder in CAISSON_CACHE`,
  };
}
