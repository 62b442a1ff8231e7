/** When each boot of a machine began and how far it came: by the lines of its console and the resets of QEMU. */
import { hostKeyOf, milestoneOf, readyOf } from './console-lines.ts';
import type { BootTimes } from './guest-machine.ts';

export interface Timeline {
  /** Power-on or a reset. */
  begin(): void;
  see(line: string): void;
  /** Takes what the guest's own clocks say, for what its console did not show. */
  learn(clocks: GuestClocks): void;
  readonly boots: number;
  readonly times: BootTimes;
  /** Told at the last boot. */
  readonly hostKeys: readonly string[];
}

/** Seconds since its kernel began. */
export interface GuestClocks {
  now: number;
  init: number;
}

/** Prints them, in a guest with systemd; see guestClocks. */
export const CLOCKS_SCRIPT = 'cat /proc/uptime; systemctl show --property=UserspaceTimestampMonotonic';

/** Null for anything but the output of CLOCKS_SCRIPT. */
export function guestClocks(output: string): GuestClocks | null {
  const now = /^([0-9]+\.[0-9]+) /m.exec(output)?.[1];
  const init = /^UserspaceTimestampMonotonic=([1-9][0-9]*)$/m.exec(output)?.[1];
  return now === undefined || init === undefined ? null : { now: Number(now), init: Number(init) / 1e6 };
}

interface Boot {
  start: number;
  times: { -readonly [Name in keyof BootTimes]: number | null };
  hostKeys: Set<string>;
}

/** `now` in seconds, from any zero. */
export function openTimeline(now: () => number): Timeline {
  const boots: Boot[] = [];
  const last = (): Boot => boots.at(-1) ?? { start: now(), times: { ...NOTHING }, hostKeys: new Set() };
  return {
    begin: () => void boots.push({ start: now(), times: { ...NOTHING }, hostKeys: new Set() }),
    see: line => {
      const { start, times, hostKeys } = last();
      const milestone = readyOf(line) === null ? milestoneOf(line) : ({ reached: 'ready', age: 0 } as const);
      if (milestone !== null) times[milestone.reached] ??= now() - start - milestone.age;
      const key = hostKeyOf(line);
      if (key !== null) hostKeys.add(key);
    },
    learn: clocks => {
      const { start, times } = last();
      const kernel = now() - start - clocks.now;
      times.kernel ??= kernel;
      times.init ??= kernel + clocks.init;
    },
    get boots() {
      return boots.length;
    },
    get times() {
      return { ...last().times };
    },
    get hostKeys() {
      return [...last().hostKeys];
    },
  };
}

const NOTHING: BootTimes = { kernel: null, init: null, ready: null };
