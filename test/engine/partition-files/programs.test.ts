import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { volumePrograms, type Argv, type Programs } from '../../../pipeline/engine/partition-files/programs.ts';
import type { Unpacking } from '../../../pipeline/engine/partition-files/volume.ts';
import { ProcessFailure } from '../../../pipeline/engine/run.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { programsOf, putProgram, workshop } from '../steps.ts';
import { volume } from './inodes.ts';

const folder = scratchDirectory();
let count = 0;

/** Stands where bwrap does: notes its arguments, finds the file that is stdout inside, and goes on with `script`. */
const BOX = String.raw`PATH=/usr/bin:/bin
printf '%s\n' "$@" > "$0.args"
while [ $# -gt 0 ]; do [ "$1" = --bind ] && [ "$3" = /mnt/stdout ] && out=$2; shift; done
`;

interface Bench {
  programs: Programs;
  scratch: string;
  /** Arguments of the last run. */
  args: () => string[];
  abort: AbortController;
}

function bench(script: string | null): Bench {
  const place = join(folder, `${count++}`);
  const abort = new AbortController();
  const shop = workshop(place, { signal: abort.signal });
  // Not the host's own bwrap, where none is to be found.
  if (script === null) shop.environment = { ...shop.environment, path: join(place, 'nothing') };
  else putProgram(shop, 'bwrap', BOX + script);
  const file = join(place, 'disk.raw');
  writeFileSync(file, '');
  const scratch = join(place, 'scratch');
  const linear = async () => ({ file, offset: 8192 });
  return {
    programs: volumePrograms({ ...volume, linear }, { ...shop, scratch }),
    scratch,
    args: () => readFileSync(join(programsOf(shop.environment), 'bwrap.args'), 'utf8').split('\n'),
    abort,
  };
}

const argv: Argv = (image, offset) => ['fish', `${image}@${offset}`, 'a b'];

describe('text', () => {
  test('is what the program writes, one character a byte; nothing stays in the scratch folder', async () => {
    const { programs, scratch } = bench(String.raw`printf 'k\377\303\274\n' > "$out"; cat >> "$out"`);
    expect(await programs.text(argv, 'ls <2>\n')).toBe('kÿÃ¼\nls <2>\n');
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('from a program of the tree, which sees the partition read-only and has no network', async () => {
    const { programs, args } = bench(':');
    expect(await programs.text(argv)).toBe('');
    const line = args().join(' ');
    expect(line).toContain('--ro-bind /trees/chest / ');
    expect(line).toContain('--unshare-net');
    expect(line).toMatch(/--ro-bind \S+\/disk\.raw \/mnt\/image --bind \S+\/scratch\/stdout-1 \/mnt\/stdout/);
    expect(line).toMatch(
      /prlimit --fsize=134217728 --core=0 sh -c exec > \/mnt\/stdout; exec "\$@" sh fish \/mnt\/image@8192 a b/,
    );
  });

  test('of many at once is not mixed up', async () => {
    const { programs } = bench('cat > "$out"');
    const said = ['kelp', 'crab', 'tide'];
    expect(await Promise.all(said.map(each => programs.text(argv, each)))).toEqual(said);
  });
});

describe('unpacked', () => {
  const unpacking: Unpacking = { argv: (image, _, inside) => ['fish', image, inside], ends: [0, 2] };

  test('in the memory of the sandbox, as no root of it', async () => {
    const { programs, args, scratch } = bench(`printf 'what came out' > "$out"`);
    expect(await programs.unpacked(unpacking, { longest: 2 ** 28, all: 2 ** 20 })).toBe('what came out');
    const line = args().join(' ');
    expect(line).toContain('--uid 1000 --gid 1000');
    expect(line).toContain('--fsize=268435456 ');
    expect(line).toContain('case $code in 0|2) ;;');
    expect(line).toMatch(/ sh fish \/mnt\/image \/tmp\/unpacked\/files $/);
    expect(line).not.toContain('--bind /mnt/unpacked');
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('in the scratch folder where it is much, and gone afterwards', async () => {
    const { programs, args, scratch } = bench(':');
    expect(await programs.unpacked(unpacking, { longest: 7, all: 2 ** 50 })).toBe('');
    expect(args().join(' ')).toMatch(/--bind \S+\/scratch\/unpacked \/mnt\/unpacked .* \/mnt\/unpacked\/files $/s);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('its last words, when it fails', async () => {
    const { programs } = bench('echo no room >&2; exit 7');
    await expect(programs.unpacked(unpacking, { longest: 7, all: 7 })).rejects.toThrow(
      /^Reef: fish cannot read its ext4: no room$/,
    );
  });
});

describe('write', () => {
  test('puts at most so many bytes into a file', async () => {
    const { programs, args } = bench('echo kelp > "$out"');
    const target = join(folder, 'target');
    await programs.write(argv, { target, limit: 4321 });
    expect(readFileSync(target, 'utf8')).toBe('kelp\n');
    expect(args().join(' ')).toContain('prlimit --fsize=4321 ');
  });
});

describe('a failure names the partition, the file system and the program', () => {
  test.each([
    ['its last words', 'echo first >&2; echo "  bad  block" >&2; echo >&2; exit 3', 'bad  block'],
    ['nothing', 'exit 3', 'fish ended with exit code 3'],
    ['words, and no exit code', 'echo "bad block" >&2', 'bad block'],
    ['too much', 'exit 153', 'more than 128 MiB come out'],
    ['a signal', 'kill -KILL $$', 'fish was ended by SIGKILL'],
  ])('%s', async (_, script, why) => {
    const { programs, scratch } = bench(script);
    const error = await programs.text(argv).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormatFault);
    expect(error).toMatchObject({ message: `Reef: fish cannot read its ext4: ${why}` });
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('but the name and version of debugfs are no failure', async () => {
    const { programs } = bench('echo "debugfs 1.47.2 (1-Jan-2025)" >&2');
    expect(await programs.text(argv)).toBe('');
  });

  test('and a sandbox that does not start is no fault of the partition', async () => {
    const { programs } = bench(null);
    await expect(programs.text(argv)).rejects.toThrow(ProcessFailure);
  });

  test('and neither is an interruption', async () => {
    const { programs, abort, scratch, args } = bench('echo > "$out"; sleep 60');
    const running = programs.text(argv);
    const reason = new Error('interrupted');
    // Its arguments are noted by the program itself: it runs.
    await vi.waitFor(() => expect(args()).toContain('fish'));
    abort.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(existsSync(join(scratch, 'stdout-1'))).toBe(false);
  });
});
