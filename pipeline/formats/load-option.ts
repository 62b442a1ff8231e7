/** EFI_LOAD_OPTION: the value of a Boot#### variable. UEFI 2.10, section 3.1.3; device paths in 10.3. */
import type { Bytes } from './bytes.ts';
import { encodeGuid } from './guid.ts';

export interface LoadOption {
  title: string;
  /** `uuid` is that of the partition; start and end on the disk. */
  partition: { number: number; uuid: string; start: Bytes; end: Bytes };
  /** From the root of its file system, with backslashes. */
  path: string;
  /** What the program gets, as text. */
  options: string;
}

const ACTIVE = 1;
const SECTOR: Bytes = 512;

export function encodeLoadOption({ title, partition, path, options }: LoadOption): Uint8Array {
  const device = Buffer.concat([hardDrive(partition), node(4, 4, text(path)), node(0x7f, 0xff, Buffer.alloc(0))]);
  const head = Buffer.alloc(6);
  head.writeUInt32LE(ACTIVE, 0);
  head.writeUInt16LE(device.length, 4);
  return Buffer.concat([head, text(title), device, text(options)]);
}

/** 10.3.5.1: the firmware looks for the partition on all of its disks. */
function hardDrive({ number, uuid, start, end }: LoadOption['partition']): Buffer {
  const data = Buffer.alloc(38);
  data.writeUInt32LE(number, 0);
  data.writeBigUInt64LE(BigInt(start / SECTOR), 4);
  data.writeBigUInt64LE(BigInt((end - start) / SECTOR), 12);
  data.set(encodeGuid(uuid), 20);
  // Table of GPT, and a GUID.
  data.set([2, 2], 36);
  return node(4, 1, data);
}

function node(type: number, subtype: number, data: Buffer): Buffer {
  const head = Buffer.from([type, subtype, 0, 0]);
  head.writeUInt16LE(4 + data.length, 2);
  return Buffer.concat([head, data]);
}

/** UCS-2, with its NUL. */
function text(value: string): Buffer {
  return Buffer.from(`${value}\0`, 'utf16le');
}
