import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildReport, writeReport, type ReportInput } from '../../../pipeline/commands/build/report.ts';
import { buildRecord } from '../../../pipeline/commands/build/record.ts';
import { recordInput } from './galleon-build.ts';

function reportInput(out: string): ReportInput {
  const input = recordInput();
  const { plan, results, resolutions } = input;
  return {
    prepared: {
      plan,
      resolutions,
      project: { ...input.project, written: [], certificates: { programs: null, bundles: null }, keyring: null },
    },
    record: buildRecord(input),
    results,
    journal: {
      tasks: [
        { id: 'resolve cargo', summary: 'which packages', startedAt: 0.5, seconds: 1 },
        { id: 'hull', summary: 'a tree', startedAt: 2, seconds: 3 },
        { id: 'sys', summary: 'a file system', startedAt: 5, seconds: 1 },
      ],
      warnings: [{ message: 'rain', hint: '' }],
    },
    seconds: 9.5,
    at: new Date('2031-02-03T04:05:06.789Z'),
    jobs: 3,
    out,
  };
}

describe('the report of a build', () => {
  test('steps with the times of this run; what was reused with those of the run that made it', async () => {
    const { steps, beside, critical, seconds, at } = await buildReport(reportInput('/srv'));
    expect(steps.slice(0, 3)).toMatchObject([
      { id: 'parts', cached: true, startedAt: null, seconds: 1.23456, inputs: [] },
      { id: 'hull', stage: 'tree', cached: false, startedAt: 2, seconds: 3, inputs: ['parts'] },
      { id: 'sys', cached: false, startedAt: 5, seconds: 1, inputs: ['hull'] },
    ]);
    expect(beside).toEqual([{ id: 'resolve cargo', summary: 'which packages', startedAt: 0.5, seconds: 1 }]);
    expect(critical).toEqual(['hull', 'sys']);
    expect([seconds, at]).toEqual([9.5, '2031-02-03T04:05:06Z']);
  });

  test('partitions as the layout has them, with what the disk says of their use', async () => {
    const { disk, budgets, files, trust } = await buildReport(reportInput('/srv'));
    expect(disk).toMatchObject({ size: 99, guid: 'g', sectorSize: 4096 });
    expect(disk?.partitions.find(({ name }) => name === 'SysA')).toMatchObject({ slot: 'A', used: 5, filled: true });
    expect(budgets).toMatchObject([{ name: 'packages', limit: 9, found: 2 }]);
    expect(files).toEqual([{ name: 'galleon.raw', bytes: 16, sha256: 'd-box' }]);
    expect(trust).toMatchObject({ verity: { rootHash: 'c0ffee', fecRoots: 7 }, pcrs: { pcr4: 'f0' }, signers: [] });
  });

  test('what the build warned of comes before what is worth knowing', async () => {
    const { warnings } = await buildReport(reportInput('/srv'));
    expect(warnings[0]).toEqual({ level: 'warning', message: 'rain', hint: '' });
    expect(warnings.slice(1).map(({ level }) => level)).toContain('note');
  });

  test('is one file, whole, in place of the old one', async () => {
    const out = await mkdtemp(path.join(tmpdir(), 'caisson-report-'));
    try {
      await writeReport({ ...reportInput(out), seconds: 1 });
      expect(await writeReport(reportInput(out))).toBe(path.join(out, 'report.html'));
      expect(await readdir(out)).toEqual(['report.html']);
      expect(await readFile(path.join(out, 'report.html'), 'utf8')).toMatch(
        /^<!doctype html>[^]*Built in 9\.5s[^]*<\/html>\n$/,
      );
    } finally {
      await rm(out, { recursive: true });
    }
  });
});
