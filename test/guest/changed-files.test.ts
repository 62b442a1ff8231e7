/** What init does with changed files when another version starts, on folders that stand for Data and for the root. */
import { mkdir, readFile, readlink, readdir, rm, symlink, utimes, lutimes, writeFile, lstat } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../disk/scratch.ts';

const folder = scratchDirectory();
const at = (...names: string[]): string => path.join(folder, ...names);
const OLD = 1000;
const IMAGE = 2000;
const NEW = 3000;
const UPPER = 'data/.st/opt-a%2db/upper';
const TRIAL = 'data/.caisson/on-trial';
const ASIDE = 'data/.caisson/set-aside';
/** Take new: all of reef.d but its keep.d, in which deep is taken again; and one file beside. */
const POLICIES = [
  '/opt/a-b/reef.d|take-new',
  '/opt/a-b/reef.d/keep.d|keep',
  '/opt/a-b/reef.d/keep.d/deep|take-new',
  '/opt/a-b/buoy|take-new',
];

beforeEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(at('data/.caisson'), { recursive: true });
  await settle('7.1');
});

const settle = async (version: string): Promise<void> => writeFile(at('data/.caisson/settled'), `${version}\n`);

async function file(name: string, time: number, text = name): Promise<void> {
  await mkdir(path.dirname(at(name)), { recursive: true });
  await writeFile(at(name), text);
  await utimes(at(name), time, time);
}

async function link(name: string, target: string, time: number): Promise<void> {
  await mkdir(path.dirname(at(name)), { recursive: true });
  await symlink(target, at(name));
  await lutimes(at(name), time, time);
}

/** A file that was changed before the image was made. */
async function changed(name: string): Promise<void> {
  await file(`root/opt/a-b/${name}`, IMAGE);
  await file(`${UPPER}/${name}`, OLD);
}

/** What stands below a folder, but empty directories: path -> text, or where a link leads. */
async function tree(name: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(at(name), { recursive: true, withFileTypes: true }).catch(() => [])) {
    const place = path.join(entry.parentPath, entry.name);
    const key = path.relative(at(name), place);
    if (entry.isSymbolicLink()) found[key] = `-> ${await readlink(place)}`;
    else if (entry.isFile()) found[key] = await readFile(place, 'utf8');
    else if (!entry.isDirectory()) found[key] = 'neither';
  }
  return found;
}

interface Boot {
  policies?: readonly string[];
  mode?: 'full' | 'declared';
  /** Shell text behind the functions: other programs, a smaller disk. */
  script?: string;
}

/** init of a version; answers what it said. */
async function boot(version: string, { policies = POLICIES, mode = 'full', script = '' }: Boot = {}): Promise<string> {
  await file('root/usr/lib/os-release', IMAGE, `ID=debian\nIMAGE_VERSION=7.0\nIMAGE_VERSION=${version}\n`);
  const init = await readFile('overlays/initrd/init', 'utf8');
  const [kibibytes = ''] = /^kibibytes\(\) \{.*\}$/m.exec(init) ?? [];
  const part = await readFile('overlays/initrd/usr/lib/caisson/changed-files', 'utf8');
  const text = `say() { echo "$*"; }
getfattr() { [ ! -e '${at('opaque')}' ] || [ "$(cat '${at('opaque')}')" != "$3" ] || echo 'trusted.overlay.opaque="y"'; }
${kibibytes}
${part.replaceAll('/sysroot', at('root'))}
overlay_partition=Keg overlay_store=/.st overlay_mounts='opt-a%2db|/opt/a-b|${mode}|noatime' overlay_policies='${policies.join(' ')}'
${script}
changed_files '${at('data')}'
echo up`;
  const { stdout, stderr } = await execa('sh', ['-c', text], { reject: false });
  expect(stderr).toBe('');
  return stdout;
}

