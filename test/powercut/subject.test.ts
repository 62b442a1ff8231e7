import { describe, expect, it } from 'vitest';
import { inspectImage } from '../../pipeline/disk/inspect.ts';
import { partitionAt, readCutSubject, slotOf } from '../../pipeline/powercut/subject.ts';
import { rawImage } from '../disk/inspect/image.ts';
import { cutDisk, STATE_AT } from './disk.ts';

describe('readCutSubject', () => {
  it('tells slots, selectors and what else is written', async () => {
    const { subject, at } = await cutDisk();
    const { slots, selectors, filesystems } = await subject();
    expect(slots.map(({ name, boot, root }) => [name, boot.name, root.name])).toEqual([
      ['A', 'HullA', 'SandA'],
      ['B', 'HullB', 'SandB'],
    ]);
    expect(selectors.map(({ partition, state }) => [partition.name, state])).toEqual(
      ['ReefA', 'ReefB'].map(name => [name, [{ start: at(name) + STATE_AT, end: at(name) + STATE_AT + 1024 }]]),
    );
    expect(filesystems.map(({ name }) => name)).toEqual(['Shells']);
  });

  it.each([
    ['no state', ['ReefA', 'ReefB'], 'no partition holds the state of a selector'],
    ['one slot', ['SandB'], '1 slots with a boot and a root partition'],
  ])('refuses a disk of %s', async (_, missing, message) => {
    const { bytes } = await cutDisk();
    const image = rawImage(bytes);
    const { partitions } = await inspectImage(image, 'not here');
    const left = partitions.filter(({ name }) => !missing.includes(name));
    await expect(readCutSubject(image.read, left)).rejects.toThrow(message);
  });
});

it('partitionAt names the one that holds all of it', async () => {
  const { subject, at } = await cutDisk();
  const found = await subject();
  expect(partitionAt(found, { start: at('SandA'), end: at('SandA') + 512 })).toBe('SandA');
  expect(partitionAt(found, { start: at('SandA') - 512, end: at('SandA') + 512 })).toBe(null);
  expect(partitionAt(found, { start: 0, end: 512 })).toBe(null);
});

it('slotOf says of a slot that is not there that it is not', async () => {
  const subject = await (await cutDisk()).subject();
  expect(slotOf(subject, 'B').root.name).toBe('SandB');
  expect(() => slotOf(subject, 'C')).toThrow('no slot C');
});
