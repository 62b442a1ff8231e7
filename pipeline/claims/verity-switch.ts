import { ask } from './ask.ts';
import { claim, fact, type Subject } from './claim.ts';
import { unverifiedFacts, verifiedFacts } from './root-verity.ts';

const opposite = (state: string): string => (state === 'on' ? 'off' : 'on');

/** `state KEY COMMAND…`: what the command prints of now and of the next boot, under that key. */
const STATE = 'state() { key=$1; shift; "$@" | sed -n "s/^now: /$key now=/p; s/^at the next boot: /$key next=/p"; }';

export const veritySwitch = claim({
  name: 'verity-switch',
  promise: () => 'One command in the machine switches the verification of the root, from the next boot on, and back.',
  tried: '`caisson verity` with the other state, the root looked at after a reboot; then back, and the state read',
  scenario: 'rebooted',
  // A selector, and what it starts.
  applies: ({ partitions, verifiedBoot }) =>
    verifiedBoot === 'switchable' &&
    new Set(partitions.filter(each => each.slot !== null && each.filesystem === 'vfat').map(each => each.content))
      .size > 1,
  prepare: async subject => {
    const { machine } = subject;
    const { now } = await verityState(subject);
    await ask(machine, `caisson verity ${opposite(now)} >&2`);
    return now;
  },
  prove: async subject => {
    const { machine, before } = subject;
    const wanted = opposite(before);
    const { now, next } = await verityState(subject);
    const seen = wanted === 'on' ? await verifiedFacts(subject) : await unverifiedFacts(subject);
    const after = (await ask(machine, `${STATE}\nstate after caisson verity ${before}`)).one('after next');
    return [
      fact(now === wanted && next === wanted, `it was ${before}; switched, it is ${now} and stays ${next}`),
      ...seen,
      fact(after === before, `switched back, it will be ${after}`),
    ];
  },
});

async function verityState({ machine }: Pick<Subject, 'machine'>): Promise<{ now: string; next: string }> {
  const answers = await ask(machine, `${STATE}\nstate this caisson verity status`);
  return { now: answers.one('this now'), next: answers.one('this next') };
}
