import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import {
  decodeGuid,
  decodeUuid,
  encodeGuid,
  encodeUuid,
  PARTITION_TYPES,
  partitionType,
  partitionTypeName,
  seededGuid,
} from '../../pipeline/formats/guid.ts';

describe('GUID bytes', () => {
  it('puts the first three groups in little endian (the ESP type on a real disk)', () => {
    const onDisk = Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex');
    expect(Buffer.from(encodeGuid('C12A7328-F81F-11D2-BA4B-00A0C93EC93B'))).toEqual(onDisk);
    expect(decodeGuid(Buffer.concat([Buffer.alloc(3), onDisk]), 3)).toBe('c12a7328-f81f-11d2-ba4b-00a0c93ec93b');
  });

  it('round-trips', () => {
    fc.assert(fc.property(fc.uuid(), text => decodeGuid(encodeGuid(text)) === text));
    const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(fc.property(sixteen, bytes => Buffer.compare(encodeGuid(decodeGuid(bytes)), bytes) === 0));
  });

  it.each([
    '',
    'esp',
    'c12a7328f81f11d2ba4b00a0c93ec93b',
    '{c12a7328-f81f-11d2-ba4b-00a0c93ec93b}',
    'c12a7328-f81f-11d2-ba4b-00a0c93ec93g',
  ])('refuses %j', text => expect(() => encodeGuid(text)).toThrow(FormatFault));
});

describe('UUID bytes', () => {
  it('stand in the order of the text', () => {
    const bytes = encodeUuid('C12A7328-F81F-11D2-BA4B-00A0C93EC93B');
    expect(Buffer.from(bytes).toString('hex')).toBe('c12a7328f81f11d2ba4b00a0c93ec93b');
    expect(decodeUuid(Buffer.concat([Buffer.alloc(5), bytes, Buffer.alloc(2)]), 5)).toBe(
      'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
    );
  });

  it('round-trip', () => fc.assert(fc.property(fc.uuid(), text => decodeUuid(encodeUuid(text)) === text)));

  it.each(['', 'esp', 'c12a7328-f81f-11d2-ba4b-00a0c93ec93g'])('are refused of %j', text =>
    expect(() => encodeUuid(text)).toThrow(FormatFault),
  );

  it('takes all groups in the order of the text', () => {
    const bytes = Buffer.from('0000005b2f7a1011114222833301234567ffab', 'hex');
    expect(decodeUuid(bytes, 3)).toBe('5b2f7a10-1111-4222-8333-01234567ffab');
  });
});

describe('seededGuid', () => {
  it('stays the same from release to release', () => {
    expect(seededGuid('marlin 7.3', 'partition', 'RootFSA')).toBe('a887f5a1-b828-80ea-93c6-7ae955f25a85');
  });

  it('is a version 8 UUID in lower case (RFC 9562)', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (seed, name) => {
        expect(seededGuid(seed, name)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
  });

  it('differs where seed or names differ, also when they read the same in a row', () => {
    const made = [
      seededGuid('ab', 'c'),
      seededGuid('a', 'bc'),
      seededGuid('abc'),
      seededGuid('', 'abc'),
      seededGuid('ab', 'c', ''),
    ];
    expect(new Set(made).size).toBe(made.length);
  });
});

describe('partition types', () => {
  it('are found by name and by GUID, without twins', () => {
    for (const [name, guid] of Object.entries(PARTITION_TYPES)) {
      expect(partitionType(name)).toBe(guid);
      expect(partitionTypeName(guid.toUpperCase())).toBe(name);
      expect(decodeGuid(encodeGuid(guid))).toBe(guid);
    }
  });

  it('are null for what is not in the table', () => {
    expect(partitionType('constructor')).toBeNull();
    expect(partitionTypeName('11111111-2222-4333-8444-555555555555')).toBeNull();
  });
});
