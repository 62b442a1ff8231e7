/**
 * The selector's configuration, generated from the layout. Partitions are addressed by number on the disk that GRUB
 * was started from, never by label: a second disk with the same names is never picked. No path ends at a prompt.
 */

export interface SelectorSlot {
  slot: string;
  /** GPT partition number of the slot's Boot partition. */
  bootPartition: number;
  /** GPT partition number of the slot's BootEFI partition, which holds a grubenv. */
  statePartition: number;
  /** Numbers of this slot's UKI profiles. */
  profiles: { verified: number; unverified: number | null };
  filled: boolean;
}

/** Stand in the text of every selector, and in that of one that asks whether the root is verified. */
export const SELECTOR_MARK = 'Made by Caisson from the layout.';
export const VERITY_QUESTION = '"$VERITY" = "off"';

/** A slot that was tried this often without being marked good is not tried again. */
const TRIES = 3;

export function grubConfiguration(slots: readonly SelectorSlot[]): string {
  const names = slots.flatMap(({ slot }) => [`${slot}_OK`, `${slot}_TRY`]).join(' ');
  const [first, ...copies] = slots;
  return `# Picks the slot, saves the try, starts its UKI. ${SELECTOR_MARK}
# Superusers without a password: nobody can edit or reach a command line.
set superusers="caisson"
export superusers
set pager=0

# fw_path is (hd0,gpt1)/EFI/BOOT: the partition this file was read from.
regexp --set=1:disk '^\\(([^,)]+)' "$fw_path"
regexp --set=1:SELECTOR ',gpt([0-9]+)\\)' "$fw_path"
set state="($disk,gpt${first?.statePartition ?? 1})/EFI/caisson/grubenv"
load_env --file "$state" ORDER VERITY ${names}
${copies.map(({ statePartition }) => `if [ -z "$ORDER" ]; then\n  set state="($disk,gpt${statePartition})/EFI/caisson/grubenv"\n  load_env --file "$state" ORDER VERITY ${names}\nfi\n`).join('')}if [ -z "$ORDER" ]; then
  set ORDER="${slots.map(each => each.slot).join(' ')}"
${slots.map(({ slot, filled }) => `  set ${slot}_OK=${filled ? 1 : 0}\n  set ${slot}_TRY=0\n`).join('')}fi

function start_slot {
  if [ "$1" = "none" ]; then return; fi
${slots.map(startSlot).join('')}  boot
  echo "slot $1 does not start"
}

# The first slot in order that is good and has tries left.
set chosen=none
for slot in $ORDER; do
  if [ "$chosen" = "none" ]; then
${slots.map(({ slot }) => `    if [ "$slot" = "${slot}" -a "$${slot}_OK" = "1" -a "$${slot}_TRY" != "${TRIES}" ]; then set chosen=${slot}; fi\n`).join('')}  fi
done

# None left: the first one in order that ever was good gets another turn.
if [ "$chosen" = "none" ]; then
  for slot in $ORDER; do
    if [ "$chosen" = "none" ]; then
${slots.map(({ slot }) => `      if [ "$slot" = "${slot}" -a "$${slot}_OK" = "1" ]; then set chosen=${slot}; set ${slot}_TRY=0; fi\n`).join('')}    fi
  done
fi

# A state by which nothing ever was good is no state: what the image was made with.
if [ "$chosen" = "none" ]; then
${slots
  .filter(each => each.filled)
  .map(
    ({ slot }) => `  set ${slot}_OK=1\n  set ${slot}_TRY=0\n  if [ "$chosen" = "none" ]; then set chosen=${slot}; fi\n`,
  )
  .join('')}fi

${slots.map(raiseTry).join('')}# When and so from which disk: a copy of this one may be attached, and only one of them was started just now. And whose
# selector it was: an update writes the other one first.
set STARTED="\${YEAR}_\${MONTH}_\${DAY}_\${HOUR}_\${MINUTE}_\${SECOND}"
save_env --file "$state" STARTED SELECTOR ${slots.map(({ slot }) => `${slot}_TRY`).join(' ')}
echo "caisson: slot $chosen"
start_slot "$chosen"

# It did not start: every other good slot, then a message and another attempt.
${slots.map(({ slot }) => `if [ "$chosen" != "${slot}" -a "$${slot}_OK" = "1" ]; then start_slot ${slot}; fi\n`).join('')}echo "caisson: no slot could be started; rebooting in 30 seconds"
sleep 30
reboot
`;
}

/** Whatever VERITY holds but `off` means that the root is verified; where that is enforced nobody asks. */
function startSlot({ slot, bootPartition, profiles }: SelectorSlot): string {
  return `  if [ "$1" = "${slot}" ]; then
    set profile=${profiles.verified}
${profiles.unverified === null ? '' : `    if [ ${VERITY_QUESTION} ]; then set profile=${profiles.unverified}; fi\n`}    chainloader "($disk,gpt${bootPartition})/EFI/caisson/slot.efi" "@$profile"
  fi
`;
}

/** GRUB's script has no arithmetic: 0, 1, 2 become 1, 2, 3, and anything else counts as tried often enough. */
function raiseTry({ slot }: SelectorSlot): string {
  return `if [ "$chosen" = "${slot}" ]; then
  if [ "$${slot}_TRY" = "0" -o -z "$${slot}_TRY" ]; then set ${slot}_TRY=1
  elif [ "$${slot}_TRY" = "1" ]; then set ${slot}_TRY=2
  else set ${slot}_TRY=${TRIES}
  fi
fi
`;
}
