/**
 * disk: the partition table and a map of which artifact stands where. Nothing is copied: the container is written
 * from the map, once.
 */
import { writeFile } from 'node:fs/promises';
import type { Layout } from '../config/types.ts';
import type { Bytes } from '../formats/bytes.ts';
import { encodeGpt } from '../formats/gpt.ts';
import { seededGuid } from '../formats/guid.ts';
import { mustFit, mustLeave } from './partition.ts';
import { OptionFault, type Stage } from './stage.ts';

interface Resolved {
  diskGuid: string;
  partitions: (Pick<
    Layout['partitions'][number],
    'number' | 'name' | 'content' | 'type' | 'attributes' | 'start' | 'end' | 'size' | 'filled'
  > & { uuid: string; reserve?: Bytes })[];
  size: Bytes;
  sectorSize: Bytes;
  physicalSectorSize: Bytes;
}

/** The artifact: JSON, with content by input name, so that it is the same on every machine. */
export interface StoredDiskMap {
  size: Bytes;
  logicalSectorSize: Bytes;
  physicalSectorSize: Bytes;
  extents: ({ start: Bytes; length: Bytes; input: string; offset: Bytes } | { start: Bytes; base64: string })[];
}

export const disk: Stage<Record<string, never>, Resolved, '*'> = {
  name: 'disk',
  version: 1,
  summary: 'partition table (GPT) and the map of what stands where',
  schema: { type: 'object', additionalProperties: false, properties: {} },
  inputs: { '*': 'optional' },
  tools: [],
  pointsIntoInputs: true,
  publishes: () => null,

  resolve(_, image) {
    const { layout } = image;
    const contents = [...new Set(layout.partitions.map(each => each.content))];
    for (const input of image.inputs) {
      if (!contents.includes(input))
        throw new OptionFault(
          '',
          `input "${input}" has no place: layout "${layout.name}" has no partition with that content`,
          `its contents: ${contents.join(', ')}`,
        );
    }
    for (const each of layout.partitions) {
      if (each.filled && each.filesystem !== 'none' && !image.inputs.includes(each.content)) {
        throw new OptionFault(
          '',
          `nothing is wired to "${each.content}", which partition ${each.name} is to hold`,
          `add \`${each.content}: STEP\` to the inputs, or name ${each.name} under "empty" in the layout`,
        );
      }
    }
    const uuid = (name: string): string => seededGuid(image.seed, 'partition', name);
    return {
      diskGuid: seededGuid(image.seed, 'disk'),
      partitions: layout.partitions.map(
        ({ number, name, content, type, attributes, start, end, size, filled, reserve }) => ({
          number,
          name,
          content,
          type,
          attributes,
          start,
          end,
          size,
          filled,
          uuid: uuid(name),
          // Left out where there is none, as it is from the keys of disks that know of none.
          ...(reserve === 0 ? {} : { reserve }),
        }),
      ),
      size: layout.size,
      sectorSize: layout.sectorSize,
      physicalSectorSize: layout.physicalSectorSize,
    };
  },

  async build(resolved, { inputs, out }) {
    const { size, sectorSize, diskGuid, partitions } = resolved;
    const gpt = encodeGpt({ size, sectorSize, diskGuid, partitions });
    const extents: StoredDiskMap['extents'] = [{ start: 0, base64: Buffer.from(gpt.primary).toString('base64') }];
    const used: Record<string, Bytes> = {};
    for (const partition of partitions) {
      const artifact = inputs[partition.content as '*'];
      if (artifact === undefined || !partition.filled) continue;
      const what = `${partition.content} (${artifact.id})`;
      mustFit(what, artifact.bytes, partition);
      const bytes = Number(artifact.facts.used ?? artifact.bytes);
      mustLeave(what, bytes, { ...partition, reserve: partition.reserve ?? 0 });
      used[partition.name] = bytes;
      const data = (artifact.facts.extents ?? [[0, artifact.bytes]]) as [Bytes, Bytes][];
      for (const [offset, length] of data)
        extents.push({ start: partition.start + offset, length, input: partition.content, offset });
    }
    extents.push({ start: size - gpt.backup.length, base64: Buffer.from(gpt.backup).toString('base64') });
    const map: StoredDiskMap = {
      size,
      logicalSectorSize: sectorSize,
      physicalSectorSize: resolved.physicalSectorSize,
      extents: extents.sort((a, b) => a.start - b.start),
    };
    await writeFile(out, `${JSON.stringify(map)}\n`);
    return {
      diskGuid,
      size,
      partitions: partitions.map(({ number, name, content, type, uuid, start, size: room }) => ({
        number,
        name,
        content,
        start,
        size: room,
        type,
        uuid,
        used: used[name] ?? 0,
        free: room - (used[name] ?? 0),
      })),
    };
  },
};
