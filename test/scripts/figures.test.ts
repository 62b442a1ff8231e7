import { describe, expect, test } from 'vitest';
import { curveSection, noteSample } from '../../scripts/bench/curve-report.mjs';
import { family, median, mib, replaceSection, seconds, table } from '../../scripts/bench/figures.mjs';

describe('figures of the benchmarks', () => {
  test('the median is the middle one, whatever the order, and the mean of the middle two', () => {
    expect(median([9, 1, 4])).toBe(4);
    expect(median([9, 1, 4, 5])).toBe(4.5);
    expect(() => median([])).toThrow('nothing was measured');
  });

  test('seconds of several rounds carry their span, and lose digits when they are many', () => {
    expect(seconds([28.04])).toBe('28.0');
    expect(seconds([0.511, 0.4, 0.9])).toBe('0.51 (0.40 to 0.90)');
    expect(seconds([31.25, 30.04])).toBe('30.6 (30.0 to 31.3)');
  });

  test('small sizes keep a digit', () => {
    expect([mib(2 ** 20 * 1.26), mib(2 ** 20 * 97.6)]).toEqual(['1.3', '98']);
  });

  test('a table is Markdown', () => {
    expect(table(['a', 'b'], [['1', '2']])).toBe('| a | b |\n|---|---|\n| 1 | 2 |\n');
  });

  test('a section is replaced between its marks, and nothing else', () => {
    const text = 'before\n<!-- peer:begin -->\nold\n<!-- peer:end -->\nafter\n';
    const once = replaceSection(text, { name: 'peer', section: '\nnew\n' });
    expect(once).toBe('before\n<!-- peer:begin -->\n\nnew\n\n<!-- peer:end -->\nafter\n');
    expect(replaceSection(once, { name: 'peer', section: 'new' })).toBe(once);
  });

  test.each(['no marks', '<!-- peer:begin -->', '<!-- peer:end --><!-- peer:begin -->'])('%s: refused', text => {
    expect(() => replaceSection(text, { name: 'peer', section: 'new' })).toThrow('the text must have');
  });

  test('a family is the process and all below it', () => {
    const parents = [
      [7, 3],
      [3, 1],
      [8, 7],
      [9, 2],
    ] as const;
    expect(family(3, parents)).toEqual([3, 7, 8]);
  });
});

describe('the curve', () => {
  test('of each step the highest of Node and the largest program are kept', () => {
    const memory = new Map();
    noteSample(memory, 'hull', { node: 5, programs: [{ name: 'mkfs.erofs', bytes: 9 }] });
    noteSample(memory, 'hull', { node: 3, programs: [{ name: 'sh', bytes: 1 }] });
    noteSample(memory, 'mast', { node: 4, programs: [] });
    expect(memory.get('hull')).toEqual({ node: 5, largest: { name: 'mkfs.erofs', bytes: 9 } });
    expect(memory.get('mast')).toEqual({ node: 4, largest: { name: 'none', bytes: 0 } });
  });

  test('a row a step, two columns a root; what was not built or not seen stays empty', () => {
    const largest = { name: 'mkfs.erofs', bytes: 2 ** 25 };
    const text = curveSection({
      host: 'one core',
      runs: [
        { seconds: 4, rootBytes: 150e6, steps: [{ id: 'hull', seconds: 1, node: 2 ** 27, largest }] },
        { seconds: 9, rootBytes: 600e6, steps: [{ id: 'mast', seconds: 0.5 }] },
      ],
    });
    expect(text.split('\n').filter(line => line.startsWith('|'))).toEqual([
      '| step | root of 150 MB, s | Node, largest program, MiB | root of 600 MB, s | Node, largest program, MiB |',
      '|---|---|---|---|---|',
      '| hull | 1.00 | 128, 32 mkfs.erofs |  |  |',
      '| mast |  |  | 0.50 |  |',
      '| the whole command | 4.0 |  | 9.0 |  |',
    ]);
  });
});