describe('a version that has not settled', () => {
  it('sets aside what hides newer files, where the longest path says so', async () => {
    const names = [
      'reef.d/a',
      'reef.d/sub/.b',
      'reef.d/..c',
      'reef.d/keep.d/x',
      'reef.d/keep.d/deep/y',
      'buoy',
      'other',
    ];
    for (const each of names) await changed(each);
    expect(await boot('8.0')).toBe('5 changed files are set aside: those of this image are newer\nup');
    expect(Object.keys(await tree(UPPER)).sort()).toEqual(['other', 'reef.d/keep.d/x']);
    expect(await tree(`${TRIAL}/8.0/opt-a%2db`)).toEqual(
      Object.fromEntries(
        ['reef.d/a', 'reef.d/sub/.b', 'reef.d/..c', 'reef.d/keep.d/deep/y', 'buoy'].map(each => [
          each,
          `${UPPER}/${each}`,
        ]),
      ),
    );
    expect((await lstat(at(TRIAL))).mode & 0o777).toBe(0o700);
  });

  it('leaves what is newer, as old, or hides nothing', async () => {
    for (const [name, time] of [
      ['newer', NEW],
      ['same', IMAGE],
    ] as const) {
      await file(`root/opt/a-b/reef.d/${name}`, IMAGE);
      await file(`${UPPER}/reef.d/${name}`, time);
    }
    await file(`${UPPER}/reef.d/own`, OLD);
    const before = await tree('data');
    expect(await boot('8.0')).toBe('up');
    expect(await tree('data')).toEqual(before);
  });

  it('looks at the time of links themselves, and takes other kinds too', async () => {
    // Dangling, as a link of the root is from the initrd.
    await link('root/opt/a-b/reef.d/link', '/usr/lib/reef', IMAGE);
    await link(`${UPPER}/reef.d/link`, '/elsewhere', OLD);
    await link('root/opt/a-b/reef.d/late', '/usr/lib/reef', OLD);
    await link(`${UPPER}/reef.d/late`, '/elsewhere', IMAGE);
    // A character device, as a removed file is, needs root to make.
    await file('root/opt/a-b/reef.d/odd', IMAGE);
    await execa('mkfifo', [at(UPPER, 'reef.d/odd')]);
    await utimes(at(UPPER, 'reef.d/odd'), OLD, OLD);
    // A whole directory of the image, hidden by one file.
    await file('root/opt/a-b/reef.d/whole/in', IMAGE);
    await file(`${UPPER}/reef.d/whole`, OLD);
    await boot('8.0');
    expect(await tree(`${TRIAL}/8.0/opt-a%2db/reef.d`)).toEqual({
      link: '-> /elsewhere',
      odd: 'neither',
      whole: `${UPPER}/reef.d/whole`,
    });
    expect(await tree(UPPER)).toEqual({ 'reef.d/late': '-> /elsewhere' });
  });

  it('takes nothing out of a directory that hides all of the image’s', async () => {
    await changed('reef.d/sub/a');
    await changed('reef.d/b');
    await writeFile(at('opaque'), at(UPPER, 'reef.d/sub'));
    await boot('8.0');
    expect(Object.keys(await tree(UPPER))).toEqual(['reef.d/sub/a']);
  });

  it('leaves a file that was put there again', async () => {
    await changed('buoy');
    await boot('8.0');
    await file(`${UPPER}/buoy`, OLD, 'again');
    expect(await boot('8.0')).toBe('up');
    expect([await tree(UPPER), await tree(`${TRIAL}/8.0`)]).toEqual([
      { buoy: 'again' },
      { 'opt-a%2db/buoy': `${UPPER}/buoy` },
    ]);
  });

  it('touches no overlay that is declared', async () => {
    await changed('buoy');
    await file(`${TRIAL}/6/opt-a%2db/reef.d`, OLD);
    await boot('8.0', { mode: 'declared' });
    expect(Object.keys(await tree('data')).sort()).toEqual([
      '.caisson/set-aside/6/opt-a%2db/reef.d',
      '.caisson/settled',
      '.st/opt-a%2db/upper/buoy',
    ]);
  });
});

it.each([
  ['the version that settled', '7.1', async () => {}],
  ['a first boot', '8.0', async () => rm(at('data/.caisson/settled'))],
  ['a first boot of all', '8.0', async () => rm(at('data/.caisson'), { recursive: true })],
  ['a root without a version', '', async () => {}],
])('%s sets nothing aside', async (_, version, prepare) => {
  await changed('buoy');
  await prepare();
  const before = await tree('data');
  expect(await boot(version)).toBe('up');
  expect(await tree('data')).toEqual(before);
});

