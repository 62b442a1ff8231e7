/**
 * Three machines in network namespaces of their own: `far` -- `router` -- `guest`, from programs of the tools tree and
 * without root. The link between far and router is narrow, so that packets of the guest's need path MTU discovery.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fixedEnvironment } from '../../pipeline/engine/environment.ts';
import { sandboxArgv } from '../../pipeline/engine/sandbox.ts';
import { testEnvironment } from './caisson.ts';

export type Machine = 'far' | 'router' | 'guest';

export interface Ran {
  exitCode: number;
  /** stdout and stderr. */
  output: string;
}

export interface NetworkLab {
  /** Runs a shell script on a machine. Whatever it leaves in the background ends with the lab. */
  sh(machine: Machine, script: string): Promise<Ran>;
  close(): Promise<void>;
}

export const GUEST = { v4: '198.51.100.1', v6: '2001:db8:9::1' } as const;

/** Addresses of `far`; the first two of IPv6 share a /64. */
export const FAR = {
  v4: ['192.0.2.2', '192.0.2.3', '192.0.2.4'],
  v6: ['2001:db8:a::2', '2001:db8:a::3', '2001:db8:b::2'],
} as const;

const ROUTER = ['198.51.100.254', '192.0.2.254', '2001:db8:9::fe', '2001:db8:a::fe', '2001:db8:b::fe'];

/** What a sandbox in charge of its network lacks to have several of them. */
const MORE = ['CAP_SYS_ADMIN', 'CAP_NET_RAW', 'CAP_NET_BIND_SERVICE', 'CAP_CHOWN', 'CAP_FOWNER', 'CAP_DAC_OVERRIDE'];

const SET_UP = `set -e
exec 2>&1
mkdir -p /tmp/lab/proc
# bubblewrap's /proc/sys is read-only; the tree has no mount(8).
python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).mount(b"proc", b"/tmp/lab/proc", b"proc", 0, None))'
for each in far guest; do
  unshare --net sleep infinity &
  until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
  ln -s /proc/$!/ns/net /tmp/lab/$each
  ip link add $each type veth peer name eth0 netns $!
  ip link set $each up
done
in_far() { nsenter --net=/tmp/lab/far "$@"; }
in_guest() { nsenter --net=/tmp/lab/guest "$@"; }
ip link set lo up
echo 1 >/tmp/lab/proc/sys/net/ipv4/ip_forward
echo 1 >/tmp/lab/proc/sys/net/ipv6/conf/all/forwarding
ip addr add ${ROUTER[0]}/24 dev guest; ip addr add ${ROUTER[1]}/24 dev far
ip addr add ${ROUTER[2]}/64 dev guest nodad
for each in ${ROUTER[3]} ${ROUTER[4]}; do ip addr add $each/64 dev far nodad; done
ip link set far mtu 1280
for each in far guest; do in_$each ip link set lo up; in_$each ip link set eth0 up; done
in_guest ip addr add ${GUEST.v4}/24 dev eth0; in_guest ip addr add ${GUEST.v6}/64 dev eth0 nodad
for each in ${FAR.v4.join(' ')}; do in_far ip addr add $each/24 dev eth0; done
for each in ${FAR.v6.join(' ')}; do in_far ip addr add $each/64 dev eth0 nodad; done
in_guest ip route add default via ${ROUTER[0]}; in_guest ip route add default via ${ROUTER[2]}
in_far ip route add default via ${ROUTER[1]}; in_far ip route add default via ${ROUTER[3]}
# IPv6 sends nothing before its links are ready. Nobody listens yet, and that is the answer.
for each in ${GUEST.v4} ${GUEST.v6}; do
  until in_far timeout 9 bash -c "</dev/tcp/$each/9" 2>&1 | grep -q refused; do [ $((tries += 1)) -lt 9 ]; done
done
`;

/** `binds`: host folder -> where the machines see it, read-only. Throws when this kernel does not allow it. */
export async function openLab(tree: string, binds: Readonly<Record<string, string>>): Promise<NetworkLab> {
  const environment = testEnvironment('');
  const argv = sandboxArgv(
    {
      tree,
      binds: Object.entries(binds).map(([host, inside]) => ({ host: path.resolve(host), inside, writable: false })),
      env: fixedEnvironment(0),
      cwd: '/',
      network: false,
      identities: 'own-network',
      devices: [],
    },
    ['sh'],
    environment,
  ).flatMap(each => (each === 'CAP_NET_ADMIN' ? [each, ...MORE.flatMap(more => ['--cap-add', more])] : [each]));
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { env: { PATH: environment.path }, stdio: ['pipe', 'pipe', 'inherit'] });
  let seen = '';
  let changed = (): void => undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
    changed();
  });
  child.stdin.on('error', () => undefined);
  let gone = false;
  const ended = new Promise<void>(resolve => {
    child.once('close', () => {
      gone = true;
      changed();
      resolve();
    });
  });
  let last: Promise<unknown> = Promise.resolve();
  const run = async (prefix: string, script: string): Promise<Ran> => {
    seen = '';
    const quoted = `'${script.replaceAll("'", String.raw`'\''`)}'`;
    child.stdin.write(`${prefix}sh -c ${quoted} </dev/null 2>&1; printf '\\n@@%s@@\\n' "$?"\n`);
    for (;;) {
      const end = /\n@@(\d+)@@\n/.exec(seen);
      if (end !== null) return { exitCode: Number(end[1]), output: seen.slice(0, end.index) };
      if (gone) return { exitCode: 255, output: seen };
      await new Promise<void>(resolve => (changed = resolve));
    }
  };
  const queued = async (prefix: string, script: string): Promise<Ran> => {
    const mine = last.then(async () => run(prefix, script));
    last = mine;
    return mine;
  };
  const close = async (): Promise<void> => {
    child.stdin.end();
    child.kill();
    await ended;
  };
  const made = await queued('', SET_UP);
  if (made.exitCode !== 0) {
    await close();
    throw new Error(`no networks here: ${made.output}`);
  }
  return {
    sh: async (machine, script) => queued(machine === 'router' ? '' : `nsenter --net=/tmp/lab/${machine} `, script),
    close,
  };
}
