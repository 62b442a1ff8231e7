import { beforeEach, expect, it } from 'vitest';
import { openLife, type Life } from '../../../pipeline/commands/dev/life.ts';
import type { DevNews } from '../../../pipeline/report/dev.ts';

const READY = '\u001B[0mcaisson: ready: mast galleon 4.5 slot B, ssh bosun@192.0.2.7 port 22\r';
let told: DevNews[];
let clock: number;
let life: Life;

beforeEach(() => {
  told = [];
  clock = 100;
  life = openLife('galleon', { tell: news => void told.push(news), now: () => clock });
});

it('is ready once its console says so, and says it once', async () => {
  clock = 131;
  life.see(READY);
  life.see(READY);
  expect(told).toEqual([{ type: 'ready', image: 'galleon', seconds: 31, user: 'bosun' }]);
  expect([await life.up, life.ready, life.over]).toEqual([true, true, false]);
});

it('that ends before: the last lines, without colours', async () => {
  for (let line = 1; line <= 400; line++) life.see(`\u001B[31mplank ${line}\u001B[0m`);
  clock = 107;
  life.end('qemu ended with exit code 7');
  expect(told).toMatchObject([{ type: 'off', seconds: 7, ready: false, why: 'qemu ended with exit code 7' }]);
  const [off] = told;
  expect(off?.type === 'off' ? off.lastLines.split('\n').at(-1) : '').toBe('plank 400');
  expect([await life.up, life.over]).toEqual([false, true]);
});

it('that is switched off later was ready', () => {
  life.see(READY);
  life.end('');
  expect(told.at(-1)).toMatchObject({ type: 'off', ready: true, why: '' });
});

it('one that we end is no news', async () => {
  life.cut();
  expect([told, await life.up, life.over]).toEqual([[], false, true]);
});
