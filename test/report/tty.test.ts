import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createRenderer } from '../../pipeline/report/renderer.ts';
import type { Renderer } from '../../pipeline/report/rendering.ts';
import { createTtyRenderer } from '../../pipeline/report/tty.ts';
import { fakeClock, fakeStream } from './streams.ts';

function open(): {
  renderer: Renderer;
  frame: () => string[];
  raw: () => string;
  stream: NodeJS.WriteStream;
  at: (seconds: number) => void;
} {
  const [stdout, stderr, clock] = [fakeStream(72), fakeStream(72), fakeClock()];
  const renderer = createTtyRenderer({ stdout: stdout.stream, stderr: stderr.stream, seconds: clock.seconds });
  const frame = (): string[] => {
    // What is on screen after the last time that everything was erased (to column 1, cursor up).
    const last = stdout.text().split('\u001b[G').at(-1) ?? '';
    return stripVTControlCharacters(last).trimEnd().split('\n');
  };
  return { renderer, frame, raw: stdout.text, stream: stdout.stream, at: clock.at };
}

function play({ emit }: Renderer): void {
  emit({ type: 'planned', image: 'kiosk', version: '3.7', steps: [] });
  emit({ type: 'reused', id: 'uki', detail: '' });
  emit({ type: 'started', task: { id: 'packages', summary: 'packages of kiosk, all that there are, and some more' } });
  emit({ type: 'started', task: { id: 'tree', summary: 'tree of kiosk' } });
  emit({
    type: 'progress',
    id: 'packages',
    fraction: 0.25,
    detail: 'installing a package with a name that is far too long for it',
  });
}

/** What is on screen before long, each spinner as `*`. */
async function expectFrame(frame: () => string[], lines: readonly string[]): Promise<void> {
  const seen = (): string[] => frame().map(line => line.replace(/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/, '*'));
  await expect.poll(seen, { timeout: 20_000 }).toEqual(lines);
}

test('draws while things run', async () => {
  const { renderer, frame, at } = open();
  play(renderer);
  at(4.2);
  await expectFrame(frame, [
    '✔ 1 step reused',
    '* packages     4.2s  ██░░░░░░░░  25%  packages of kiosk, all that the…',
    '  › installing a package with a name that is far too long for it',
    '* tree         4.2s  tree of kiosk',
    '* kiosk 3.7  4.2s',
  ]);
  await renderer.close();
});

test('draws what waits for another build', async () => {
  const { renderer, frame, at } = open();
  renderer.emit({ type: 'waiting', id: 'disk', detail: 'another build is making it' });
  at(2);
  await expectFrame(frame, ['* disk     2.0s  waits', '  › another build is making it', '* preparing  2.0s']);
  await renderer.close();
});

test('close leaves the last state, the cursor and the streams as they were', async () => {
  const { renderer, frame, raw, stream, at } = open();
  play(renderer);
  at(5);
  renderer.emit({ type: 'finished', id: 'tree', seconds: 5, detail: '7 MiB' });
  renderer.emit({ type: 'finished', id: 'packages', seconds: 5, detail: '' });
  renderer.emit({
    type: 'built',
    image: 'kiosk',
    version: '3.7',
    seconds: 5,
    built: 2,
    reused: 1,
    report: '/srv/out/report.html',
  });
  await renderer.close();
  await renderer.close(true);
  expect(frame()).toEqual([
    '✔ 1 step reused',
    '✔ tree         5.0s  tree of kiosk  7 MiB',
    '✔ packages     5.0s  packages of kiosk, all that there are, and some …',
    '✔ report: /srv/out/report.html',
    '✔ kiosk 3.7 built in 5.0s: 2 steps built, 1 reused',
  ]);
  expect(raw().lastIndexOf('\u001b[?25h')).toBeGreaterThan(raw().lastIndexOf('\u001b[?25l'));
  expect(raw()).toContain('\u001b[?25l');
  stream.write('after');
  expect(raw()).toMatch(/after$/);
});

test('after settle() the terminal is free; what follows is drawn below, without what was', async () => {
  const { renderer, frame, raw, stream } = open();
  renderer.emit({ type: 'started', task: { id: 'mast', summary: 'a tree of masts' } });
  renderer.emit({ type: 'finished', id: 'mast', seconds: 4, detail: '' });
  await renderer.settle();
  expect(frame()).toContainEqual(expect.stringContaining('a tree of masts'));
  stream.write('the greeting\n');
  expect(raw()).toMatch(/the greeting\n$/);
  const before = raw().length;
  renderer.emit({ type: 'started', task: { id: 'keel', summary: 'a tree of keels' } });
  renderer.emit({ type: 'finished', id: 'keel', seconds: 1, detail: '' });
  await renderer.close();
  const later = stripVTControlCharacters(raw().slice(before));
  expect(later).toContain('a tree of keels');
  expect(later).not.toContain('a tree of masts');
});

test('close(true) at once marks what ran, and the whole', async () => {
  const { renderer, frame, raw } = open();
  play(renderer);
  renderer.emit({ type: 'failed', id: 'tree', seconds: 0.5 });
  renderer.emit({ type: 'warning', message: 'disk is nearly full', hint: 'caisson cache prune' });
  await renderer.close(true);
  expect(frame()).toEqual([
    '✔ 1 step reused',
    '✖ tree         0.5s  tree of kiosk  failed',
    '⚠ disk is nearly full (hint: caisson cache prune)',
    '◼ packages     0.0s  packages of kiosk, all that there are, …  stopped',
    '✖ kiosk 3.7 failed after 0.0s',
  ]);
  expect(raw().lastIndexOf('\u001b[?25h')).toBeGreaterThan(raw().lastIndexOf('\u001b[?25l'));
});

test('without events nothing is drawn', async () => {
  const { renderer, raw } = open();
  await renderer.close();
  expect(raw()).toBe('');
});

test('signals are left to the command, and listeners do not pile up', async () => {
  const before = [process.listenerCount('exit'), process.listenerCount('SIGINT')];
  const { renderer } = open();
  play(renderer);
  expect(process.listenerCount('SIGINT')).toBe(before[1]);
  await renderer.close();
  expect([process.listenerCount('exit'), process.listenerCount('SIGINT')]).toEqual(before);
});

test('a terminal of unknown width gets plain lines', async () => {
  const [stdout, stderr] = [fakeStream(0), fakeStream(0)];
  const renderer = createRenderer({ kind: 'tty', stdout: stdout.stream, stderr: stderr.stream });
  play(renderer);
  await renderer.close();
  expect(stdout.text()).toMatch(/^\[ +0\.\ds\] kiosk /);
  expect(stdout.text()).not.toContain('\u001b');
});
