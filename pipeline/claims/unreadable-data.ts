import { ask, endOf, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';
import { storePartition } from './log-partition.ts';

export const unreadableData = claim({
  name: 'unreadable-data',
  promise: declaration =>
    `With ${storePartition(declaration)?.name ?? ''} unreadable the machine boots on overlays in memory, says so loudly, and SSH works.`,
  tried: 'every superblock of its file system overwritten, reset, new SSH connection with the same key',
  scenario: 'unreadable',
  applies: declaration => storePartition(declaration)?.filesystem === 'ext4',
  prepare: async ({ machine }) => String(machine.console.length),
  prove: async ({ machine, before }) => {
    const warnings = machine.console.slice(Number(before)).filter(line => line.includes('caisson: WARNING'));
    const answers = await ask(
      machine,
      `ends volatile test -e /run/caisson/volatile
say motd "$(cat /run/motd /run/motd.d/* /etc/motd /etc/motd.d/* 2>/dev/null | grep -i -E 'volatile|memory' | head -n 1)"
say status "$(systemctl status --no-pager 2>/dev/null | head -n 12 | grep -i -E 'State:|Failed:|volatile' | tr -s ' ' | tr '\\n' ' ')"
say state "$(systemctl is-system-running)"
say failed "$(systemctl list-units --failed --plain --no-legend --no-pager | cut -d' ' -f1 | tr '\\n' ' ')"
ends write sh -c ': >/etc/caisson-prove && rm /etc/caisson-prove'`,
    );
    const loud = /caisson/.test(answers.one('failed')) || /volatile/i.test(answers.one('status'));
    return [
      fact(true, `ready ${machine.bootSeconds?.toFixed(1) ?? '?'} s after the reset, SSH works`),
      fact(
        endOf(answers.one('volatile')).code === 0,
        `/run/caisson/volatile ${endOf(answers.one('volatile')).code === 0 ? 'marks volatile mode' : 'is MISSING'}`,
      ),
      fact(warnings.length > 0, `console: ${warnings.at(-1)?.replace(/^.*?caisson:/, 'caisson:') ?? 'NOTHING said'}`),
      fact(answers.one('motd') !== '', `motd: ${answers.one('motd') || 'NOTHING said'}`),
      fact(loud, `systemctl status: ${answers.one('state')}; failed: ${answers.one('failed').trim() || 'none'}`),
      fact(
        endOf(answers.one('write')).code === 0,
        `/etc is ${endOf(answers.one('write')).code === 0 ? '' : 'NOT '}writable, in memory`,
      ),
    ];
  },
});

/** Overwrites primary and backup superblocks past the mounted file system, then resets before it writes them again. */
export function damageScript(name: string): string {
  return `device=$(readlink -f /dev/caisson/${quoted(name)})
size=$(dumpe2fs -h "$device" 2>/dev/null | sed -n 's/^Block size: *//p')
places=$(dumpe2fs "$device" 2>/dev/null | sed -n 's/.*\\(Primary\\|Backup\\) superblock at \\([0-9]*\\).*/\\2/p')
[ -n "$places" ] || exit 3
sync
for place in $places; do dd if=/dev/zero of="$device" bs="$size" seek="$place" count=1 oflag=direct conv=notrunc 2>/dev/null || exit 4; done
(sleep 1; echo b >/proc/sysrq-trigger) >/dev/null 2>&1 &`;
}
