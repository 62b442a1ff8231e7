import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { UsageFault } from '../../pipeline/commands/context.ts';
import { inspect } from '../../pipeline/commands/inspect.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { projectFolder } from '../config/project-folder.ts';
import { diskOf } from '../disk/inspect/image.ts';
import { made } from '../formats/made.ts';
import { memoryFile, MIB, resign } from '../formats/vhdx/memory-file.ts';
import { commandContext } from './context.ts';

const folder = projectFolder({ 'layouts/': '' });
const at = (name: string): string => path.join(folder.path, name);
const inspected = async (target: string, own = {}) => {
  const context = commandContext(folder.path, own);
  const exitCode = await inspect(context, { target, out: at('out') });
  return { exitCode, printed: context.printed };
};

beforeAll(async () => {
  const { bytes } = diskOf([
    { name: 'Sand', content: made('ext4') },
    { name: 'Reef', size: 5 * MIB, content: made('verity') },
  ]);
  await mkdir(at('out/quagga'), { recursive: true });
  await writeFile(at('out/quagga/quagga.raw'), bytes);
  await writeFile(at('torn.raw'), bytes.subarray(0, 3 * MIB));
  await writeFile(at('fat.raw'), diskOf([{ name: 'Kelp', content: made('fat12') }]).bytes);
  await writeFile(at('cut.vhdx'), memoryFile().subarray(0, -MIB));
  const pending = memoryFile();
  pending.fill(0x5a, 128 * 1024 + 48, 128 * 1024 + 64);
  resign(pending, { start: 128 * 1024, length: 4096 });
  await writeFile(at('pending.vhdx'), pending);
  await writeFile(at('empty.vhdx'), memoryFile());
});

describe('inspect', () => {
  test.each(['quagga', 'out/quagga/quagga.raw'])('of the sound image %s', async target => {
    const { exitCode, printed } = await inspected(target.includes('/') ? at(target) : target, { width: 80 });
    expect(exitCode).toBe(0);
    expect(printed).toMatch(/^quagga\.raw: 10 MiB, 2 partitions, sectors of 512 B\n/);
    expect(printed).toMatch(/\nNo faults found\.\n$/);
  });

  test('as JSON', async () => {
    const { exitCode, printed } = await inspected('quagga', { json: true });
    expect(exitCode).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({
      image: 'quagga.raw',
      container: { format: 'raw', size: 10 * MIB },
      gpt: { faults: [] },
      partitions: [
        { number: 3, name: 'Sand', filesystem: { label: 'kelp' } },
        { number: 4, name: 'Reef', verity: { algorithm: 'sha256', salt: 'c0ffee' } },
      ],
      faults: [],
      notes: [],
    });
  });

  test('of an image that is cut short prints what is left, and ends with 1', async () => {
    const { exitCode, printed } = await inspected(at('torn.raw'));
    expect(exitCode).toBe(1);
    expect(printed).toMatch(/^\d faults found$/m);
    expect(printed).toContain('the disk is cut short');
    expect(printed).toMatch(/^Sand +ext4 +kelp/m);
    expect((await inspected(at('torn.raw'), { json: true })).exitCode).toBe(1);
  });

  test('of a VHDX without a partition table tells the container, and ends with 1', async () => {
    const { exitCode, printed } = await inspected(at('empty.vhdx'));
    expect(exitCode).toBe(1);
    expect(printed).toContain('  creator  kelp 7\n');
    expect(printed).toMatch(/1 fault found\n.*no partition table/);
  });

  test('outside of a project says what it could not look at', async () => {
    const { exitCode, printed } = await inspected(at('fat.raw'), { json: true });
    const { notes, partitions } = JSON.parse(printed) as { notes: string[]; partitions: { efi: unknown }[] };
    expect({ exitCode, efi: partitions[0]?.efi }).toEqual({ exitCode: 0, efi: null });
    expect(notes).toEqual([
      `Kelp: not searched for EFI programs: that needs the programs of rootfs-manifests/tools.yaml, and ${folder.path} has none`,
    ]);
  });

  test.each<[string, RegExp, RegExp]>([
    ['cut.vhdx', /damaged VHDX: truncated: block 4 is at/, /copy the file again/],
    ['pending.vhdx', /pending log/, /qemu-img check -r all/],
  ])('refuses %s with the way out', async (name, message, hint) => {
    const error: unknown = await inspected(at(name)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormatFault);
    expect(error).toMatchObject({ message: expect.stringMatching(message), hint: expect.stringMatching(hint) });
  });

  test('of an image that is not there', async () => {
    await expect(inspected('zebra')).rejects.toThrow(UsageFault);
    await expect(inspected('./')).rejects.toThrow('no image ./');
  });

  test('leaves nothing in the cache', async () => {
    await inspected('quagga');
    const scratch = at('cache/scratch');
    expect(existsSync(scratch) ? await readdir(scratch) : []).toEqual([]);
  });
});

describe('inspect of an EFI program', () => {
  test('tells who signed it, and what a TPM will show', async () => {
    await writeFile(at('kelp.efi'), made('uki-signed'));
    const { exitCode, printed } = await inspected(at('kelp.efi'));
    expect(printed).toContain('kelp.efi: unified kernel image for x86-64');
    expect(printed).toMatch(/\n {2}signed +by \S/);
    expect(printed.match(/PCR 11\s+[0-9a-f]{64}/g)?.length).toBeGreaterThan(1);
    expect(exitCode).toBe(0);
  });

  test('with a bit turned says that the signature is of another', async () => {
    const bytes = made('uki-signed');
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
    await writeFile(at('torn.efi'), bytes);
    const { exitCode, printed } = await inspected(at('torn.efi'), { json: true });
    const { faults } = JSON.parse(printed) as { faults: string[] };
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) expect(fault).toContain('is not sound: it is for another program');
    expect(exitCode).toBe(1);
  });
});
