import { ask, endOf } from './ask.ts';
import { claim, fact } from './claim.ts';

/** Each attempt leaves nothing behind when it works after all; the last one writes back what it has read. */
const SCRIPT = String.raw`
file=$(find /usr/bin -xdev -type f | head -n 1)
device=$(findmnt --noheadings --output SOURCE /)
partition=/dev/$(ls "/sys/dev/block/$(mountpoint --fs-devno /)/slaves" 2>/dev/null | head -n 1)
[ "$partition" != /dev/ ] || partition=$device
mkdir -p /run/caisson-prove
ends 'a new file' touch /usr/caisson-was-here
ends 'a new folder' mkdir /usr/lib/caisson-was-here
ends 'writing into a program' sh -c ': >>"$1"' sh "$file"
ends 'removing a program' mv -f "$file" /usr/bin/caisson-was-here
ends 'a mode' chmod 0700 "$file"
ends 'remounting /usr' sh -c 'mount --bind /usr /run/caisson-prove && mount -o remount,bind,rw /run/caisson-prove && touch /run/caisson-prove/caisson-was-here'
umount /run/caisson-prove 2>/dev/null
ends 'mounting its device writable' sh -c 'mount -o rw "$1" /run/caisson-prove && touch /run/caisson-prove/caisson-was-here' sh "$device"
umount /run/caisson-prove 2>/dev/null
ends 'mounting its partition writable' sh -c 'mount -o rw "$1" /run/caisson-prove && touch /run/caisson-prove/caisson-was-here' sh "$partition"
umount /run/caisson-prove 2>/dev/null
ends 'writing to the device' dd "if=$device" "of=$device" bs=4096 count=1 conv=notrunc,fsync
[ "$partition" = "$device" ] || ends 'making the device writable' sh -c 'blockdev --setrw "$1" && dd if="$1" of="$1" bs=4096 count=1 conv=notrunc,fsync' sh "$device"
rmdir /run/caisson-prove
say end 1`;

/** Of a root that is not verified root may write to the partition: nothing would notice. */
const VERIFIED_ONLY = 'making the device writable';

const ATTEMPTS = [
  'a new file',
  'a new folder',
  'writing into a program',
  'removing a program',
  'a mode',
  'remounting /usr',
  'mounting its device writable',
  'mounting its partition writable',
  'writing to the device',
  VERIFIED_ONLY,
];

export const usrImmutable = claim({
  name: 'usr-immutable',
  promise: () =>
    'Nobody, root included, can write to /usr by way of files; and not by way of its device, where the root is verified.',
  tried: `as root, ${ATTEMPTS.length} ways: ${ATTEMPTS.join(', ')}`,
  prove: async ({ machine }) => {
    const answers = await ask(machine, SCRIPT);
    const tried = ATTEMPTS.filter(each => each !== VERIFIED_ONLY || answers.all(each).length > 0);
    return tried.map(attempt => {
      const { code, text } = endOf(answers.one(attempt));
      return fact(code !== 0, `${attempt}: ${code === 0 ? 'SUCCEEDED' : reasonIn(text)}`);
    });
  },
});

/** `touch: cannot touch '/usr/x': Read-only file system` -> the last part. */
function reasonIn(text: string): string {
  return text.split(';')[0]?.split(': ').at(-1) || 'refused';
}