it('a keep alone looks at nothing', async () => {
  await changed('buoy');
  expect(await boot('8.0', { policies: ['/opt/a-b/buoy|keep', '/opt/a-bc|take-new', '/opt|take-new'] })).toBe('up');
  expect(Object.keys(await tree(UPPER))).toEqual(['buoy']);
});

describe('a trial ends', () => {
  it('with all back when the old version starts', async () => {
    for (const each of ['reef.d/a', 'reef.d/sub/.b', 'buoy', 'other']) await changed(each);
    const before = await tree('data');
    await boot('8.0');
    // The old version knows other policies.
    expect(await boot('7.1', { policies: [] })).toBe(
      '3 changed files are back, as before the update that was undone\nup',
    );
    expect(await tree('data')).toEqual(before);
    expect(await readdir(at('data/.caisson'))).toEqual(['on-trial', 'settled']);
    expect(await readdir(at(TRIAL))).toEqual([]);
  });

  it('before the policy of a third version', async () => {
    for (const each of ['reef.d/a', 'buoy']) await changed(each);
    await boot('8.0');
    await boot('9.0', { policies: ['/opt/a-b/buoy|take-new'] });
    expect(await tree(UPPER)).toEqual({ 'reef.d/a': `${UPPER}/reef.d/a` });
    expect(Object.keys(await tree(TRIAL))).toEqual(['9.0/opt-a%2db/buoy']);
  });

  it('with the file left aside whose place is taken, or whose directory is gone', async () => {
    for (const each of ['reef.d/sub/a', 'reef.d/other/c', 'buoy']) await changed(each);
    await boot('8.0');
    await file(`${UPPER}/buoy`, NEW, 'of the trial');
    await rm(at(UPPER, 'reef.d/sub'), { recursive: true });
    await file(`${UPPER}/reef.d/sub`, NEW, 'no directory');
    await boot('7.1');
    expect(await tree(UPPER)).toEqual({
      buoy: 'of the trial',
      'reef.d/sub': 'no directory',
      'reef.d/other/c': `${UPPER}/reef.d/other/c`,
    });
    expect(Object.keys(await tree(ASIDE)).sort()).toEqual(['8.0/opt-a%2db/buoy', '8.0/opt-a%2db/reef.d/sub/a']);
    // Once only: what is laid aside does not come back by itself.
    await rm(at(UPPER, 'buoy'));
    await boot('7.1');
    expect(Object.keys(await tree(UPPER))).not.toContain('buoy');
  });

  it.each(['8.0', '7.1', '9.0'])('with all set aside when it has settled, whoever starts next: %s', async next => {
    await changed('buoy');
    await boot('8.0');
    await settle('8.0');
    await boot(next);
    expect(await tree(UPPER)).toEqual({});
    expect(await tree(ASIDE)).toEqual({ '8.0/opt-a%2db/buoy': `${UPPER}/buoy` });
  });

  it('beside an earlier one of the same version', async () => {
    for (const text of ['first', 'second', 'third']) {
      await settle('7.1');
      await changed('buoy');
      await file(`${UPPER}/buoy`, OLD, text);
      await boot('8.0');
      await settle('8.0');
      await boot('8.0');
    }
    expect(await tree(ASIDE)).toEqual({
      '8.0/opt-a%2db/buoy': 'first',
      '8.0~2/opt-a%2db/buoy': 'second',
      '8.0~3/opt-a%2db/buoy': 'third',
    });
  });
});

