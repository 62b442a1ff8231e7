import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveLayout } from '../../pipeline/config/layout.ts';
import type { LayoutFile } from '../../pipeline/config/layout.ts';
import { loadLayout } from '../../pipeline/config/project.ts';
import { formatSize } from '../../pipeline/formats/bytes.ts';
import { gptReserved } from '../../pipeline/formats/gpt.ts';

const identity = { name: 'zebra', file: 'layouts/zebra.yaml' };
const MiB = 2 ** 20;

describe('the layouts of the project', () => {
  const load = (name: string) => loadLayout(path.join(import.meta.dirname, `../../layouts/${name}.yaml`));

  test('eflow is the table of the design', async () => {
    const layout = await load('eflow');
    const rows = layout.partitions.map(
      ({ number, name, slot, content, start, size, filesystem, mount, filled }) =>
        `${number} ${name} ${slot ?? '-'} ${content} ${start / MiB}+${formatSize(size)} ${filesystem} ${mount || '-'} ${filled ? 'filled' : 'empty'}`,
    );
    expect(rows).toEqual([
      '1 BootEFIA A bootefi 1+8 MiB vfat - filled',
      '2 BootA A boot 9+192 MiB vfat - filled',
      '3 RootFSA A rootfs 201+4 GiB erofs - filled',
      '4 BootEFIB B bootefi 4297+8 MiB vfat - filled',
      '5 BootB B boot 4305+192 MiB vfat - empty',
      '6 RootFSB B rootfs 4497+4 GiB erofs - empty',
      '7 Log - log 8593+1 GiB ext4 /logs filled',
      '8 Data - data 9617+2 GiB ext4 - filled',
    ]);
    expect(layout).toMatchObject({ size: 11666 * MiB, sectorSize: 512, physicalSectorSize: 4096, alignment: MiB });
    expect(layout.overlays).toEqual({
      content: 'data',
      store: '/.eflow/overlays',
      entries: ['/etc', '/home', '/root', '/var'].map(each => ({
        path: each,
        mode: 'full',
        flags: ['nosuid', 'nodev'],
      })),
      direct: [
        { path: '/var/lib/containers', content: 'data', flags: ['nosuid', 'nodev'] },
        { path: '/var/lib/docker', content: 'data', flags: ['nosuid', 'nodev'] },
        { path: '/var/log/journal', content: 'log', flags: ['nosuid', 'nodev', 'noexec'] },
      ],
      atUpdate: [],
    });
    expect(layout.partitions.filter(({ grow }) => grow).map(({ name }) => name)).toEqual(['Data']);
    expect(layout.partitions.slice(6).map(({ mountFlags }) => mountFlags.join())).toEqual(
      Array(2).fill('nosuid,nodev,noexec'),
    );
    expect(new Set(layout.partitions.map(({ type }) => type)).size).toBe(4);
  });

  test('overlays without a partition are in memory', () => {
    const partitions = [{ name: 'Dune', size: '3 MiB', type: 'linux' }];
    expect(resolveLayout({ partitions, overlays: { paths: ['/srv'] } }, identity).overlays).toEqual({
      content: '',
      store: '/.caisson/overlays',
      entries: [{ path: '/srv', mode: 'full', flags: ['nosuid', 'nodev'] }],
      direct: [],
      atUpdate: [],
    });
  });

  test('large-log is eflow with 6 GiB of log', async () => {
    const [eflow, large] = await Promise.all([load('eflow'), load('large-log')]);
    const sizes = (layout: typeof eflow) => layout.partitions.map(({ name, size }) => `${name} ${formatSize(size)}`);
    expect(sizes(large)).toEqual(sizes(eflow).map(each => each.replace('Log 1 GiB', 'Log 6 GiB')));
    expect(large.size - eflow.size).toBe(5120 * MiB);
  });

  test('minimal has one slot, logs and data', async () => {
    const layout = await load('minimal');
    expect(layout.partitions.map(({ content, filled }) => filled && content)).toEqual([
      'bootefi',
      'boot',
      'rootfs',
      'log',
      'data',
    ]);
  });
});

test('defaults, and every option in its place', () => {
  const layout = resolveLayout(
    {
      name: 'other',
      sectorSize: '4096',
      alignment: '4 MiB',
      empty: ['Root-B'],
      partitions: [
        { name: 'Root-A', slot: 'A', size: '5 MiB', type: 'linux', attributes: ['no-auto', 3, 'required', 3] },
        null,
        {
          name: 'Root-B',
          slot: 'B',
          start: '32 MiB',
          size: '5 MiB',
          type: '0FC63DAF-8483-4772-8E79-3D69D8477DE4',
          mount: '/a//b/',
        },
        { name: 'Tail', size: '8 KiB', type: 'linux', content: 'tale' },
      ],
    },
    identity,
  );
  expect(layout).toMatchSnapshot();
});

const unit = fc.constantFrom('512' as const, '4096' as const);
const written: fc.Arbitrary<LayoutFile> = unit.chain(sectorSize => {
  const sectors = fc.integer({ min: 1, max: 2 ** 24 }).map(count => `${count * Number(sectorSize)} B`);
  return fc.record({
    sectorSize: fc.constant(sectorSize),
    alignment: fc.constantFrom('4 KiB', '64 KiB', '1 MiB', '3 MiB', '1 GiB'),
    partitions: fc.array(fc.record({ name: fc.string(), size: sectors, type: fc.constant('linux') }), {
      minLength: 1,
      maxLength: 128,
    }),
  });
});

test('allocated partitions are aligned, apart, in order, and inside the disk', () => {
  fc.assert(
    fc.property(written, file => {
      const { partitions, alignment, size, sectorSize } = resolveLayout(file, identity);
      const { head, tail } = gptReserved(sectorSize);
      let free = head;
      for (const [index, partition] of partitions.entries()) {
        expect(partition.number).toBe(index + 1);
        expect(partition.start % alignment).toBe(0);
        expect(partition.start).toBeGreaterThanOrEqual(free);
        expect(partition.start - free).toBeLessThan(alignment);
        expect(partition.end).toBe(partition.start + partition.size);
        free = partition.end;
      }
      expect(size % alignment).toBe(0);
      expect(size - tail).toBeGreaterThanOrEqual(free);
      expect(size - tail - free).toBeLessThan(alignment);
    }),
  );
});

test('what has no start is placed behind all before it, wherever they start', () => {
  const start = fc.option(
    fc.integer({ min: 1, max: 4096 }).map(count => `${count} MiB`),
    { nil: null },
  );
  const mixed = fc.array(fc.record({ start, size: fc.integer({ min: 1, max: 512 }) }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(mixed, drawn => {
      const partitions = drawn.map(({ start: at, size }, index) => {
        const partition = { name: `P${index}`, size: `${size} MiB`, type: 'linux' };
        return at === null ? partition : { ...partition, start: at };
      });
      const layout = resolveLayout({ partitions }, identity);
      for (const [index, partition] of layout.partitions.entries()) {
        if (drawn[index]?.start !== null) continue;
        for (const before of layout.partitions.slice(0, index))
          expect(partition.start).toBeGreaterThanOrEqual(before.end);
      }
    }),
  );
});
