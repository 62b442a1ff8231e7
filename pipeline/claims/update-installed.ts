/** Good updates, there and back, and what falls back by itself. */
import { claim, fact, Untried } from './claim.ts';
import { keepsEtc } from './overlay-report.ts';
import { kept, keptFacts } from './update-kept.ts';
import { givenUpFacts, installedFact, installedOf } from './update-notes.ts';
import { settledFacts, takesUpdates } from './updates.ts';

export const updateInstalls = claim({
  name: 'update-installs',
  promise: () =>
    'A signed update goes into the slot that does not run; that one starts at the next boot and is marked good.',
  tried: '`rauc install`, reboot',
  scenario: 'updated',
  applies: takesUpdates,
  prove: async subject => [...(await settledFacts(subject, 'B')), installedFact(await installedOf(subject))],
});

export const updateKeeps = claim({
  name: 'update-keeps',
  promise: () => 'An update changes nothing on Data: identity, keys, firewall additions and what overlays keep.',
  tried: 'a random word left in each place, digests of the rest, an update, compared',
  scenario: 'updated',
  applies: takesUpdates,
  prepare: kept,
  prove: keptFacts,
});

export const updateDamaged = claim({
  name: 'update-damaged',
  promise: () => 'An update whose system never comes up is given up: after three tries the one before serves again.',
  tried: 'a bundle with a damaged root, rightly signed, installed; reboot; nothing is done but wait',
  scenario: 'damaged-update',
  applies: takesUpdates,
  prove: async subject => {
    const settled = await settledFacts(subject, 'B');
    const { console } = subject.machine;
    const serves = (before: number): number =>
      console.slice(0, before).findLastIndex(line => /\bcaisson: ready: .* slot B\b/.test(line));
    const last = serves(console.length);
    const tries = console.slice(serves(last), last).filter(line => /\bcaisson: slot A$/.test(line)).length;
    return [...settled, fact(tries === 3, `the new slot was tried ${tries} times`), ...(await givenUpFacts(subject))];
  },
});

export const updateUnhealthy = claim({
  name: 'update-unhealthy',
  promise: () => 'An update whose health check fails is given up at once; the operator is told why.',
  tried: 'a script in /etc/caisson/health.d that fails on the new slot alone; install, reboot, wait',
  scenario: 'unhealthy-update',
  applies: declaration => takesUpdates(declaration) && keepsEtc(declaration),
  prove: async subject => [...(await settledFacts(subject, 'B')), ...(await givenUpFacts(subject))],
});

export const updateReturns = claim({
  name: 'update-returns',
  promise: () => 'Updates go both ways: the same bundle fits the other slot, with all data as before.',
  tried: '`rauc install` in slot B, reboot',
  scenario: 'returned',
  applies: takesUpdates,
  prepare: kept,
  prove: async subject => [...(await settledFacts(subject, 'A')), ...(await keptFacts(subject))],
});

/** What RAUC, the journal and the health check write meanwhile. */
const NOTES_KIB = 4096;

export const updateStreams = claim({
  name: 'update-streams',
  promise: () => 'An update is installed from an https address without room for it on Data.',
  tried: '`rauc install https://…` from a server beside the machine; free room of Data before and after',
  scenario: 'returned',
  applies: takesUpdates,
  prove: async subject => {
    const installed = await installedOf(subject);
    if (!installed.source.startsWith('https://')) throw new Untried(subject.machine.noOutside);
    const taken = installed.before - installed.after;
    return [installedFact(installed), fact(taken < NOTES_KIB, `${taken} KiB of Data were taken`)];
  },
});

export const earlyResets = claim({
  name: 'early-resets',
  promise: () => 'Two resets soon after its start leave a healthy machine on its slot.',
  tried: 'reset as soon as the kernel image has found its root, twice',
  scenario: 'returned',
  order: 'last',
  applies: takesUpdates,
  prove: async subject => {
    const { machine } = subject;
    for (let times = 0; times < 2; times += 1) {
      const from = machine.console.length;
      await machine.reset();
      await machine.waitForLine(/\bcaisson: slot A, root /, { from, limitSeconds: 120 });
    }
    await machine.connect(machine.console.length);
    return settledFacts(subject, 'A');
  },
});
