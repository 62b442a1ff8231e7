import { ask, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';
import { ClaimFault } from './fault.ts';
import { logPartition } from './log-partition.ts';

/** The journal may take this share of the partition at the most: other programs log there too. */
const MOST_SHARE = 0.8;

/**
 * Journald tells its limit when it starts to write: "System Journal (PATH) is 8M, max 102M, 94M free." Writing that
 * much takes minutes under emulation: archived files are copied and made larger until there is more than the limit.
 * Messages of 40 kB stay below its limits for a line and for the rate.
 */
const SCRIPT = String.raw`
said=$(journalctl --unit=systemd-journald --output=cat --no-pager --grep='^System Journal' --lines=1 | tail -n 1)
say said "$said"
say room "$(df --output=size --block-size=1M "$mount" | tail -n 1 | tr -d ' ')"
limit=$(printf '%s' "$said" | sed -n 's/.*max \([0-9.]*\)\([KMG]\),.*/\1 \2/p' | awk '{ print int($1 * ($2 == "G" ? 1024 : $2 == "K" ? 1/1024 : 1)) }')
say limit "$limit"
[ -n "$limit" ] || exit 0
folder=/var/log/journal/$(cat /etc/machine-id)
used() { du --summarize --block-size=1M "$folder" | cut -f1; }
echo caisson-prove | systemd-cat; journalctl --sync; journalctl --rotate
model=$(ls "$folder"/system@*.journal | tail -n 1)
n=1
while [ "$(used)" -le $((limit + 48)) ] && [ "$n" -lt 500 ]; do
  copy=$(printf '%s-%016x-%016x.journal' "$(printf '%s' "$model" | sed 's/-[0-9a-f]*-[0-9a-f]*\.journal$//')" "$n" "$n")
  cp "$model" "$copy" && fallocate --length 32M "$copy" || break
  n=$((n + 1))
done
say filled "$(used)"
head -c 6M /dev/urandom | base64 --wrap=40000 | systemd-cat --identifier=caisson-prove
journalctl --sync; journalctl --rotate; sleep 2
say used "$(used)"
say files "$(ls "$folder" | grep -c 'journal$')"
rm -f "$folder"/system@*-00000000000*-00000000000*.journal
tell status systemctl is-active systemd-journald`;

export const journalCapped = claim({
  name: 'journal-capped',
  promise: declaration =>
    `The journal keeps below a limit that leaves room on ${logPartition(declaration)?.name ?? ''}, and removes old files for it.`,
  tried: "journald's own limit read; its folder filled beyond it, more written; measured again",
  scenario: 'other',
  applies: declaration => logPartition(declaration) !== null,
  prove: async ({ machine, declaration }) => {
    const mount = logPartition(declaration)?.mount ?? '';
    const answers = await ask(machine, `mount=${quoted(mount)}${SCRIPT}`, 240);
    const [limit, room] = [Number(answers.one('limit')), Number(answers.one('room'))];
    if (limit === 0 || room === 0) throw new ClaimFault(`journald told no limit: ${answers.one('said') || 'nothing'}`);
    const [filled, used] = [Number(answers.one('filled')), Number(answers.one('used'))];
    return [
      fact(limit <= room * MOST_SHARE, `limit ${limit} MiB, ${mount} has ${room} MiB`),
      fact(filled > limit, `filled to ${filled} MiB`),
      fact(used <= limit, `then ${used} MiB in ${answers.one('files')} files`),
      fact(answers.one('status') === 'active', `journald is ${answers.one('status')}`),
    ];
  },
});
