import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeGrubenv } from '../../pipeline/formats/grubenv.ts';
import { readSelector, type SelectorContent } from '../../pipeline/powercut/selector-content.ts';
import { MIB } from '../disk/inspect/image.ts';
import { spyOn } from '../formats/made.ts';
import { cutDisk, kernel, OLD_ROOT, STATE, STATE_AT, UPDATED, type CutDisk } from './disk.ts';

const read = async ({ bytes, at }: CutDisk): Promise<SelectorContent | null> =>
  readSelector(spyOn(bytes).read, { start: at('ReefA'), end: at('ReefA') + MIB });

describe('readSelector', () => {
  it('gives the state, and a digest of all but the state', async () => {
    const disk = await cutDisk();
    const without = disk.bytes.slice(disk.at('ReefA'), disk.at('ReefA') + MIB).fill(0, STATE_AT, STATE_AT + 1024);
    const sha256 = createHash('sha256').update(without).digest('hex');
    expect(await read(disk)).toEqual({ state: new Uint8Array(encodeGrubenv(STATE)), sha256 });
    disk.bytes.set(encodeGrubenv(UPDATED), disk.at('ReefA') + STATE_AT);
    expect(await read(disk)).toEqual({ state: new Uint8Array(encodeGrubenv(UPDATED)), sha256 });
    disk.bytes[disk.at('ReefA') + STATE_AT + 1024] = 7;
    expect((await read(disk))?.sha256).not.toBe(sha256);
  });

  it('of a partition without a boot sector is none, of one without a state has none', async () => {
    const disk = await cutDisk();
    disk.bytes.fill(0, disk.at('ReefA'), disk.at('ReefA') + 512);
    expect(await read(disk)).toBe(null);
    disk.bytes.set(await kernel(OLD_ROOT.asks), disk.at('ReefA'));
    expect(await read(disk)).toMatchObject({ state: null });
  });
});
