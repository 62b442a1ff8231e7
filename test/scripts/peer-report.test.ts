import { expect, test } from 'vitest';
import { peerSection } from '../../scripts/bench/peer-report.mjs';

test('of all rounds the median and the span, of memory the most, and whether the roots were the same', () => {
  const build = (caisson: number, mkosi: number) => ({
    caisson: { seconds: caisson, peak: caisson * 2 ** 20 },
    mkosi: { seconds: mkosi, peak: mkosi * 2 ** 20 },
  });
  const round = (load: number, rootHash: string) => ({
    load,
    full: build(20 + load, 60),
    edit: build(5, 30),
    nothing: build(0.5, 29),
    rootHash: { caisson: 'beef', mkosi: rootHash },
    vhdx: { ours: [0.1], theirs: [0.2], oursBytes: 2 ** 27, theirsBytes: 2 ** 29 },
    boot: { caisson: 31, mkosi: load > 3 ? null : 64 },
  });
  const lines = peerSection({
    host: 'one core',
    versions: 'mkosi 99',
    rounds: [round(1, 'a'), round(4, 'b'), round(2, 'a')],
    sizes: [{ what: 'UKI', caisson: '19', mkosi: '47' }],
  }).split('\n');
  expect(lines.slice(0, 2)).toEqual([
    'one core; load average before each round 1.0, 4.0, 2.0.',
    'mkosi 99. Rounds: 3, all rows in turn; the median, and the span.',
  ]);
  expect(lines).toContain('| full | 22.0 (21.0 to 24.0) | 24 | 60.0 (60.0 to 60.0) | 60 |');
  expect(lines).toContain('| root hashes of the full builds | the same 3 times | 2 different ones of 3 |');
  expect(lines).toContain(
    '| from QEMU to the first words of SSH, s | 31.0 (31.0 to 31.0) | 64.0 (64.0 to 64.0); not at all 1 of 3 times |',
  );
  expect(lines).toContain('| that file, MiB | 128 | 512 |');
});
