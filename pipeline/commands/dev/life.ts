/** What becomes of a machine, by what its console shows. */
import { cleanLine, readyOf } from '../../engine/machine/console-lines.ts';
import { lastLines } from '../../engine/machine/console.ts';
import type { DevNews } from '../../report/dev.ts';

export interface Life {
  /** Takes a line of the console as it came. */
  see(this: void, raw: string): void;
  /** It has ended by itself; `why` is empty when it was switched off. */
  end(why: string): void;
  /** It was ended by us: that is no news. */
  cut(): void;
  /** Ready, or over before that: resolves with which of the two. */
  readonly up: Promise<boolean>;
  readonly ready: boolean;
  readonly over: boolean;
}

const KEPT_LINES = 200;

/** `now`: seconds, of any clock that does not jump. */
export function openLife(image: string, { tell, now }: { tell: (news: DevNews) => void; now: () => number }): Life {
  const start = now();
  const lines: string[] = [];
  const state = { ready: false, over: false };
  let settle: (ready: boolean) => void = () => undefined;
  const up = new Promise<boolean>(resolve => (settle = resolve));
  const over = (): void => {
    state.over = true;
    settle(state.ready);
  };
  return {
    see: raw => {
      const line = cleanLine(raw);
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      const said = readyOf(line);
      if (said === null || state.ready) return;
      state.ready = true;
      tell({ type: 'ready', image, seconds: now() - start, user: said.login?.user ?? null });
      settle(true);
    },
    end: why => {
      tell({ type: 'off', image, seconds: now() - start, ready: state.ready, why, lastLines: lastLines(lines) });
      over();
    },
    cut: over,
    up,
    get ready() {
      return state.ready;
    },
    get over() {
      return state.over;
    },
  };
}
