/** What an image says on its serial console, read out of single lines. Pure. */

export interface ReadyLine {
  hostname: string;
  image: string;
  version: string;
  slot: string;
  /** How to log in; null: nobody can. */
  login: { user: string; address: string; port: number } | { user: string; vsock: true } | null;
}

/** CSI and OSC sequences, and two-character escapes: ECMA-48. */
// oxlint-disable-next-line no-control-regex
const ESCAPES = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[ -/]*[0-~])/g;
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F]/g;

/** The line without colours, cursor movements and other control characters. */
export function cleanLine(raw: string): string {
  return raw.replaceAll(ESCAPES, '').replaceAll(CONTROLS, '');
}

/** "ssh-ed25519 AAAA…" out of the line that tells it; null for other lines, and for a key that came in pieces. */
export function hostKeyOf(line: string): string | null {
  const [, type = '', blob = ''] = /\bcaisson: host key ([a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)/.exec(line) ?? [];
  return isKey(type, Buffer.from(blob, 'base64')) ? `${type} ${blob}` : null;
}

/** A key is a row of fields, each with its length before it (RFC 4253, 6.6); the first says what it is. */
function isKey(type: string, bytes: Buffer): boolean {
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) return false;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return false;
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return fields.length > 1 && fields[0]?.toString('latin1') === type;
}

export function readyOf(line: string): ReadyLine | null {
  const found = /\bcaisson: ready: (\S+) (\S+) (\S+) slot ([A-Z]|only), (.*)$/.exec(line);
  if (found === null) return null;
  const [, hostname = '', image = '', version = '', slot = '', how = ''] = found;
  const head = { hostname, image, version, slot };
  const tcp = /\bssh ([^\s@]+)@(\S+) port ([0-9]+)/.exec(how);
  if (tcp !== null) return { ...head, login: { user: tcp[1] ?? '', address: tcp[2] ?? '', port: Number(tcp[3]) } };
  const vsock = /\bssh (\S+) over vsock\b/.exec(how);
  return { ...head, login: vsock === null ? null : { user: vsock[1] ?? '', vsock: true } };
}

export interface Milestone {
  reached: 'kernel' | 'init';
  /** Seconds since the kernel began, where the line carries its time; else 0. */
  age: number;
}

/** What a line of a boot shows to have begun; null for lines that tell nothing of that. */
export function milestoneOf(line: string): Milestone | null {
  if (/\bsystemd\[1\]: |^Welcome to |\bsystemd [0-9]\S* running in system mode/.test(line))
    return { reached: 'init', age: 0 };
  const stamp = /^\[ *([0-9]+\.[0-9]{6})\] /.exec(line)?.[1];
  if (stamp !== undefined) return { reached: 'kernel', age: Number(stamp) };
  return /\bcaisson: slot (?:[A-Z]|only), root /.test(line) ? { reached: 'kernel', age: 0 } : null;
}
