import type { Declaration } from '../formats/declaration.ts';
import { ask, endOf, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';
import { logPartition, storePartition } from './log-partition.ts';

/** KiB that the machine itself may have freed, to be able to start. */
const MOST_LEFT = 8192;

export const fullPartitions = claim({
  name: 'full-partitions',
  promise: declaration =>
    `A full ${[storePartition(declaration), logPartition(declaration)].flatMap(each => each?.name ?? []).join(' and a full ')} stops neither boot nor SSH.`,
  tried: 'filled up to the last block as root, reboot, new SSH connection',
  scenario: 'full',
  applies: declaration => storePartition(declaration) !== null || logPartition(declaration) !== null,
  prove: async ({ machine, declaration }) => {
    const places = fillPlaces(declaration);
    const answers = await ask(
      machine,
      `${places.map((place, index) => `say ${index} "$(df --output=avail --block-size=1K ${quoted(place)} | tail -n 1 | tr -d ' ')"`).join('\n')}
tell state systemctl is-system-running
say failed "$(systemctl list-units --failed --plain --no-legend --no-pager | cut -d' ' -f1 | tr '\\n' ' ')"
tell journald systemctl is-active systemd-journald
ends sudo sudo -n true`,
    );
    const failed = answers.one('failed').trim();
    return [
      fact(true, `ready ${machine.bootSeconds?.toFixed(1) ?? '?'} s after the reset, SSH works`),
      ...places.map((place, index) =>
        fact(Number(answers.one(String(index))) <= MOST_LEFT, `${place} has ${answers.one(String(index))} KiB left`),
      ),
      fact(answers.one('journald') === 'active', `journald is ${answers.one('journald')}`),
      fact(
        endOf(answers.one('sudo')).code === 0,
        `sudo ${endOf(answers.one('sudo')).code === 0 ? 'works' : 'does NOT work'}`,
      ),
      fact(
        failed === '',
        failed === '' ? `system is ${answers.one('state')}, no failed unit` : `failed units: ${failed}`,
      ),
    ];
  },
});

/** A directory on each partition that can be filled: one that is bound from it, or an overlay whose writes go there. */
export function fillPlaces({ overlays, ...rest }: Declaration): string[] {
  const bound = overlays?.direct.find(each => each.content === overlays.content)?.path;
  const overlay = overlays?.entries.findLast(each => each.mode === 'full')?.path;
  return [bound ?? overlay, logPartition({ overlays, ...rest })?.mount].filter(each => each !== undefined);
}

/** Fills them as root, whose reserve goes too; leaves what has room for less than a block. */
export function fillScript(places: readonly string[]): string {
  return places
    .map(
      place => `file=${quoted(`${place}/caisson-prove-filler`)}; n=0
for size in 1048576 65536 4096 256 16 4; do
  while fallocate --length "$size"KiB "$file.$n" 2>/dev/null; do n=$((n + 1)); done; rm -f "$file.$n"
done; cat /dev/zero >"$file.end" 2>/dev/null; sync`,
    )
    .join('\n');
}

/** Undoes fillScript. */
export function emptyScript(places: readonly string[]): string {
  return places.map(place => `rm -f ${quoted(`${place}/caisson-prove-filler`)}.*`).join('\n');
}
