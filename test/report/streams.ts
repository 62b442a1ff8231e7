import { PassThrough } from 'node:stream';

/** A stand-in for process.stdout that keeps what is written. */
export function fakeStream(columns: number): { stream: NodeJS.WriteStream; text: () => string } {
  let written = '';
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => {
    written += chunk.toString('utf8');
  });
  return { stream: Object.assign(stream, { columns, rows: 40 }) as unknown as NodeJS.WriteStream, text: () => written };
}

/** A clock that stands still until it is set. */
export function fakeClock(): { seconds: () => number; at: (seconds: number) => void } {
  let now = 0;
  return {
    seconds: () => now,
    at: seconds => {
      now = seconds;
    },
  };
}
