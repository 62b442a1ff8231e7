/** All files of the image with their digests, beside what other readers say; and initrds of every kind. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { CommandContext } from '../../pipeline/commands/context.ts';
import { readImageContents } from '../../pipeline/commands/image/contents.ts';
import { readInitrd } from '../../pipeline/engine/initrd.ts';
import type { ContentFile, ImageContents } from '../../pipeline/formats/image-contents.ts';
import { inTree, testEnvironment } from '../support/caisson.ts';
import { cutOut } from '../support/partition.ts';

const { own, tools, scratch } = inject('builds');
const folder = path.join(scratch, 'image-contents');
const { signal } = new AbortController();
const run = (...argv: string[]): Promise<string> => inTree(tools, folder, argv);
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

const cut = (name: string): Promise<void> =>
  cutOut({ tools, image: path.join(own.out, 'eflow.raw'), record: own.record, name, target: path.join(folder, name) });

let contents: ImageContents;
beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  const environment = testEnvironment(path.join(folder, 'cache'));
  const context = { environment, signal, emit: () => undefined } as unknown as CommandContext;
  contents = await readImageContents(context, { file: path.join(own.out, 'eflow.vhdx'), tools });
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('eflow', () => {
  it('has the root that dump.erofs reads, file by file', async () => {
    const { root } = contents;
    expect(root).toMatchObject({ partition: 'RootFSA', filesystem: 'erofs', rootHash: own.record.rootHash });
    const files = (root?.files ?? []).filter(each => each.type === 'file');
    expect(files.length).toBeGreaterThan(2000);
    await cut('RootFSA');
    const sample = files.filter((each, index) => index % 60 === 0 || each.path === '/usr/bin/sudo');
    for (const { path: name, sha256: digest, bytes } of sample) {
      await run('sh', '-c', 'exec dump.erofs --cat --path="$1" "$2" > out', 'sh', name, 'RootFSA');
      const data = await readFile(path.join(folder, 'out'));
      expect([name, bytes, digest]).toEqual([name, data.length, sha256(data)]);
    }
    expect(files.find(each => each.path === '/usr/bin/sudo')?.mode).toBe(0o4755);
  });

  it('has the kernel image of slot A, as objcopy and bsdtar read it', async () => {
    const { kernel, programs } = contents;
    const uki = programs.find(each => each.partition === 'BootA');
    expect(kernel).toMatchObject({ partition: 'BootA', path: '/EFI/caisson/slot.efi' });
    expect(kernel?.commandLines.map(each => each.id)).toEqual(['auto', 'a', 'b', 'a-unverified', 'b-unverified']);
    await cut('BootA');
    await run('sh', '-c', 'exec mtype -i "$1" ::/EFI/caisson/slot.efi > slot.efi', 'sh', 'BootA');
    expect(uki?.sha256).toBe(sha256(await readFile(path.join(folder, 'slot.efi'))));
    for (const name of ['.linux', '.initrd', '.uname']) {
      await run('objcopy', '-O', 'binary', `--dump-section=${name}=section`, 'slot.efi', '/dev/null');
      const digest = sha256(await readFile(path.join(folder, 'section')));
      expect([name, kernel?.sections.find(each => each.name === name)?.sha256]).toEqual([name, digest]);
      if (name === '.uname') expect(await readFile(path.join(folder, 'section'), 'utf8')).toContain(kernel?.release);
      if (name === '.initrd') await expectInitrd(kernel?.initrd ?? []);
    }
  });

  it('leaves nothing behind', async () => {
    expect(await readdir(path.join(folder, 'cache/scratch'))).toEqual([]);
  });
});

/** Of the file `section`. */
async function expectInitrd(files: readonly ContentFile[]): Promise<void> {
  await run('mkdir', 'initrd');
  await run('bsdtar', '-xf', 'section', '-C', 'initrd', '--no-same-owner');
  const listed = await run('sh', '-c', 'cd initrd && find . -type f -print0 | xargs -0 sha256sum | sed "s, \\.,,"');
  const regular = files.filter(each => each.type === 'file').map(each => `${each.sha256 ?? ''} ${each.path}`);
  expect(regular.length).toBeGreaterThan(50);
  expect(regular.toSorted()).toEqual(listed.split('\n').toSorted());
}

describe('an initrd', () => {
  const archive = async (name: string): Promise<void> => {
    await mkdir(path.join(folder, 'tree'), { recursive: true });
    await writeFile(path.join(folder, 'tree', name), `content of ${name}`);
    await writeFile(path.join(folder, 'tree/both'), `both of ${name}`);
    await run('sh', '-c', 'cd tree && bsdtar --format=newc -cf "../$1.cpio" "$1" both && rm "$1"', 'sh', name);
  };
  const read = async (...parts: Buffer[]): Promise<ContentFile[]> => {
    const file = path.join(folder, 'initrd.img');
    await writeFile(file, Buffer.concat(parts));
    const { length } = await readFile(file);
    return readInitrd(
      { file, start: 0, end: length },
      { environment: testEnvironment(''), tools, scratch: path.join(folder, 'read'), signal },
    );
  };
  const packed = async (name: string, ...program: string[]): Promise<Buffer> => {
    await run('sh', '-c', 'input=$1; shift; exec "$@" < "$input" > packed', 'sh', `${name}.cpio`, ...program);
    return readFile(path.join(folder, 'packed'));
  };
  const plain = async (name: string): Promise<Buffer> => readFile(path.join(folder, `${name}.cpio`));

  beforeAll(async () => {
    for (const name of ['mast', 'sail', 'rope']) await archive(name);
  });

  it.each([
    ['zstd', ['zstd', '-c']],
    ['zstd, without checksum or size', ['zstd', '-c', '--no-check', '--no-content-size']],
    ['xz', ['xz', '-c', '--check=crc32']],
    ['gzip', ['gzip', '-c']],
  ])('plain archives before and behind, one packed by %s; the last file of a name counts', async (_, program) => {
    const files = await read(await plain('mast'), Buffer.alloc(512), await packed('sail', ...program));
    expect(files.map(each => each.path)).toEqual(['/both', '/mast', '/sail']);
    expect(files.map(each => each.sha256)).toEqual(
      ['both of sail', 'content of mast', 'content of sail'].map(text => sha256(Buffer.from(text))),
    );
  });

  it('two packed by zstd, with another behind', async () => {
    const zstd = ['zstd', '-c'];
    const files = await read(
      await packed('mast', ...zstd),
      Buffer.alloc(3),
      await packed('sail', ...zstd),
      await plain('rope'),
    );
    expect(files.map(each => each.path)).toEqual(['/both', '/mast', '/rope', '/sail']);
    expect(await read()).toEqual([]);
  });

  it.each<[string, () => Promise<Buffer>, RegExp]>([
    ['neither', async () => Buffer.from('LZIP and so on'), /^damaged initrd: at 0 neither a cpio/],
    ['cut short', async () => (await packed('mast', 'xz', '-c')).subarray(0, 60), /^damaged initrd: xz cannot read it/],
    ['a flipped bit', async () => flipped(await packed('mast', 'zstd', '-c', '--check')), /zstd cannot read it/],
  ])('that is no sound one: %s', async (_, bytes, message) => {
    await expect(read(await bytes())).rejects.toThrow(message);
    expect(await readdir(path.join(folder, 'read'))).toEqual([]);
  });
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
}
