/** The lines of a serial console as they come, for those who wait for one. */
import { BuildFault } from '../fault.ts';
import { cleanLine } from './console-lines.ts';

export interface Console {
  readonly lines: readonly string[];
  /** Takes a line as it came. */
  add(raw: string): void;
  /** The first line at or after index `from` that fits; rejects when time is over or no more will come. */
  wait(pattern: RegExp, options: { from: number; limitSeconds: number }): Promise<string>;
  /** No more lines will come. */
  close(why: Error): void;
}

export function openConsole(onLine: (line: string) => void): Console {
  const lines: string[] = [];
  const waiting = new Set<{ look: (line: string) => void; fail: (why: Error) => void }>();
  const closed: Error[] = [];
  return {
    lines,
    add: raw => {
      const line = cleanLine(raw);
      lines.push(line);
      onLine(line);
      for (const each of waiting) each.look(line);
    },
    wait: async (pattern, { from, limitSeconds }) => {
      const there = lines.slice(from).find(line => pattern.test(line));
      if (there !== undefined) return there;
      if (closed[0] !== undefined) throw closed[0];
      return new Promise((resolve, reject) => {
        const settle = (settled: () => void): void => {
          clearTimeout(timer);
          waiting.delete(waiter);
          settled();
        };
        const waiter = {
          look: (line: string) => {
            if (pattern.test(line)) settle(() => resolve(line));
          },
          fail: (why: Error) => settle(() => reject(why)),
        };
        const timer = setTimeout(() => waiter.fail(late(pattern, { limitSeconds, lines })), limitSeconds * 1000);
        waiting.add(waiter);
      });
    },
    close: why => {
      closed.push(why);
      for (const each of waiting) each.fail(why);
    },
  };
}

function late(
  pattern: RegExp,
  { limitSeconds, lines }: { limitSeconds: number; lines: readonly string[] },
): BuildFault {
  return new BuildFault(
    `the console did not say ${pattern.source} within ${limitSeconds} s`,
    `its last lines:\n${lastLines(lines)}`,
  );
}

/** What a person reads first when a machine did not come up. */
export function lastLines(lines: readonly string[]): string {
  return lines
    .filter(line => line.trim() !== '')
    .slice(-15)
    .join('\n');
}
