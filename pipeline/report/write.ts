/** Resolves when everything that was written to the stream before has left, or never can (a closed pipe). */
export async function writeAll(stream: NodeJS.WritableStream): Promise<void> {
  await new Promise<void>(resolve => {
    stream.write('', () => resolve());
  });
}
