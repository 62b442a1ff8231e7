/** A machine of an image that enforces verification, whose console goes on as one waits for its lines. */
import type { Subject } from '../../pipeline/claims/claim.ts';
import type { GuestMachine } from '../../pipeline/engine/machine/guest-machine.ts';
import { DISK, ENFORCED } from './disk.ts';
import { subject } from './subject.ts';

export interface Course {
  /** Answers to every script. */
  says: readonly string[];
  /** Lines of the console, from power-on. */
  lines: readonly string[];
  boots: number;
  machine: Partial<GuestMachine>;
}

export const runsFrom = (slot: 'A' | 'B'): string[] => [
  `slot=${slot}`,
  'uuid=CRYPT-VERITY-77-root',
  `partition=9 Sys${slot}`,
];
export const ready = (slot: 'A' | 'B'): string => `[ 9.1] caisson: ready: quagga 7.3 slot ${slot}, ssh`;
export const picked = (slot: 'A' | 'B'): string => `caisson: slot ${slot}`;

export function running(own: Partial<Course>): Subject & { scripts: string[]; typed: string[] } {
  const { says = [], lines = [], boots = 1, machine = {} } = own;
  const asked = subject({ says, declaration: ENFORCED, disk: DISK });
  const console: string[] = [];
  const typed: string[] = [];
  const coming = [...lines];
  const waitForLine = async (pattern: RegExp, { from }: { from: number }): Promise<string> => {
    for (let at = from; ; at += 1) {
      while (at >= console.length) {
        const next = coming.shift();
        if (next === undefined) throw new Error('nothing more comes');
        console.push(next);
      }
      const line = console[at] ?? '';
      if (pattern.test(line)) return line;
    }
  };
  const connect = async (from: number): Promise<void> => void (await waitForLine(/ready: /, { from }));
  return {
    ...asked,
    machine: {
      ...asked.machine,
      console,
      boots,
      type: text => void typed.push(text),
      waitForLine,
      connect,
      reboot: async () => connect(console.length),
      ...machine,
    },
    typed,
  };
}

/** The same with one answer or line replaced; a text that is not there is the test's fault. */
export function spoilt(course: Partial<Course>, from: string, to: string): Partial<Course> {
  const changed = (lines: readonly string[] = []): string[] =>
    lines.flatMap(line => (line.includes(from) ? line.replace(from, to).split('\n') : [line]));
  const [says, lines] = [changed(course.says), changed(course.lines)];
  if (`${says.join()}${lines.join()}` === `${course.says?.join() ?? ''}${course.lines?.join() ?? ''}`)
    throw new Error(`nothing says "${from}"`);
  return { ...course, says, lines };
}
