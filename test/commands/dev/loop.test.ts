import { expect, it } from 'vitest';
import { advance, BEGUN, type DevEvent, type DevState } from '../../../pipeline/commands/dev/loop.ts';

const EDITED: DevEvent = { type: 'edited' };
const ENDED: DevEvent = { type: 'ended' };
const key = (name: 'r' | 'b' | 'q'): DevEvent => ({ type: 'key', key: name });

/** What is done at each of the events, from the first round on. */
function actionsOf(...events: DevEvent[]): (string | null)[] {
  let state: DevState = BEGUN;
  return events.map(event => {
    const next = advance(state, event);
    state = next.state;
    return next.action;
  });
}

it('an edit while nothing runs begins a round', () => expect(actionsOf(ENDED, EDITED)).toEqual([null, 'round']));

it('an edit during a round stops it, and the next one begins when it has ended', () =>
  expect(actionsOf(EDITED, ENDED, ENDED)).toEqual(['stop', 'round', null]));

it('more edits while it stops begin one round', () =>
  expect(actionsOf(EDITED, EDITED, EDITED, ENDED, ENDED)).toEqual(['stop', null, null, 'round', null]));

it('r is as good as an edit', () =>
  expect(actionsOf(key('r'), ENDED, ENDED, key('r'))).toEqual(['stop', 'round', null, 'round']));

it('b boots when nothing runs; a round does so anyway', () =>
  expect(actionsOf(key('b'), ENDED, key('b'))).toEqual([null, null, 'boot']));

it('an edit during a boot stops that', () =>
  expect(actionsOf(ENDED, key('b'), EDITED, ENDED)).toEqual([null, 'boot', 'stop', 'round']));

it('q ends at once, or when what runs has stopped, whatever is edited meanwhile', () => {
  expect(actionsOf(ENDED, key('q'))).toEqual([null, 'end']);
  expect(actionsOf(key('q'), EDITED, ENDED)).toEqual(['stop', null, 'end']);
  expect(actionsOf(EDITED, key('q'), ENDED)).toEqual(['stop', null, 'end']);
});