describe('a cut', () => {
  /** Dies instead of the step of this number. */
  const dyingAt = (step: number): string =>
    ['mv', 'mkdir', 'rmdir']
      .map(each => `${each}() { steps=$((steps + 1)); [ "$steps" -lt ${step} ] || kill -9 $$; command ${each} "$@"; }`)
      .join('\n');
  const names = ['buoy', 'reef.d/a', 'reef.d/sub/.b'];
  /** Where each file stands: in its place, on trial, or set aside; exactly one of them. */
  const whereabouts = async (): Promise<string[]> =>
    Object.values(await tree('data'))
      .filter(text => text.startsWith(UPPER))
      .sort();

  /** Boots until a boot is done before its cut; after each, `next` must bring all to the same end. Answers the number of steps. */
  async function cutEverywhere(version: string, prepare: () => Promise<unknown>, next: string): Promise<number> {
    for (let step = 1; ; step++) {
      await rm(at('data'), { recursive: true });
      await mkdir(at('data/.caisson'), { recursive: true });
      await settle('7.1');
      for (const each of names) await changed(each);
      await prepare();
      const said = await boot(version, { script: dyingAt(step) });
      expect(await whereabouts()).toEqual(names.map(each => `${UPPER}/${each}`).sort());
      await boot(next);
      const ends = [UPPER, `${TRIAL}/8.0/opt-a%2db`];
      const [holder = '', other = ''] = next === '8.0' ? ends.toReversed() : ends;
      expect(Object.keys(await tree(holder)).sort()).toEqual(names);
      expect(await tree(other)).toEqual({});
      if (said.endsWith('up')) return step - 1;
    }
  }

  it.each([
    ['of the same version', '8.0'],
    ['of the old one', '7.1'],
  ])('while files are set aside loses nothing; the next boot %s goes on', async (_, next) => {
    // Folder of trials, version, overlay, reef.d, sub; and the three files.
    expect(await cutEverywhere('8.0', async () => {}, next)).toBe(8);
  });

  it.each([
    ['of the old version', '7.1'],
    ['of the one that failed', '8.0'],
  ])('while files are put back loses nothing; the next boot %s goes on', async (_, next) => {
    // Three files, and the four directories that held them: sub, reef.d, overlay, version.
    expect(await cutEverywhere('7.1', () => boot('8.0'), next)).toBe(7);
  });

  it('while a settled trial is laid aside loses nothing', async () => {
    for (const step of [1, 2, 3]) {
      await settle('7.1');
      await changed('buoy');
      await boot('8.0');
      await settle('8.0');
      await boot('8.0', { script: dyingAt(step) });
      await boot('8.0');
      expect(await tree('data/.caisson')).toEqual({
        settled: '8.0\n',
        'set-aside/8.0/opt-a%2db/buoy': `${UPPER}/buoy`,
      });
      await rm(at(ASIDE), { recursive: true });
    }
  });
});

describe('a partition that does not do its part stops no boot:', () => {
  const warning = 'WARNING: Keg is full or damaged: changed files stay where they are\nup';

  it('a full one keeps its last room for the overlays', async () => {
    await changed('buoy');
    const before = await tree('data');
    expect(await boot('8.0', { script: 'kibibytes() { echo 2047; }' })).toBe(warning);
    expect(await tree('data')).toEqual(before);
  });

  it('a full one takes back what it needs no room for', async () => {
    await changed('buoy');
    await boot('8.0');
    expect(await boot('7.1', { script: 'kibibytes() { echo 0; }' })).toContain('1 changed files are back');
    expect(Object.keys(await tree(UPPER))).toEqual(['buoy']);
  });

  it('one that refuses a file keeps the trial of it for the next boot', async () => {
    await changed('buoy');
    await changed('reef.d/a');
    await boot('8.0');
    const script = 'mv() { case "$1" in */buoy) return 1 ;; esac; command mv "$@"; }';
    expect(await boot('7.1', { script })).toBe(
      `1 changed files are back, as before the update that was undone\n${warning}`,
    );
    expect(Object.keys(await tree(UPPER))).toEqual(['reef.d/a']);
    await boot('7.1');
    expect(Object.keys(await tree(UPPER)).sort()).toEqual(['buoy', 'reef.d/a']);
  });

  it.each(['8.0', '7.1'])('one that nothing can be written to, at a boot of %s', async version => {
    await changed('buoy');
    await changed('reef.d/a');
    await boot('8.0', { policies: ['/opt/a-b/buoy|take-new'] });
    const before = await tree('data');
    const failing = ['mv', 'mkdir', 'rmdir'].map(each => `${each}() { return 1; }`).join('\n');
    expect(await boot(version, { script: failing })).toBe(warning);
    expect(await tree('data')).toEqual(before);
    // As soon as it can be written to again.
    await boot('7.1');
    expect(Object.keys(await tree(UPPER)).sort()).toEqual(['buoy', 'reef.d/a']);
  });
});

