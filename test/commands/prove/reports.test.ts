import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { reportPlace, writePowercuts, writeReports, writeTampering } from '../../../pipeline/commands/prove/reports.ts';
import type { Powercuts } from '../../../pipeline/formats/powercut.ts';
import type { Proof } from '../../../pipeline/formats/proof.ts';
import type { Tampering } from '../../../pipeline/formats/tampering.ts';
import type { Event } from '../../../pipeline/report/events.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

const folder = scratchDirectory();
const PROOF: Proof = {
  format: 1,
  image: 'quagga',
  version: '7.3',
  file: { name: 'quagga.vhd', bytes: 1, sha256: 'a', sha256After: 'a' },
  passed: true,
  seconds: 1,
  host: { accelerator: 'kvm', cpus: 1, memoryMiB: 1, node: '', network: '' },
  boots: [],
  claims: [],
};

test('stand beside the image, or where they are wanted', async () => {
  await mkdir(path.join(folder, 'reports'), { recursive: true });
  expect(await reportPlace(path.join(folder, 'quagga.vhd'), null)).toBe(path.join(folder, 'quagga.prove'));
  expect(await reportPlace('/elsewhere/quagga.vhd', path.join(folder, 'reports'))).toBe(
    path.join(folder, 'reports/quagga.prove'),
  );
});

test('a folder that is none is told before anything boots', async () => {
  await writeFile(path.join(folder, 'file'), '');
  for (const wrong of ['missing', 'file'])
    await expect(reportPlace('/x/quagga.vhd', path.join(folder, wrong))).rejects.toMatchObject({
      name: 'UsageFault',
      message: `${path.join(folder, wrong)} is no folder`,
    });
});

test('both files are written whole, older ones replaced, and told', async () => {
  const place = path.join(folder, 'reports', 'again.prove');
  await mkdir(path.dirname(place), { recursive: true });
  await writeFile(`${place}.json`, 'old');
  const events: Event[] = [];
  await writeReports(PROOF, { place, emit: event => void events.push(event) });
  expect(JSON.parse(await readFile(`${place}.json`, 'utf8'))).toEqual(PROOF);
  expect(await readFile(`${place}.html`, 'utf8')).toMatch(/^<!doctype html>/);
  expect(events).toMatchObject([
    { type: 'published', path: `${place}.json` },
    { type: 'published', path: `${place}.html` },
  ]);
  expect((await readdir(path.dirname(place))).filter(name => name.includes('again')).length).toBe(2);
});

test('a campaign has a file of its own beside them', async () => {
  const place = path.join(folder, 'reports', 'ray.prove');
  await mkdir(path.dirname(place), { recursive: true });
  const found = { format: 1, seed: 41 };
  const events: Event[] = [];
  const emit = (event: Event): void => void events.push(event);
  await writeTampering(found as Tampering, { place, emit });
  await writePowercuts({ ...found, seed: 42 } as Powercuts, { place, emit });
  const file = (kind: string): string => path.join(folder, 'reports', `ray.${kind}.json`);
  expect(JSON.parse(await readFile(file('tamper'), 'utf8'))).toEqual(found);
  expect(JSON.parse(await readFile(file('powercut'), 'utf8'))).toEqual({ ...found, seed: 42 });
  expect(events).toMatchObject([
    { type: 'published', path: file('tamper') },
    { type: 'published', path: file('powercut') },
  ]);
});
