/** What a session does next: a machine of states, without time and files. Pure. */

export type DevEvent =
  /** Documents are others than those that were read. */
  | { type: 'edited' }
  /** A round (load, build, compare, start the machine) has ended, by itself or stopped. */
  | { type: 'ended' }
  | { type: 'key'; key: DevKey };

/** r builds, b boots, q ends. */
export type DevKey = 'r' | 'b' | 'q';

export interface DevState {
  /** What runs. `stopping`: it was told to stop, because what it reads is old. */
  running: 'nothing' | 'round' | 'stopping' | 'boot';
  /** What is to be done once that has ended. */
  next: 'nothing' | 'round' | 'end';
}

export type DevAction = 'round' | 'boot' | 'stop' | 'end';

/** A round was begun. */
export const BEGUN: DevState = { running: 'round', next: 'nothing' };

/** The state after an event, and what is to be done now; null for nothing. */
export function advance(state: DevState, event: DevEvent): { state: DevState; action: DevAction | null } {
  const { running } = state;
  if (event.type === 'ended') return afterEnd(state);
  if (event.type === 'key' && event.key === 'q') return interrupt(state, 'end');
  if (event.type === 'edited' || event.key === 'r') return interrupt(state, 'round');
  // A round starts the machine itself.
  if (running !== 'nothing') return { state, action: null };
  return { state: { running: 'boot', next: 'nothing' }, action: 'boot' };
}

function afterEnd({ next }: DevState): ReturnType<typeof advance> {
  const idle: DevState = { running: 'nothing', next: 'nothing' };
  if (next === 'end') return { state: idle, action: 'end' };
  return next === 'round' ? { state: BEGUN, action: 'round' } : { state: idle, action: null };
}

function interrupt(state: DevState, next: 'round' | 'end'): ReturnType<typeof advance> {
  const { running } = state;
  if (running === 'nothing') return afterEnd({ running, next });
  // Whoever wants to end is not held up by an edit that comes behind.
  return {
    state: { running: 'stopping', next: state.next === 'end' ? 'end' : next },
    action: running === 'stopping' ? null : 'stop',
  };
}
