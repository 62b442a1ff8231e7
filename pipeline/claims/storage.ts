/** Mounts and partitions of the running system, as the kernel and blkid(8) tell them. */
import type { GuestMachine } from '../engine/machine/guest-machine.ts';
import { ClaimFault } from './fault.ts';

export interface Mount {
  /** Device number, `8:7`; `0:N` for file systems without a device. */
  device: string;
  /** Directory of the file system that is mounted. */
  root: string;
  point: string;
  /** Of this mount: `ro`, `nosuid` … */
  options: string[];
  type: string;
  source: string;
  /** Of the file system: `upperdir=…` … */
  superOptions: string[];
}

export interface Block {
  node: string;
  device: string;
  /** Device number of the disk that it is a partition of; its own for others. */
  disk: string;
  /** Empty for a whole disk. */
  name: string;
  /** Of the partition, or of the partition table; lower case. */
  guid: string;
  /** Of its file system, lower case; empty for none. */
  uuid: string;
  /** In sectors of 512 bytes. */
  start: number;
  sectors: number;
}

export interface Storage {
  /** Those that were mounted over are left out. */
  mounts: Mount[];
  blocks: Block[];
}

const SCRIPT = String.raw`
sed 's/^/mount /' /proc/self/mountinfo
for each in /sys/class/block/*; do
  node=/dev/$(basename "$each")
  case "$node" in /dev/loop*|/dev/ram*|/dev/zram*) continue ;; esac
  printf 'block %s %s %s %s ' "$node" "$(cat "$each/dev")" "$(cat "$each/start" 2>/dev/null || echo 0)" "$(cat "$each/size")"
  blkid -p -o export "$node" 2>/dev/null | tr '\n' '\t'
  echo
done`;

export async function readStorage(machine: Pick<GuestMachine, 'sh'>): Promise<Storage> {
  const { stdout } = await machine.sh(SCRIPT);
  return parseStorage(stdout);
}

export function parseStorage(text: string): Storage {
  const mounts: Mount[] = [];
  const blocks: Block[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('mount ')) mounts.push(parseMount(line.slice('mount '.length)));
    if (line.startsWith('block ')) blocks.push(parseBlock(line.slice('block '.length)));
  }
  const seen = mounts.filter((each, index) => !mounts.slice(index + 1).some(later => later.point === each.point));
  return { mounts: seen, blocks };
}

/** The mount at exactly this path. Throws ClaimFault when nothing is mounted there. */
export function mountAt({ mounts }: Storage, point: string): Mount {
  const found = mounts.find(each => each.point === point);
  if (found === undefined) throw new ClaimFault(`nothing is mounted at ${point}`);
  return found;
}

/** The partition that a mount comes from; null for one without a device of its own. */
export function blockOf({ blocks }: Storage, { device }: Mount): Block | null {
  return blocks.find(each => each.device === device) ?? null;
}

/** mountinfo of proc_pid_mountinfo(5). */
function parseMount(line: string): Mount {
  const [own = '', rest = ''] = line.split(' - ');
  const [, , device = '', root = '', point = '', options = ''] = own.split(' ');
  const [type = '', source = '', superOptions = ''] = rest.split(' ');
  return {
    device,
    root: unescaped(root),
    point: unescaped(point),
    options: options.split(','),
    type,
    source: unescaped(source),
    superOptions: superOptions.split(',').map(unescaped),
  };
}

/** Octal escapes of blanks, tabs, line ends and backslashes. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));
}

function parseBlock(line: string): Block {
  const [node = '', device = '', start = '0', sectors = '0', ...rest] = line.split(' ');
  const fields = new Map(
    rest
      .join(' ')
      .split('\t')
      .map(each => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)] as const),
  );
  const field = (name: string): string => fields.get(name) ?? '';
  return {
    node,
    device,
    disk: field('PART_ENTRY_DISK') || device,
    name: field('PART_ENTRY_NAME').replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
      String.fromCodePoint(Number.parseInt(hex, 16)),
    ),
    guid: (field('PART_ENTRY_UUID') || field('PTUUID')).toLowerCase(),
    uuid: field('UUID').toLowerCase(),
    start: Number(start),
    sectors: Number(sectors),
  };
}
