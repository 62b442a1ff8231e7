import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeLoadOption, type LoadOption } from '../../pipeline/formats/load-option.ts';

/** UEFI 2.10: attributes and length of the paths (3.1.3), media device paths (10.3.5.1, 10.3.5.4), their end (10.3.1). */
const BY_HAND = [
  '01000000', // LOAD_OPTION_ACTIVE
  '4200', // 42 + 20 + 4 bytes of device path
  '7200 6500 6500 6600 0000', // "reef"
  '04 01 2a00', // hard drive, 42 bytes
  '0b000000', // partition 11
  '0008000000000000', // 1 MiB in sectors
  '0010000000000000', // 2 MiB in sectors
  '04030201 0605 0807 090a 0b0c0d0e0f10', // the partition's GUID
  '02', // the table is GPT
  '02', // and the signature a GUID
  '04 04 1400', // file path, 20 bytes
  '5c00 4b00 5c00 6f00 2e00 6500 6600 0000', // "\\K\\o.ef"
  '7fff 0400',
  '4000 3500 0000', // "@5"
];
const OPTION: LoadOption = {
  title: 'reef',
  partition: { number: 11, uuid: '01020304-0506-0708-090a-0b0c0d0e0f10', start: 2 ** 20, end: 3 * 2 ** 20 },
  path: String.raw`\K\o.ef`,
  options: '@5',
};

/** Reads on, by the lengths of the nodes alone. */
function decode(bytes: Uint8Array): LoadOption & { active: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 6;
  const text = (): string => {
    let found = '';
    for (; view.getUint16(at, true) !== 0; at += 2) found += String.fromCharCode(view.getUint16(at, true));
    at += 2;
    return found;
  };
  const title = text();
  const end = at + view.getUint16(4, true);
  const nodes = new Map<string, number>();
  for (let node = at; node < end; node += view.getUint16(node + 2, true))
    nodes.set(`${view.getUint8(node)}/${view.getUint8(node + 1)}`, node);
  expect([...nodes.keys()]).toEqual(['4/1', '4/4', '127/255']);
  const drive = nodes.get('4/1') ?? 0;
  const sectors = (offset: number): number => Number(view.getBigUint64(drive + offset, true));
  const hex = (from: number, to: number, step: number): string => {
    const digits = [...bytes.subarray(drive + 24 + from, drive + 24 + to)].map(each =>
      each.toString(16).padStart(2, '0'),
    );
    return (step < 0 ? digits.toReversed() : digits).join('');
  };
  const uuid = [hex(0, 4, -1), hex(4, 6, -1), hex(6, 8, -1), hex(8, 10, 1), hex(10, 16, 1)].join('-');
  const [start, length] = [512 * sectors(8), 512 * sectors(16)];
  at = (nodes.get('4/4') ?? 0) + 4;
  const path = text();
  expect(at).toBe(nodes.get('127/255'));
  at = end;
  const options = text();
  expect(at).toBe(bytes.length);
  return {
    active: view.getUint32(0, true) === 1,
    title,
    partition: { number: view.getUint32(drive + 4, true), uuid, start, end: start + length },
    path,
    options,
  };
}

describe('a load option', () => {
  it('is the bytes of the specification', () => {
    expect(Buffer.from(encodeLoadOption(OPTION)).toString('hex')).toBe(BY_HAND.join('').replaceAll(' ', ''));
  });

  it('is read back as what was written', () => {
    const word = fc.stringMatching(/^[ -~\u00e0-\u00ff]{0,40}$/);
    const sector = fc.nat({ max: 2 ** 40 }).map(each => each * 512);
    fc.assert(
      fc.property(
        fc.record({
          title: word,
          partition: fc.record({
            number: fc.integer({ min: 1, max: 128 }),
            uuid: fc.uuid(),
            start: sector,
            length: sector,
          }),
          path: word,
          options: word,
        }),
        ({ partition: { length, ...partition }, ...rest }) => {
          const option = { ...rest, partition: { ...partition, end: partition.start + length } };
          expect(decode(encodeLoadOption(option))).toEqual({ active: true, ...option });
        },
      ),
    );
  });
});
