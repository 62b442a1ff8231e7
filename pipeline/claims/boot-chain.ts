/** Damage of what is signed, one link after the other: each is refused, and something that is whole starts instead. */
import { claim, fact, type Claim } from './claim.ts';
import { fileOf, middleOf, SELECTOR, SHIM, turnedBit, UKI } from './disk-parts.ts';
import { comes, isEnforcedOnTwoSlots, RESTARTS_SECONDS, runsFrom } from './enforced.ts';

const ofTwoSlots: Pick<Claim, 'scenario' | 'applies'> = {
  scenario: 'damaged',
  applies: isEnforcedOnTwoSlots,
};

const PROMPT = /grub>|grub rescue>|Minimal BASH-like|Shell>|login:|# $/;

export const ukiChanged = claim({
  name: 'uki-changed',
  promise: () => 'A kernel image that was changed without being signed again is refused; the other slot starts.',
  tried: 'one bit of the kernel image of slot A turned before the start',
  ...ofTwoSlots,
  damage: async disk => [await turnedBit(disk, middleOf(fileOf(disk, UKI, 'A')), 0)],
  prove: async ({ machine }) => {
    await machine.connect(0);
    return [
      told(machine.console, /bad shim signature|Security Violation|Verification failed/i),
      fact(machine.boots === 1, `in ${machine.boots} boot`),
      ...(await runsFrom(machine, 'B')),
    ];
  },
});

export const selectorChanged = claim({
  name: 'selector-changed',
  promise: () =>
    'A selector that was changed is refused by shim, which says so and waits; at a key it starts the other copy of it.',
  tried: 'one bit of GRUB on the first boot partition turned before the start; Enter typed when shim has refused it',
  ...ofTwoSlots,
  damage: async disk => [await turnedBit(disk, middleOf(fileOf(disk, SELECTOR, 'A')), 0)],
  prove: async ({ machine }) => {
    // A box that is drawn around it has no end of line: it shows once the next line begins.
    const typing = setInterval(() => machine.type('\r'), 5000);
    try {
      await machine.connect(0);
    } finally {
      clearInterval(typing);
    }
    return [
      told(machine.console, /Security (Policy )?Violation|Verification failed/i),
      ...(await runsFrom(machine, 'A')),
    ];
  },
});

export const shimChanged = claim({
  name: 'shim-changed',
  promise: () => 'A shim that was changed is refused by the firmware; that of the other slot starts.',
  tried: 'one bit of shim on the first boot partition turned before the start',
  ...ofTwoSlots,
  damage: async disk => [await turnedBit(disk, middleOf(fileOf(disk, SHIM, 'A')), 0)],
  prove: async ({ machine }) => {
    await machine.connect(0);
    return [told(machine.console, /Access Denied|Security Violation|Not Found/i), ...(await runsFrom(machine, 'A'))];
  },
});

export const noPrompt = claim({
  name: 'no-prompt',
  promise: () =>
    'With no kernel image that may start, and keys sent to its console, it says so and restarts: no prompt.',
  tried: 'both kernel images changed; c, e, Ctrl-C, Enter and commands typed all the while',
  ...ofTwoSlots,
  damage: async disk => [
    await turnedBit(disk, middleOf(fileOf(disk, UKI, 'A')), 1),
    await turnedBit(disk, middleOf(fileOf(disk, UKI, 'B')), 2),
  ],
  prove: async ({ machine }) => {
    await comes(machine, /\bcaisson: slot A$/, { from: 0, limitSeconds: RESTARTS_SECONDS });
    // No Escape: what GRUB does not read the firmware does after the restart, and QEMU's opens a menu of its own for it.
    const typing = setInterval(() => machine.type('c\re\u0003ls\rset\r'), 300);
    try {
      const said = await comes(machine, /no slot could be started; rebooting in 30 seconds/, WAIT);
      const from = machine.console.length;
      const again = await comes(machine, /\bcaisson: slot [AB]$/, { ...WAIT, from });
      return [
        fact(said, said ? 'it says that no slot could be started' : 'it does NOT say that no slot could be started'),
        fact(again && machine.boots > 1, again ? 'it restarts, and tries again' : 'it does NOT restart'),
        fact(!machine.console.some(line => PROMPT.test(line)), 'no prompt on its console'),
        fact(!machine.console.some(line => /\bcaisson: slot [AB], root /.test(line)), 'no kernel was started'),
      ];
    } finally {
      clearInterval(typing);
    }
  },
});

const WAIT = { from: 0, limitSeconds: 180 };

function told(lines: readonly string[], pattern: RegExp) {
  // Out of the boxes that shim draws.
  const said = lines.map(each => each.replaceAll(/[\u2500-\u257F\s]+/g, ' ')).find(each => pattern.test(each));
  const place = said === undefined ? 0 : Math.max(0, said.search(pattern) - 60);
  return fact(
    said !== undefined,
    said === undefined ? 'nobody says that something was refused' : said.slice(place, place + 120).trim(),
  );
}
