import { describe, expect, test } from 'vitest';
import { sandboxArgv, terminalArgv, type Sandbox } from '../../pipeline/engine/sandbox.ts';

const sandbox = (own: Partial<Sandbox> = {}): Sandbox => ({
  tree: '/cache/trees/chest',
  binds: [
    { host: '/host/work', inside: '/mnt/work', writable: true },
    { host: '/host/in', inside: '/mnt/inputs/hull', writable: false },
  ],
  env: { LC_ALL: 'C', EMPTY: '' },
  cwd: '/mnt/work',
  network: false,
  identities: 'one',
  devices: [],
  ...own,
});
const argv = (own: Partial<Sandbox>, root: boolean): string =>
  sandboxArgv(sandbox(own), ['mkfs.kelp', '-q', 'a b'], { root }).join(' ');

const COMMON = 'bwrap --die-with-parent --new-session --unshare-pid --unshare-ipc --unshare-uts';
const ENV = '--clearenv --setenv LC_ALL C --setenv EMPTY ';
const BINDS = '--bind /host/work /mnt/work --ro-bind /host/in /mnt/inputs/hull --chdir /mnt/work -- mkfs.kelp -q a b';

describe('sandboxArgv', () => {
  test('one identity that is not root', () => {
    expect(argv({ identities: 'user' }, true)).toContain('--unshare-user --uid 1000 --gid 1000 --clearenv');
  });

  test.each([false, true])('one identity, no network (root: %s)', root => {
    expect(argv({}, root)).toBe(
      `${COMMON} --unshare-net --unshare-user --uid 0 --gid 0 ${ENV} --ro-bind /cache/trees/chest / --tmpfs /mnt --tmpfs /run --tmpfs /tmp --proc /proc --dev /dev ${BINDS}`,
    );
  });

  test.each([false, true])('in charge of a network of its own, and of nothing else (root: %s)', root => {
    expect(argv({ identities: 'own-network' }, root)).toBe(
      argv({}, root).replace(
        '--unshare-user --uid 0 --gid 0',
        '--unshare-user --uid 0 --gid 0 --cap-add CAP_NET_ADMIN',
      ),
    );
    expect(argv({ identities: 'own-network', network: true }, root)).toBe(argv({ network: true }, root));
  });

  test('many identities, for a user: a namespace of all subordinate ids around it', () => {
    expect(argv({ identities: 'many' }, false)).toBe(
      `unshare --user --map-auto --map-root-user ${COMMON} --unshare-net --cap-add ALL --cap-drop CAP_MKNOD ${ENV} --ro-bind /cache/trees/chest / --tmpfs /mnt --tmpfs /run --tmpfs /tmp --proc /proc --dev /dev --ro-bind /sys /sys ${BINDS}`,
    );
  });

  test('many identities, for root: no namespace', () => {
    expect(argv({ identities: 'many' }, true)).toBe(
      `${COMMON} --unshare-net --cap-add ALL --cap-drop CAP_MKNOD ${ENV} --ro-bind /cache/trees/chest / --tmpfs /mnt --tmpfs /run --tmpfs /tmp --proc /proc --dev /dev --ro-bind /sys /sys ${BINDS}`,
    );
  });

  test.each([false, true])('rights over a network alone, in the namespaces that it is started in (root: %s)', root => {
    expect(argv({ identities: 'joined', network: true }, root)).toContain(
      `${COMMON} --cap-drop ALL --cap-add CAP_NET_ADMIN --cap-add CAP_NET_RAW --cap-add CAP_NET_BIND_SERVICE ${ENV}`,
    );
  });

  test('a program on the terminal stays in its session, and is confined the same way else', () => {
    const [boxed, terminal] = [sandboxArgv, terminalArgv].map(each => each(sandbox(), ['x'], { root: false }));
    expect(terminal).toEqual(boxed?.filter(each => each !== '--new-session'));
    expect(boxed).toContain('--new-session');
  });

  test('the network comes with the host’s answers for names', () => {
    expect(argv({ network: true }, false)).toBe(
      `${COMMON} --unshare-user --uid 0 --gid 0 ${ENV} --ro-bind /cache/trees/chest / --tmpfs /mnt --tmpfs /run --tmpfs /tmp --proc /proc --dev /dev --ro-bind-try /etc/resolv.conf /etc/resolv.conf --ro-bind-try /etc/hosts /etc/hosts ${BINDS}`,
    );
  });

  test('the host as the tree has its own files for that', () => {
    expect(argv({ network: true, tree: '/' }, false)).toContain(
      '--dev /dev --ro-bind-try /run/systemd/resolve /run/systemd/resolve --bind /host/work',
    );
  });

  test('the program stands behind --, each argument on its own', () => {
    expect(sandboxArgv(sandbox(), ['--help', '', '$X'], { root: false }).slice(-4)).toEqual(['--', '--help', '', '$X']);
  });

  test('every path of the host but the tree and the binds stays unseen', () => {
    for (const root of [false, true])
      for (const identities of ['one', 'user', 'own-network', 'many', 'joined'] as const) {
        const all = sandboxArgv(sandbox({ identities }), ['x'], { root });
        const mounts = all.flatMap((each, index) => (/bind/.test(each) ? [all[index + 1]] : []));
        expect(['/cache/trees/chest', '/host/work', '/host/in', '/sys']).toEqual(expect.arrayContaining(mounts));
      }
  });
});
