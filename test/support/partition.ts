/** One partition of a raw image as a file of its own. */
import { open, rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { inTree } from './caisson.ts';

export interface Cut {
  /** The tools tree. */
  tools: string;
  /** The raw image. */
  image: string;
  record: { partitions: { name: string; start: number; size: number }[] };
  name: string;
  target: string;
}

/** Copies the partition called `name` to `target`, without its holes' bytes. */
export async function cutOut({ tools, image, record, name, target }: Cut): Promise<void> {
  const partition = record.partitions.find(each => each.name === name);
  if (partition === undefined) throw new Error(`no partition ${name}`);
  await rm(target, { force: true });
  const argv = [
    'dd',
    `if=/mnt/image/${path.basename(image)}`,
    `of=/mnt/work/${path.basename(target)}`,
    'bs=1M',
    `skip=${partition.start / 2 ** 20}`,
    `count=${partition.size / 2 ** 20}`,
    'conv=sparse',
    'status=none',
  ];
  const binds = [{ host: path.dirname(image), inside: '/mnt/image', writable: false }];
  await inTree(tools, path.dirname(target), argv, { binds });
  await truncate(target, partition.size);
}

/** Turns every bit of one byte. */
export async function flip(file: string, offset: number): Promise<void> {
  const handle = await open(file, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 0xff;
  await handle.write(byte, 0, 1, offset);
  await handle.close();
}
