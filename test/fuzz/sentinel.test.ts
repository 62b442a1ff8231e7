/** What a build writes of a stranger's tar on the host stays in the scratch folder of its step, whatever the tar says. */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { buildVfat } from '../../pipeline/stages/filesystem/vfat.ts';
import { tarball } from '../../pipeline/stages/tarball.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { contextOf, fileArtifact } from '../stages/context.ts';
import { viewOf } from '../stages/documents.ts';
import { hostileTars } from './hostile-tars.ts';
import { PATIENCE, runs } from './runs.ts';

const folder = scratchDirectory();
const victim = join(folder, 'victim');
const scratch = join(folder, 'scratch');
const PLAN = {
  content: 'sail',
  type: 'vfat' as const,
  label: '',
  seed: 'x',
  size: 2 ** 20,
  partition: 2 ** 20,
  sectorSize: 512,
  readOnly: false,
  compression: '',
  uuid: '',
};
/** From where the files of a step are unpacked, and from folders above that. */
const NAMES = ['../', '../../', '../../../'].flatMap(up => [
  `${up}victim/kept`,
  `${up}victim/new`,
  `a/../${up}victim/kept`,
]);

test(
  'nothing around it is made, changed or taken away',
  async () => {
    for (const each of [victim, scratch]) mkdirSync(each);
    writeFileSync(join(victim, 'kept'), 'kept');
    const before = listing();
    let unpacked = 0;
    await fc.assert(
      fc.asyncProperty(hostileTars([...NAMES, `${victim}/kept`, 'victim', 'victim/kept']), async bytes => {
        unpacked += await build(bytes);
        expect(listing()).toEqual(before);
      }),
      runs(0.1),
    );
    expect(unpacked).toBeGreaterThan(0);
  },
  PATIENCE,
);

/** The tarball, and of it a FAT: that is unpacked file by file. How many files were. */
async function build(bytes: Buffer): Promise<number> {
  const file = join(scratch, 'stranger.tar');
  writeFileSync(file, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  try {
    const context = contextOf(scratch);
    const view = viewOf({ file: () => ({ path: file, sha256, mode: 0o644 }) });
    await tarball.build(tarball.resolve({ file: 'stranger.tar', sha256 }, view), context);
    const tree = fileArtifact(context.out, { id: 'stranger', facts: {} });
    // Of programs, qemu-img map is the one whose answer is read.
    const next = contextOf(scratch, { inputs: { tree }, run: () => '[]' });
    await buildVfat(PLAN, next);
    return next.calls.filter(({ program }) => program === 'mcopy').length;
  } catch (error) {
    if (!(error instanceof FormatFault) && !isPlace(error)) throw error;
    return 0;
  } finally {
    for (const each of readdirSync(scratch)) rmSync(join(scratch, each), { recursive: true, force: true });
  }
}

/** A file of the step stands where another wants a folder: told as such (commands/failure.ts). */
function isPlace(error: unknown): boolean {
  return ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function listing(): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .filter(name => !name.startsWith('scratch/'))
    .toSorted()
    .map(name => {
      const { mode, size, mtimeMs } = lstatSync(join(folder, name));
      const content = name === 'victim/kept' ? readFileSync(join(folder, name), 'utf8') : '';
      // What is in it comes and goes.
      return name === 'scratch' ? name : `${name} ${mode} ${size} ${mtimeMs} ${content}`;
    });
}
