/** What a kernel unpacks of an initrd: archives one behind the other, each plain or compressed. Nothing gets a name on the host. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Bytes } from '../formats/bytes.ts';
import { CPIO_MAGIC, readCpio, type CpioEntry } from '../formats/cpio.ts';
import { FormatFault } from '../formats/fault.ts';
import { byPath, type ContentFile } from '../formats/image-contents.ts';
import { readFully, type ReadAt } from '../formats/read-at.ts';
import { ZSTD_MAGIC, zstdFrameEnd } from '../formats/zstd-frame.ts';
import type { ProgramsOptions } from './partition-files/programs.ts';
import { ProcessFailure } from './run.ts';
import { toolRunner, WORK } from './tool-runner.ts';

/** A part of a host file. Half open. */
export interface FileSpan {
  file: string;
  start: Bytes;
  end: Bytes;
}

/** More is no initrd: the machine must have room for it twice. */
const MOST_UNPACKED: Bytes = 2 ** 31;
/** Archives of one initrd: microcode, drivers, one for each add-on. */
const MOST_ARCHIVES = 256;
/** PATH_MAX: the kernel takes no longer one. */
const LONGEST_TARGET: Bytes = 4096;

/** By path; of files that are there twice the later one, as the kernel does. Throws FormatFault for what no kernel unpacks. */
export async function readInitrd(span: FileSpan, options: ProgramsOptions): Promise<ContentFile[]> {
  const files = new Map<string, ContentFile>();
  const work = path.join(options.scratch, 'initrd');
  await mkdir(work, { recursive: true });
  try {
    await readArchives(span, { ...options, work, files, left: { archives: MOST_ARCHIVES }, packed: false });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return [...files.values()].toSorted(byPath);
}

interface Unpacking extends ProgramsOptions {
  /** Host folder for what is decompressed. */
  work: string;
  files: Map<string, ContentFile>;
  left: { archives: number };
  /** Whether this was compressed. Linux, init/initramfs.c, flush_buffer: nothing compressed is in there. */
  packed: boolean;
}

async function readArchives({ file, start, end }: FileSpan, unpacking: Unpacking): Promise<void> {
  const handle = await open(file, 'r');
  const read: ReadAt = async (offset, length) => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  try {
    for (let at = await skipZeros(read, { start, end }); at < end; at = await skipZeros(read, { start: at, end })) {
      unpacking.signal.throwIfAborted();
      unpacking.left.archives -= 1;
      if (unpacking.left.archives < 0) throw damaged(`more than ${MOST_ARCHIVES} archives`);
      const magic = Buffer.from(await read(at, Math.min(6, end - at)));
      const plain = CPIO_MAGIC.test(magic.toString('latin1'));
      if (unpacking.packed && !plain) throw damaged('something compressed holds what is no cpio');
      at = plain
        ? await enterArchive(read, { file, start: at, end }, unpacking)
        : await enterCompressed(read, { file, start: at, end }, { ...unpacking, magic });
    }
  } finally {
    await handle.close();
  }
}

async function enterArchive(read: ReadAt, span: FileSpan, { files, signal }: Unpacking): Promise<Bytes> {
  const archive = await readCpio(read, span);
  // Of hard links the last one brings the content.
  const contents = new Map(archive.entries.filter(each => each.end > each.start).map(each => [each.link, each]));
  for (const entry of archive.entries) {
    signal.throwIfAborted();
    const content = entry.link === null ? entry : (contents.get(entry.link) ?? entry);
    if (entry.path !== '/') files.set(entry.path, await fileOf(read, entry, content));
  }
  return archive.end;
}

async function fileOf(
  read: ReadAt,
  { path: name, type, mode, uid, gid }: CpioEntry,
  { start, end }: CpioEntry,
): Promise<ContentFile> {
  const common = { path: name, type, mode, uid, gid, bytes: 0, target: null, sha256: null };
  if (type === 'symlink') {
    if (end - start > LONGEST_TARGET) throw damaged(`the target of ${name} has ${end - start} bytes`);
    const text = await readFully(read, `the target of ${name}`, { offset: start, length: end - start });
    return { ...common, target: Buffer.from(text).toString('utf8') };
  }
  if (type !== 'file') return common;
  return { ...common, bytes: end - start, sha256: await digestOf(read, { start, end }) };
}

const CHUNK: Bytes = 2 ** 20;

async function digestOf(read: ReadAt, { start, end }: { start: Bytes; end: Bytes }): Promise<string> {
  const hash = createHash('sha256');
  for (let at = start; at < end; at += CHUNK)
    hash.update(await readFully(read, 'a file of the cpio', { offset: at, length: Math.min(CHUNK, end - at) }));
  return hash.digest('hex');
}

async function enterCompressed(
  read: ReadAt,
  span: FileSpan,
  { magic, ...unpacking }: Unpacking & { magic: Buffer },
): Promise<Bytes> {
  const program = programFor(magic);
  if (program === null) throw damaged(`at ${span.start} neither a cpio nor anything compressed that is known here`);
  // xz and gzip do not say where they end: what follows must be theirs too.
  const end = program === 'zstd' ? await zstdFrameEnd(read, span.start) : span.end;
  if (end > span.end) throw damaged(`a zstd frame ends at ${end}, behind the end at ${span.end}`);
  const name = `archive-${unpacking.left.archives}`;
  const [packed, plain] = [path.join(unpacking.work, `${name}.packed`), path.join(unpacking.work, name)];
  await pipeline(
    createReadStream(span.file, { start: span.start, end: end - 1, highWaterMark: CHUNK }),
    createWriteStream(packed),
    { signal: unpacking.signal },
  );
  await decompress(program, name, unpacking);
  await rm(packed);
  const handle = await open(plain, 'r');
  const { size } = await handle.stat();
  await handle.close();
  await readArchives({ file: plain, start: 0, end: size }, { ...unpacking, packed: true });
  await rm(plain);
  return end;
}

/** Linux, lib/decompress.c: those that Debian's kernels know and the tools tree has. */
function programFor(magic: Buffer): 'zstd' | 'xz' | 'gzip' | null {
  if (magic.length >= 4 && magic.readUInt32LE(0) === ZSTD_MAGIC) return 'zstd';
  if (magic.toString('latin1') === '\u00fd7zXZ\0') return 'xz';
  return magic[0] === 0x1f && magic[1] === 0x8b ? 'gzip' : null;
}

async function decompress(program: string, name: string, { work, ...options }: Unpacking): Promise<void> {
  const run = toolRunner({ ...options, work, epoch: 0 }, { binds: [], log: null });
  const [from, to] = [`${WORK}/${name}.packed`, `${WORK}/${name}`];
  // The shell's own file, so that the kernel bounds it.
  const script = `exec "$1" -dc < "$2" > "$3"`;
  try {
    await run('prlimit', [`--fsize=${MOST_UNPACKED}`, '--core=0', 'sh', '-c', script, 'sh', program, from, to]);
  } catch (error) {
    if (!(error instanceof ProcessFailure) || (error.exitCode === null && error.killedBy === null)) throw error;
    throw damaged(`${program} cannot read it: ${error.output.at(-1) ?? error.message}`);
  }
}

async function skipZeros(read: ReadAt, { start, end }: { start: Bytes; end: Bytes }): Promise<Bytes> {
  for (let at = start; at < end; at += CHUNK) {
    const bytes = await readFully(read, 'the initrd', { offset: at, length: Math.min(CHUNK, end - at) });
    const found = bytes.findIndex(each => each !== 0);
    if (found !== -1) return at + found;
  }
  return end;
}

function damaged(what: string): FormatFault {
  return new FormatFault(`damaged initrd: ${what}`, 'build the image again, or copy it again and compare its checksum');
}
