/** The three ways to show what happens: drawn in a terminal, as plain lines, as JSON lines. */
import { createJsonRenderer } from './json.ts';
import { createPlainRenderer } from './plain.ts';
import type { Renderer, Streams } from './rendering.ts';
import { createTtyRenderer } from './tty.ts';

export type RendererKind = 'tty' | 'plain' | 'json';

/** A renderer whose clock starts now. */
export function createRenderer({ kind, stdout, stderr }: Streams & { kind: RendererKind }): Renderer {
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  switch (kind) {
    case 'tty':
      // A terminal of unknown width (a pty that nobody has set up) can't be drawn on.
      if (!(stdout.columns > 0)) return createPlainRenderer({ stdout, stderr, seconds });
      return createTtyRenderer({ stdout, stderr, seconds });
    case 'plain':
      return createPlainRenderer({ stdout, stderr, seconds });
    case 'json':
      return createJsonRenderer({ stdout, seconds });
  }
}
