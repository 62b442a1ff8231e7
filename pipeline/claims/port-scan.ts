/** nmap from outside, and what it answers. */
import type { Outside } from '../engine/machine/guest-machine.ts';
import { ClaimFault } from './fault.ts';

export interface Scan {
  /** Ports that answered, whether a program listens there or not. */
  answered: number[];
  /** Ports that did not answer at all. */
  silent: number;
  seconds: number;
}

/** `ports` as nmap's -p takes them. Each is tried twice before it counts as silent. */
export async function scan(
  outside: Outside,
  { source, target, protocol, ports }: { source: string; target: string; protocol: 'tcp' | 'udp'; ports: string },
): Promise<Scan> {
  const argv = [
    'nmap',
    '-n',
    '-Pn',
    ...(target.includes(':') ? ['-6'] : []),
    protocol === 'tcp' ? '-sS' : '-sU',
    '-p',
    ports,
    '-S',
    source,
    '-e',
    await deviceOf(outside, source),
    '--max-retries',
    '1',
    '--min-rate',
    protocol === 'tcp' ? '4000' : '20',
    '-oX',
    '-',
    target,
  ];
  const { exitCode, stdout, stderr } = await outside.run(argv, { limitSeconds: 300 });
  if (exitCode !== 0) throw new ClaimFault(`nmap ended with exit code ${exitCode}: ${stderr.trim().slice(-200)}`);
  return parseScan(stdout);
}

/** nmap's XML. `open|filtered` and `filtered` are what it calls silence. */
export function parseScan(xml: string): Scan {
  const elapsed = /<finished\b[^>]*\belapsed="([\d.]+)"/.exec(xml)?.[1];
  if (elapsed === undefined) throw new ClaimFault('nmap did not come to its end');
  const ports = [...xml.matchAll(/<port protocol="\w+" portid="(\d+)"><state state="([^"]+)"/g)];
  const extra = [...xml.matchAll(/<extraports state="([^"]+)" count="(\d+)"/g)];
  const loud = extra.find(([, state = '']) => !isSilent(state));
  if (loud !== undefined) throw new ClaimFault(`${loud[2]} ports are ${loud[1]}: too many to be listed`);
  return {
    answered: ports.filter(([, , state = '']) => !isSilent(state)).map(([, port]) => Number(port)),
    silent:
      extra.reduce((sum, [, , count]) => sum + Number(count), 0) +
      ports.filter(([, , state = '']) => isSilent(state)).length,
    seconds: Number(elapsed),
  };
}

function isSilent(state: string): boolean {
  return state === 'filtered' || state === 'open|filtered';
}

/** The device of the outside that leads to the guest. */
async function deviceOf(outside: Outside, source: string): Promise<string> {
  const family = source.includes(':') ? '-6' : '-4';
  const target = source.includes(':') ? outside.guest6 : outside.guest4;
  const { stdout } = await outside.run(['ip', family, 'route', 'get', target], { limitSeconds: 10 });
  const device = /\bdev (\S+)/.exec(stdout)?.[1];
  if (device === undefined) throw new ClaimFault(`no way to ${target}: ${stdout.trim()}`);
  return device;
}
