import type { Declaration } from '../formats/declaration.ts';
import type { ProvenFact } from '../formats/proof.ts';
import { ask, quoted } from './ask.ts';
import { claim, fact, type Subject } from './claim.ts';
import { ClaimFault } from './fault.ts';
import { logPartition } from './log-partition.ts';
import { readStorage } from './storage.ts';

/** What a growing disk may change, and what not. */
export interface Growth {
  diskBytes: number;
  /** End of the growing partition, from the start of the disk. */
  end: number;
  start: number;
  /** Of its file system. */
  filesystemBytes: number;
  /** A valid backup partition table stands in the last sector. */
  backup: boolean;
  /** Start, length, file system UUID of each other partition: must stay. */
  others: Record<string, string>;
  /** Of a file on the log partition; empty without one. */
  logDigest: string;
}

const MARK = 'caisson-prove-log';
/** What alignment and the backup table may leave free at the end. */
const SLACK = 2 * 2 ** 20;

export const dataGrows = claim({
  name: 'data-grows',
  promise: declaration =>
    `${growing(declaration)?.name ?? ''} fills the disk by itself after the disk was grown, and no other partition changes.`,
  tried:
    'the disk of a copy grown from outside twice, booted each time; partition table and superblock read in the guest',
  scenario: 'grown',
  applies: declaration => growing(declaration) !== null,
  prepare: async subject => {
    const log = logPartition(subject.declaration)?.mount ?? null;
    if (log !== null) await ask(subject.machine, `head -c 8388608 /dev/urandom >${quoted(`${log}/${MARK}`)}; sync`);
    return JSON.stringify(await measure(subject));
  },
  prove: async subject => judgeGrowth(JSON.parse(subject.before) as Growth, await measure(subject)),
});

/** Both were grown by some hundred MiB before they were measured. */
export function judgeGrowth(once: Growth, twice: Growth): ProvenFact[] {
  return [
    fact(twice.diskBytes > once.diskBytes, `disk ${mib(once.diskBytes)}, then ${mib(twice.diskBytes)}`),
    ...[once, twice].flatMap((each, index) => {
      const time = ['first time', 'second time'][index] ?? '';
      return [
        fact(
          each.end <= each.diskBytes && each.diskBytes - each.end <= SLACK,
          `${time}: the partition ends ${mib(each.diskBytes - each.end)} before the end of the disk`,
        ),
        fact(
          each.end - each.start - each.filesystemBytes < SLACK,
          `${time}: its file system fills ${mib(each.filesystemBytes)} of ${mib(each.end - each.start)}`,
        ),
        fact(each.backup, `${time}: the backup partition table is ${each.backup ? '' : 'NOT '}at the end`),
      ];
    }),
    ...Object.entries(once.others).map(([name, was]) =>
      fact(
        twice.others[name] === was,
        `${name} ${twice.others[name] === was ? 'is where it was' : `CHANGED from ${was} to ${twice.others[name] ?? 'nothing'}`}`,
      ),
    ),
    ...(once.logDigest === ''
      ? []
      : [
          fact(
            twice.logDigest === once.logDigest,
            `8 MiB on the log partition ${twice.logDigest === once.logDigest ? 'have the same digest' : 'CHANGED'}`,
          ),
        ]),
  ];
}

async function measure({ machine, declaration }: Subject): Promise<Growth> {
  const name = growing(declaration)?.name ?? '';
  const { blocks } = await readStorage(machine);
  const log = logPartition(declaration)?.mount ?? null;
  const answers = await ask(
    machine,
    `timeout 90 systemctl is-system-running --wait >/dev/null 2>&1
disk=$(readlink -f /dev/caisson/${quoted(name)}); say node "$disk"
filesystem=$(dumpe2fs -h "$disk" 2>/dev/null)
say count "$(printf '%s' "$filesystem" | sed -n 's/^Block count: *//p')"
say size "$(printf '%s' "$filesystem" | sed -n 's/^Block size: *//p')"
whole=/dev/$(basename "$(readlink -f "/sys/class/block/$(basename "$disk")/..")")
say bytes "$(blockdev --getsize64 "$whole")"
say backup "$(tail -c "$(blockdev --getss "$whole")" "$whole" | head -c 8)"
say digest "$(${log === null ? 'true' : `sha256sum ${quoted(`${log}/${MARK}`)} | cut -c1-64`})"`,
  );
  const own = blocks.find(each => each.node === answers.one('node'));
  if (own === undefined) throw new ClaimFault(`/dev/caisson/${name} leads to no partition`);
  const others = blocks.filter(each => each.disk === own.disk && each.name !== '' && each.node !== own.node);
  return {
    diskBytes: Number(answers.one('bytes')),
    start: own.start * 512,
    end: (own.start + own.sectors) * 512,
    filesystemBytes: Number(answers.one('count')) * Number(answers.one('size')),
    backup: answers.one('backup') === 'EFI PART',
    others: Object.fromEntries(
      others.map(each => [each.name, `${each.start}+${each.sectors} ${each.guid} ${each.uuid}`]),
    ),
    logDigest: answers.one('digest'),
  };
}

function growing({ partitions }: Declaration): Declaration['partitions'][number] | null {
  return partitions.find(each => each.grow) ?? null;
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes % 2 ** 20 === 0 ? 0 : 1)} MiB`;
}
