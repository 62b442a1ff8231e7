/** What every way to show events takes and gives. */
import type { Emit } from './events.ts';

export interface Renderer {
  emit: Emit;
  /**
   * Ends the drawing and leaves the terminal as it was found; resolves when everything is written. `error`: the
   * command failed or was interrupted, what still runs is shown as stopped. A second call does nothing.
   */
  close(error?: boolean): Promise<void>;
  /**
   * What is drawn so far stays, and the terminal is as it was found: for a program that takes it over. What is emitted
   * later is drawn below. Nothing may be running.
   */
  settle(): Promise<void>;
}

export interface Streams {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}
