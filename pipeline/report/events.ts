/**
 * What happens during a command, as values. Code emits events and never prints; the renderers beside this file
 * draw them for a terminal, as plain lines, or as JSON lines.
 */

/** A piece of long work: a step of the plan, or set-up (`tools tree`, `fetch base`) that comes before. */
export interface Task {
  /** Unique within a command: the step's id, or e.g. `fetch base`. */
  id: string;
  /** One line for people, e.g. `erofs file system of the root`. */
  summary: string;
}

export type Event =
  /** First event of a build: everything that will be looked at, in order; `cached` ones will not run. */
  | { type: 'planned'; image: string; version: string; steps: (Task & { cached: boolean; why: string })[] }
  | { type: 'started'; task: Task }
  /** Someone else is at the same thing, or has what it needs. */
  | { type: 'waiting'; id: string; detail: string }
  /** fraction 0..1, never falling within a task; null when unknown. */
  | { type: 'progress'; id: string; fraction: number | null; detail: string }
  | { type: 'finished'; id: string; seconds: number; detail: string }
  | { type: 'reused'; id: string; detail: string }
  | { type: 'failed'; id: string; seconds: number }
  | { type: 'warning'; message: string; hint: string }
  /** A file that the command leaves for its user, complete. */
  | { type: 'published'; path: string; bytes: number; sha256: string }
  /** Room in the partitions of either slot for one content: how far later versions may grow. Bytes. */
  | {
      type: 'headroom';
      content: string;
      partitions: readonly string[];
      size: number;
      used: number;
      free: number;
      reserve: number;
    }
  /** What the definition limits: bytes for `root` and `image`, else a count. */
  | { type: 'budgets'; budgets: readonly { name: string; limit: number; found: number }[] }
  /** `report`: host path of report.html. */
  | { type: 'built'; image: string; version: string; seconds: number; built: number; reused: number; report: string };

export type Emit = (event: Event) => void;
