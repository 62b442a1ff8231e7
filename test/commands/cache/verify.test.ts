import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifyCache } from '../../../pipeline/commands/cache/verify.ts';
import { withCache } from '../../../pipeline/engine/cache.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { dpkgTree, putDpkgSandbox } from '../../engine/dpkg-tree.ts';
import { rotSilently } from '../../engine/entries.ts';
import { sha256 } from '../../engine/steps.ts';
import { put, raftProject, write, type RaftContext } from '../raft.ts';

const folder = scratchDirectory();
let count = 0;
const DEB = `${sha256('rope deb')}.deb`;
const TREE = 'chest-0123456789abcdef';
const KEY = 'a1b2c3d4e5f6a7b8';

/** Two steps, a published file, two packages and a tree, all sound. */
async function sound(own: { json?: boolean } = {}): Promise<RaftContext> {
  const context = raftProject(join(folder, `${count++}`), own);
  const { cache } = context.environment;
  await put(context, { key: KEY });
  await put(context, { key: 'second', step: 'mast' });
  write(cache, '../out/ship.raw', 'artful');
  await put(context, { key: 'third', step: 'ship', published: join(cache, '../out/ship.raw') });
  write(cache, `pool/${DEB}`, 'rope deb');
  write(cache, `pool/${sha256('sail deb')}.deb`, 'sail deb');
  dpkgTree(join(cache, 'trees', TREE));
  putDpkgSandbox(context);
  return context;
}
const inCache = ({ environment: { cache } }: RaftContext, path: string): string => join(cache, path);

test('a sound cache', async () => {
  const context = await sound();
  expect(await verifyCache(context, { keep: false })).toBe(0);
  expect(context.printed).toBe('3 steps, 2 packages, 1 tree: all sound\n');
  expect(context.events.flatMap(event => (event.type === 'finished' ? [[event.id, event.detail]] : []))).toEqual([
    ['store', 'sound'],
    ['pool', 'sound'],
    ['trees', 'sound'],
  ]);
});

test.each<[string, (file: string) => void]>([
  ['replaced by a newer build', file => writeFileSync(file, 'newer!')],
  ['deleted by its user', file => rmSync(file)],
])('a published file that was %s is no damage', async (_, change) => {
  const context = await sound();
  change(inCache(context, '../out/ship.raw'));
  expect(await verifyCache(context, { keep: false })).toBe(0);
});

test('no cache at all', async () => {
  const context = raftProject(join(folder, 'none'));
  expect(await verifyCache(context, { keep: false })).toBe(0);
  expect(context.printed).toBe('0 steps, 0 packages, 0 trees: all sound\n');
});

describe('what is damaged', () => {
  const DAMAGE: [string, (context: RaftContext) => void, string, string][] = [
    [
      'an artifact, with no sign of it',
      context => rotSilently(inCache(context, `store/${KEY}`), inCache(context, `store/${KEY}/artifact`), 'rotten'),
      `store/${KEY}`,
      `galleon/hull (a1b2c3d4e5f6): STORE/artifact has SHA-256 ${sha256('rotten')} instead of ${sha256('artful')}`,
    ],
    [
      'an artifact that is gone',
      context => rmSync(inCache(context, `store/${KEY}/artifact`)),
      `store/${KEY}`,
      "galleon/hull (a1b2c3d4e5f6): ENOENT: no such file or directory, stat 'STORE/artifact'",
    ],
    [
      'a record',
      context => writeFileSync(inCache(context, `store/${KEY}/entry.json`), '{"seal": "x"}'),
      `store/${KEY}`,
      'entry a1b2c3d4e5f6: its record is missing or does not match its own digest',
    ],
    [
      'a package',
      context => writeFileSync(inCache(context, `pool/${DEB}`), 'worm-eaten'),
      `pool/${DEB}`,
      `package ${DEB}: its SHA-256 is ${sha256('worm-eaten')}`,
    ],
    [
      'a tree',
      context => writeFileSync(inCache(context, `trees/${TREE}/usr/bin/rope`), 'worm-eaten'),
      `trees/${TREE}`,
      `tree ${TREE}: changed or missing: /usr/bin/rope`,
    ],
  ];

  test.each(DAMAGE)('%s is told, and goes, and nothing else', async (_, spoil, path, told) => {
    const context = await sound();
    spoil(context);
    expect(await verifyCache(context, { keep: false })).toBe(1);
    const [first, last] = context.printed.split('\n');
    expect(first).toBe(`damaged: ${told.replace('STORE', inCache(context, `store/${KEY}`))}`);
    expect(last).toMatch(/^[23] steps, 2 packages, 1 tree: 1 damaged and removed: the next build makes them again$/);
    const all = [`store/${KEY}`, 'store/second', 'store/third', `pool/${DEB}`, `trees/${TREE}`];
    expect(all.filter(each => !existsSync(inCache(context, each)))).toEqual([path]);
    expect(await verifyCache(context, { keep: false })).toBe(0);
  });

  test.each(DAMAGE)('%s is only told when all is to be kept', async (_, spoil, path) => {
    const context = await sound();
    spoil(context);
    expect(await verifyCache(context, { keep: true })).toBe(1);
    expect(context.printed).toMatch(/: 1 damaged\n$/);
    expect(existsSync(inCache(context, path))).toBe(true);
  });

  test('in a tree with many, three are named and the others counted', async () => {
    const context = await sound();
    rmSync(inCache(context, `trees/${TREE}/usr`), { recursive: true });
    for (const file of ['usr/bin/rope', 'usr/sbin/winch']) write(inCache(context, `trees/${TREE}`), file, 'x');
    await verifyCache(context, { keep: false });
    expect(context.printed).toMatch(/changed or missing: (\/usr\/\S+, ){2}\/usr\/\S+ and 1 more\n/);
  });

  test('a published file that has rotted: the entry goes, the file stays', async () => {
    const context = await sound();
    const file = inCache(context, '../out/ship.raw');
    rotSilently(inCache(context, 'store/third'), file, 'forged');
    expect(await verifyCache(context, { keep: false })).toBe(1);
    expect(existsSync(inCache(context, 'store/third'))).toBe(false);
    expect(existsSync(file)).toBe(true);
  });

  test('as JSON', async () => {
    const context = await sound({ json: true });
    writeFileSync(inCache(context, `pool/${DEB}`), 'worm-eaten');
    await verifyCache(context, { keep: true });
    expect(JSON.parse(context.printed)).toEqual({
      checked: { entries: 3, packages: 2, trees: 1 },
      damaged: [{ what: `package ${DEB}`, fault: `its SHA-256 is ${sha256('worm-eaten')}`, removed: false }],
    });
  });
});

test('nothing is looked at while another command uses the cache', async () => {
  const context = await sound();
  writeFileSync(inCache(context, `pool/${DEB}`), 'half of it is being written');
  await withCache(context, async () => {
    await expect(verifyCache(context, { keep: false })).rejects.toMatchObject({
      name: 'BuildFault',
      message: 'another command of caisson uses this cache; nothing was looked at',
    });
  });
  expect(existsSync(inCache(context, `pool/${DEB}`))).toBe(true);
});
