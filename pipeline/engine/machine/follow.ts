/** The lines of a file that another program is still writing. */
import { open, type FileHandle } from 'node:fs/promises';

const EVERY_MS = 200;

export interface Follower {
  /** Reads what is left and stops. */
  stop(): Promise<void>;
}

/** The file may come later. `onLine` is called one line after another. */
export function followFile(file: string, onLine: (line: string) => void): Follower {
  const state: { handle: FileHandle | null; rest: string; busy: Promise<void> } = {
    handle: null,
    rest: '',
    busy: Promise.resolve(),
  };
  const decoder = new TextDecoder();
  const look = async (): Promise<void> => {
    state.handle ??= await open(file, 'r').catch(() => null);
    if (state.handle === null) return;
    for (;;) {
      const { bytesRead, buffer } = await state.handle.read({ buffer: Buffer.alloc(65_536), position: null });
      if (bytesRead === 0) return;
      const lines = (state.rest + decoder.decode(buffer.subarray(0, bytesRead), { stream: true })).split(/\r\n|\n|\r/);
      state.rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    }
  };
  const next = (): Promise<void> => (state.busy = state.busy.then(look, look));
  const timer = setInterval(() => void next().catch(() => undefined), EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await next().catch(() => undefined);
      await state.handle?.close();
    },
  };
}
