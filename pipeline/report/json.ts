/** Events as JSON lines on stdout: `{"time":1.234,"type":"started",…}`, for other programs. */
import type { Renderer } from './rendering.ts';
import { writeAll } from './write.ts';

/** `seconds`: since the command began. */
export function createJsonRenderer({
  stdout,
  seconds,
}: {
  stdout: NodeJS.WritableStream;
  seconds: () => number;
}): Renderer {
  return {
    emit(event) {
      stdout.write(`${JSON.stringify({ time: Math.round(seconds() * 1000) / 1000, ...event })}\n`);
    },
    settle: () => writeAll(stdout),
    close: () => writeAll(stdout),
  };
}
