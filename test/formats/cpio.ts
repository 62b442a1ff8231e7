/** Archives that exist in a test alone. */
export interface Archived {
  name: string;
  mode: number;
  uid?: number;
  content?: string;
  inode?: number;
  links?: number;
}

/** newc, as `bsdtar --format=newc` writes it: an archive with its trailer, padded to four bytes. */
export function cpioOf(files: readonly Archived[]): Buffer {
  const all = [...files, { name: 'TRAILER!!!', mode: 0 }];
  return Buffer.concat(all.map((file, index) => entry({ inode: index + 7, ...file })));
}

function entry({ name, mode, uid = 0, content = '', inode = 0, links = 1 }: Archived): Buffer {
  const data = Buffer.from(content);
  const bytes = Buffer.from(`${name}\0`, 'utf8');
  const fields = [inode, mode, uid, 5, links, 1_444_444_444, data.length, 8, 3, 0, 0, bytes.length, 0];
  const header = `070701${fields.map(each => each.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([pad(Buffer.concat([Buffer.from(header), bytes])), pad(data)]);
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