describe('whoever writes Data', () => {
  it.each([
    ' ',
    'a b',
    'a\nb',
    '-f',
    '--',
    '*',
    '[a]',
    '?x',
    '\\',
    "'",
    '"',
    '$(touch x)',
    '`x`',
    'ü',
    '\u001b[2J',
    '.. ',
    '~',
  ])('may choose the name %j: it is moved and put back as any other, and not said', async name => {
    await changed(`reef.d/${name}/${name}`);
    await changed(`reef.d/z${name}`);
    const before = await tree('data');
    expect(await boot('8.0')).toBe('2 changed files are set aside: those of this image are newer\nup');
    expect(await tree(UPPER)).toEqual({});
    await boot('7.1');
    expect(await tree('data')).toEqual(before);
  });

  it.each([
    ['Data’s own folder', 'data/.caisson', '../out/kept'],
    ['the folder of trials', TRIAL, '../../out/trials'],
    ['a trial', `${TRIAL}/6`, '../../../out/trials/6'],
    ['a trial of this version', `${TRIAL}/8.0`, '../../../out/trials/8.0'],
    ['a layer of a trial', `${TRIAL}/6/opt-a%2db`, '../../../../out/trials/6/opt-a%2db'],
    ['a directory of a trial', `${TRIAL}/6/opt-a%2db/reef.d`, '../../../../../out/reef.d'],
    ['what is set aside', ASIDE, '../../out/aside'],
    ['the store', 'data/.st', '../out/st'],
    ['a layer', 'data/.st/opt-a%2db', '../../out/st/opt-a%2db'],
    ['an upper layer', UPPER, '../../../out/st/opt-a%2db/upper'],
    ['a directory of it', `${UPPER}/reef.d`, '../../../../out/reef.d'],
    ['a directory of it, of the image too', `${UPPER}/reef.d/sub`, '../../../../../out/reef.d/sub'],
  ])('may make %s a link: nothing is moved through it', async (_, place, target) => {
    for (const each of ['reef.d/a', 'reef.d/sub/b', 'buoy']) await file(`root/opt/a-b/${each}`, IMAGE);
    for (const each of ['reef.d/a', 'reef.d/sub/b', 'buoy']) {
      await file(`out/st/opt-a%2db/upper/${each}`, OLD);
      await file(`out/${each}`, OLD);
      for (const version of ['6', '8.0']) {
        await file(`out/trials/${version}/opt-a%2db/${each}2`, OLD);
        await file(`out/kept/on-trial/${version}/opt-a%2db/${each}2`, OLD);
      }
    }
    await file('out/kept/settled', OLD, '7.1\n');
    await mkdir(at('out/aside'));
    await file(`${UPPER}/reef.d/own`, NEW);
    await file(`${UPPER}/buoy`, OLD);
    await file(`${TRIAL}/6/opt-a%2db/reef.d/back`, OLD);
    await mkdir(path.dirname(at(place)), { recursive: true });
    await rm(at(place), { recursive: true, force: true });
    await symlink(target, at(place));
    const [before, held] = [await tree('out'), Object.values(await tree('data')).length];
    expect(await boot('8.0')).toMatch(/up$/);
    expect(await tree('out')).toEqual(before);
    expect(Object.values(await tree('data'))).toHaveLength(held);
    expect(await tree('root')).toMatchObject({ 'opt/a-b/buoy': 'root/opt/a-b/buoy' });
  });

  it('a link of the image leads no further either', async () => {
    await mkdir(at('root/opt/a-b'), { recursive: true });
    await link('root/opt/a-b/reef.d', '../../usr/reef', IMAGE);
    await file('root/usr/reef/a', IMAGE);
    await file(`${UPPER}/reef.d/a`, OLD);
    expect(await boot('8.0')).toBe('up');
    expect(Object.keys(await tree(UPPER))).toEqual(['reef.d/a']);
  });

  it('a mark that is no file is none', async () => {
    await changed('buoy');
    await rm(at('data/.caisson/settled'));
    await execa('mkfifo', [at('data/.caisson/settled')]);
    expect(await boot('8.0')).toBe('up');
    expect(Object.keys(await tree(UPPER))).toEqual(['buoy']);
  });

  it('files where directories should be', async () => {
    await changed('buoy');
    await writeFile(at(TRIAL), '');
    expect(await boot('8.0')).toContain('WARNING');
    await rm(at(TRIAL));
    await file(`${TRIAL}/6`, OLD);
    await file(`${TRIAL}/8.0/opt-a%2db`, OLD);
    expect(await boot('8.0')).toContain('WARNING');
    expect(Object.keys(await tree(UPPER))).toEqual(['buoy']);
  });
});
