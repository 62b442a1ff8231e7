/** Tree <-> tar. Reading keeps only where each file's bytes are; writing streams them, so memory stays small. */
import { createReadStream, createWriteStream, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { once } from 'node:events';
import tar, { type Header, type Pack } from 'tar-stream';
import { formatSize, type Bytes } from '../formats/bytes.ts';
import { FormatFault } from '../formats/fault.ts';
import { enter, mustBeTree, XATTR } from './tar-entry.ts';
import { byComponent, changedFault, contentBytes, directory, type Content, type Tree, type TreeNode } from './tree.ts';

type Sink = ReturnType<Pack['entry']>;

const CHUNK = 1 << 20;
const NO_MODE_BIT = 0o100000;
const MOST_ID = 0o777777;

/** Read whole into memory: unit files, lists of modules, kernels. */
const MOST_CONTENT: Bytes = 2 ** 29;

/**
 * Reads a tar's headers into a tree whose files point back into it. What is no tar, entries outside the tree (`..`) and
 * types that no root file system holds are a FormatFault.
 */
export async function readTar(file: string, signal: AbortSignal): Promise<Tree> {
  const tree: Tree = new Map();
  const extract = tar.extract();
  extract.on('entry', (header, stream, next) => {
    stream.on('error', toldElsewhere);
    try {
      // tar-stream sets byteOffset and size on every header it decodes; its types leave it out.
      const { byteOffset, size } = header as Header & { byteOffset: number; size: number };
      enter(tree, header, { file, offset: byteOffset, bytes: size });
    } catch (error) {
      next(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    // The size of a directory is a hint without bytes (POSIX.1-2017, pax, "ustar Interchange Format"): tar-stream's has no end.
    if (header.type === 'directory') return next();
    stream.on('end', next);
    stream.resume();
  });
  try {
    await pipeline(createReadStream(file, { highWaterMark: CHUNK }), extract, { signal });
  } catch (error) {
    throw readerFault(error) ?? error;
  }
  mustBeTree(tree);
  return tree;
}

/** Writes a tree as a tar: sorted by path, all times `epoch`, numeric owners, hard links as links to the first path. */
export async function writeTar(
  tree: Tree,
  out: string,
  options: { epoch: number; signal: AbortSignal },
): Promise<void> {
  const pack = tar.pack();
  const handles = new Map<string, FileHandle>();
  const produce = async (): Promise<void> => {
    const written = new Map<TreeNode, string>();
    // The root's own entry is always there: without it each reader picks a mode of its own.
    for (const path of ['/', ...[...tree.keys()].filter(each => each !== '/').sort(byComponent)]) {
      const node = tree.get(path) ?? directory();
      options.signal.throwIfAborted();
      const name = path === '/' ? '.' : `.${path}`;
      const first = node.type === 'file' ? written.get(node) : undefined;
      const header = headerOf(node, name, options.epoch);
      if (first !== undefined) {
        await end(begin(pack, { ...header, type: 'link', linkname: first, size: 0 }));
        continue;
      }
      written.set(node, name);
      await copy(node.content, begin(pack, header), handles);
    }
    pack.finalize();
  };
  try {
    await Promise.all([
      pipeline(pack, createWriteStream(out, { highWaterMark: 4 * CHUNK }), { signal: options.signal }),
      produce().catch(error => {
        pack.destroy(error instanceof Error ? error : new Error(String(error)));
        throw error;
      }),
    ]);
  } finally {
    await Promise.all([...handles.values()].map(handle => handle.close()));
  }
}

/** The bytes of one file of a tree; for files that are known to be small. Throws FormatFault for more than 512 MiB. */
export async function readContent(node: TreeNode): Promise<Buffer> {
  if (node.content === null) return Buffer.alloc(0);
  if ('data' in node.content) return node.content.data;
  const { file, offset, bytes } = node.content;
  if (bytes > MOST_CONTENT)
    throw new FormatFault(
      `a file of the tree is to be read whole, and has ${formatSize(bytes)}`,
      `at most ${formatSize(MOST_CONTENT)} can be; is it the right one?`,
    );
  const handle = await open(file);
  try {
    const buffer = Buffer.alloc(bytes);
    readFully(handle, buffer, offset);
    return buffer;
  } finally {
    await handle.close();
  }
}

/** tar-stream has one kind of error for all that it cannot read; those of the file system have a code. */
function readerFault(error: unknown): FormatFault | null {
  if (!(error instanceof Error) || error.constructor !== Error || 'code' in error) return null;
  return new FormatFault(
    `no tar, or a damaged one: ${error.message}`,
    'write it anew, as it is or compressed by gzip, xz or zstd',
  );
}

function headerOf(node: TreeNode, name: string, epoch: number): Partial<Header> & Pick<Header, 'name'> {
  // tar-stream writes the greatest that six octal digits hold instead of a greater one, and says nothing.
  if (Math.max(node.uid, node.gid) > MOST_ID)
    throw new FormatFault(
      `${name.slice(1)} belongs to ${node.uid}:${node.gid}; a tar of ours holds ids up to ${MOST_ID}`,
      'give it an owner with a smaller id',
    );
  const xattrs = Object.entries(node.xattrs).sort(([a], [b]) => (a < b ? -1 : 1));
  // tar-stream decodes pax as UTF-8; what is not would be written as other bytes. What is taken away meanwhile may have
  // one: packages give the journal's folder an access control list.
  const broken = xattrs.find(([, value]) => value.includes('\uFFFD'));
  if (broken !== undefined)
    throw new FormatFault(
      `${name.slice(1)}: the extended attribute ${broken[0]} holds bytes that are no text, which would not survive`,
      'take the file or its attribute away',
    );
  const pax = [
    // tar-stream's own field ends in 2038. mksquashfs 4.6 refuses seconds without a fraction, which POSIX pax lets be.
    ...(epoch > 0x7fff_ffff ? [['mtime', `${epoch}.0`]] : []),
    ...xattrs.map(([key, value]) => [XATTR + key, value]),
  ];
  return {
    name: node.type === 'directory' ? `${name}/` : name,
    type: node.type,
    mtime: new Date(Math.min(epoch, 0x7fff_ffff) * 1000),
    // tar-stream takes a mode of 0 for none given; a bit that no header holds tells them apart.
    mode: node.mode | NO_MODE_BIT,
    uid: node.uid,
    gid: node.gid,
    size: contentBytes(node),
    ...(node.type === 'symlink' ? { linkname: node.target } : {}),
    ...(node.device === null ? {} : { devmajor: node.device.major, devminor: node.device.minor }),
    ...(pax.length === 0 ? {} : { pax: Object.fromEntries(pax) as Record<string, string> }),
  };
}

function begin(pack: Pack, header: Partial<Header> & Pick<Header, 'name'>): Sink {
  const sink = pack.entry(header);
  sink.on('error', toldElsewhere);
  return sink;
}

/** What ends an archive ends its entry too; pipeline() rejects with it, and an unheard error would end the process. */
function toldElsewhere(): void {}

async function copy(content: Content | null, sink: Sink, handles: Map<string, FileHandle>): Promise<void> {
  if (content === null) return end(sink);
  if ('data' in content) return end(sink, content.data);
  const handle = handles.get(content.file) ?? (await open(content.file));
  handles.set(content.file, handle);
  const expected = 'sha256' in content ? content.sha256 : null;
  const hash = createHash('sha256');
  for (let done = 0; done < content.bytes; done += CHUNK) {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, content.bytes - done));
    // A tree has thousands of small files: one trip through the thread pool each would double the time.
    readFully(handle, buffer, content.offset + done);
    if (expected !== null) hash.update(buffer);
    if (!sink.write(buffer)) await once(sink, 'drain');
  }
  if (expected !== null && hash.digest('hex') !== expected) throw changedFault(content.file);
  return end(sink);
}

function readFully(handle: FileHandle, buffer: Buffer, position: number): void {
  for (let done = 0; done < buffer.length;) {
    const bytesRead = readSync(handle.fd, buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0)
      throw new FormatFault(
        `a file ended at ${position + done}, ${buffer.length - done} bytes too early`,
        'it was changed while it was read; build again',
      );
    done += bytesRead;
  }
}

async function end(sink: Sink, data?: Buffer): Promise<void> {
  const finished = once(sink, 'finish');
  sink.end(data);
  await finished;
}
