/** What `caisson inspect` says of an image, beside what other programs say of it. */
import { copyFile, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { inspect } from '../../pipeline/commands/inspect.ts';
import type { InspectedPartition, Inspection } from '../../pipeline/formats/inspection.ts';
import { diskOf, MIB, ROOT_HASH, ukiWith } from '../disk/inspect/image.ts';
import { made } from '../formats/made.ts';
import { inTree, PROJECT, testEnvironment } from '../support/caisson.ts';

const { own, tools, scratch } = inject('builds');
const folder = path.join(scratch, 'inspect');
const image = { host: own.out, inside: '/mnt/image', writable: false };
const run = (...argv: string[]): Promise<string> => inTree(tools, folder, argv, { binds: [image] });
const at = (name: string): string => path.join(folder, name);

let found: Inspection;

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  found = (await inspected(path.join(own.out, 'eflow.vhdx'))).found;
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('the image', () => {
  it('has no faults, and nothing that was not looked at', async () => {
    const { exitCode } = await inspected(path.join(own.out, 'eflow.vhdx'));
    expect(exitCode).toBe(0);
    expect({ faults: found.faults, notes: found.notes }).toEqual({ faults: [], notes: [] });
  });

  it('is the container that qemu-img sees', async () => {
    const info = JSON.parse(await run('qemu-img', 'info', '--output=json', '/mnt/image/eflow.vhdx')) as {
      format: string;
      'virtual-size': number;
    };
    expect(found.container).toMatchObject({ format: info.format, size: info['virtual-size'] });
    expect(found.container.fileSize).toBe(own.record.artifacts.find(each => each.path === 'eflow.vhdx')?.bytes);
  });

  it('has the partitions that sfdisk sees', async () => {
    const { partitiontable: table } = JSON.parse(await run('sfdisk', '--json', '/mnt/image/eflow.raw')) as {
      partitiontable: {
        id: string;
        partitions: { name: string; start: number; size: number; type: string; uuid: string }[];
      };
    };
    expect(found.gpt?.diskGuid).toBe(table.id.toLowerCase());
    expect(found.partitions.map(({ name, start, size, type, uuid }) => [name, start, size, type, uuid])).toEqual(
      table.partitions.map(each => [
        each.name,
        each.start * 512,
        each.size * 512,
        each.type.toLowerCase(),
        each.uuid.toLowerCase(),
      ]),
    );
  });

  it('is the same in its raw form', async () => {
    const raw = await inspected(path.join(own.out, 'eflow.raw'));
    expect(raw.found.partitions).toEqual(found.partitions);
    expect(raw.found.container).toMatchObject({ format: 'raw', size: found.container.size, vhdx: null });
  });

  it('is drawn for a terminal', async () => {
    const { printed } = await inspected(path.join(own.out, 'eflow.vhdx'), false);
    expect(printed).toMatch(/^No faults found\.$/m);
    expect(printed).toContain(`root hash  ${own.record.rootHash}`);
  });
});

describe('the file systems', () => {
  it.each(['BootEFIA', 'BootA', 'RootFSA', 'BootEFIB', 'Log', 'Data'])('%s is what blkid sees', async name => {
    await cutOut(name);
    const seen = Object.fromEntries(
      (await run('blkid', '--probe', '--output=export', '/mnt/work/part.img'))
        .split('\n')
        .map(line => line.split('=') as [string, string]),
    );
    const { filesystem } = partition(name);
    expect(filesystem).toMatchObject({ type: seen.TYPE, uuid: seen.UUID, label: seen.LABEL ?? '' });
    expect(filesystem?.size).toBe(Number(seen.FSSIZE));
  });

  it.each(['Log', 'Data'])('%s has the blocks that dumpe2fs counts', async name => {
    await cutOut(name);
    const header = await run('dumpe2fs', '-h', '/mnt/work/part.img');
    const number = (field: string): number => Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(header)?.[1]);
    const blockSize = number('Block size');
    expect(partition(name).filesystem).toMatchObject({
      blockSize,
      size: number('Block count') * blockSize,
      free: number('Free blocks') * blockSize,
    });
  });

  it.each(['BootEFIA', 'BootA', 'BootEFIB'])('%s has the clusters that fsck.vfat counts', async name => {
    await cutOut(name);
    const text = await run('fsck.vfat', '-n', '-v', '/mnt/work/part.img');
    const [, used = '', all = ''] = /(\d+)\/(\d+) clusters/.exec(text) ?? [];
    const [, bytes = ''] = /(\d+) bytes per cluster/.exec(text) ?? [];
    expect(partition(name).filesystem).toMatchObject({
      blockSize: Number(bytes),
      free: (Number(all) - Number(used)) * Number(bytes),
    });
  });

  it('RootFSA is packed as dump.erofs sees', async () => {
    await cutOut('RootFSA');
    const text = await run('dump.erofs', '/mnt/work/part.img');
    expect(partition('RootFSA').filesystem?.compression.join(', ')).toBe(/compr_algs:\s*(.*)/.exec(text)?.[1]);
  });
});

describe('verity', () => {
  it('is as veritysetup dump sees it', async () => {
    await cutOut('RootFSA');
    const { verity } = partition('RootFSA');
    const text = await run('veritysetup', 'dump', '/mnt/work/part.img', `--hash-offset=${verity?.offset}`);
    const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(text)?.[1];
    expect(verity).toMatchObject({
      uuid: field('UUID'),
      hashType: Number(field('Hash type')),
      algorithm: field('Hash algorithm'),
      dataBlocks: Number(field('Data blocks')),
      dataBlockSize: Number(field('Data block size')),
      hashBlockSize: Number(field('Hash block size')),
      salt: field('Salt'),
    });
  });

  it('has a root hash under which veritysetup finds every block sound', async () => {
    await cutOut('RootFSA');
    const { verity, used } = partition('RootFSA');
    const argv = [
      '/mnt/work/part.img',
      '/mnt/work/part.img',
      verity?.rootHash ?? '',
      `--hash-offset=${verity?.offset}`,
    ];
    await expect(run('veritysetup', 'verify', ...argv)).resolves.toBeDefined();
    expect({ rootHash: verity?.rootHash, used }).toEqual({
      rootHash: own.record.rootHash,
      used: own.record.partitions.find(each => each.name === 'RootFSA')?.used,
    });
  });
});

describe('the UKI', () => {
  it('has the sections and texts that ukify sees', async () => {
    await cutOut('BootA');
    await run('mcopy', '-i', '/mnt/work/part.img', '::/EFI/caisson/slot.efi', '/mnt/work/slot.efi');
    const seen = sectionsOf(await run('ukify', 'inspect', '/mnt/work/slot.efi', '--all'));
    const program = partition('BootA').efi?.[0]?.program;
    expect(program?.sections.map(({ name, size }) => [name, size])).toEqual(seen.map(({ name, size }) => [name, size]));
    const texts = (name: string): string[] => seen.filter(each => each.name === name).map(each => each.text);
    expect(program?.uname).toBe(texts('.uname')[0]?.trim());
    expect(program?.sbat.join('\n')).toBe(texts('.sbat')[0]?.trim());
    expect(program?.profiles.map(({ cmdline }) => cmdline)).toEqual(texts('.cmdline').map(text => text.trim()));
    expect(program?.profiles.map(({ id, title }) => `ID=${id}\nTITLE=${title}`)).toEqual(
      texts('.profile').map(text => text.trim()),
    );
  });

  it('asks for the root that is in the image', () => {
    const profiles = partition('BootA').efi?.[0]?.program?.profiles ?? [];
    expect(profiles).toHaveLength(5);
    for (const { root } of profiles) expect(root).toEqual({ hash: own.record.rootHash, partitions: ['RootFSA'] });
  });

  it('asks for a root that is not there, once a byte of the hash tree is another', async () => {
    await writeFile(at('copy.vhdx'), '');
    await run('cp', '/mnt/image/eflow.vhdx', '/mnt/work/copy.vhdx');
    const { start, verity } = partition('RootFSA');
    const offset = start + (verity?.tree.start ?? 0);
    await run('qemu-io', '-f', 'vhdx', '-c', `write -P 90 ${offset} 512`, '/mnt/work/copy.vhdx');
    const changed = await inspected(at('copy.vhdx'));
    expect(changed.exitCode).toBe(1);
    expect(changed.found.faults).toEqual([
      expect.stringMatching(
        `^BootA: /EFI/caisson/slot\\.efi, profile @0, @1, @2, @3, @4: no partition has its root hash ${own.record.rootHash}`,
      ),
    ]);
    await rm(at('copy.vhdx'));
  });
});

describe('images of other programs', () => {
  const words = `caisson.roothash=${ROOT_HASH} caisson.hash_offset=8192`;

  beforeAll(async () => {
    await writeFile(at('reef.efi'), ukiWith(words, words));
    await writeFile(at('fat.img'), made('fat12'));
    await run('mcopy', '-i', '/mnt/work/fat.img', '/mnt/work/reef.efi', '::/reef/night.efi');
    const parts = [
      { name: 'Kelp', type: 'esp' as const, content: await readFile(at('fat.img')) },
      { name: 'Reef', size: 5 * MIB, content: made('verity') },
    ];
    await writeFile(at('small.raw'), diskOf(parts).bytes);
  });

  it.each(['dynamic', 'fixed'])('qemu-img makes a VHDX, %s, with the same in it', async subformat => {
    await run(
      'qemu-img',
      'convert',
      '-O',
      'vhdx',
      '-o',
      `subformat=${subformat}`,
      '/mnt/work/small.raw',
      '/mnt/work/small.vhdx',
    );
    const [raw, vhdx] = [await inspected(at('small.raw')), await inspected(at('small.vhdx'))];
    expect(raw.found.faults).toEqual([]);
    expect(raw.found.partitions[0]?.efi?.[0]).toMatchObject({ path: '/reef/night.efi', program: { kind: 'uki' } });
    expect(vhdx.found.partitions).toEqual(raw.found.partitions);
    expect(vhdx.found.container.vhdx).toMatchObject({ subformat, creator: expect.stringMatching(/^QEMU/) });
    expect(vhdx.exitCode).toBe(0);
  });

  it.each<[string, number, Buffer, RegExp]>([
    // As fsck.vfat says where they start: the third entry of the folder in cluster 2, which becomes that folder itself.
    [
      'folders',
      19_968 + 64,
      Buffer.from(`LOOP       \x10${'\0'.repeat(14)}\x02${'\0'.repeat(5)}`),
      /^Kelp: .* cannot read its vfat: /,
    ],
    // Both FATs, in which all clusters become free.
    [
      'clusters',
      512,
      Buffer.concat([
        Buffer.from('f8ffff', 'hex'),
        Buffer.alloc(1533),
        Buffer.from('f8ffff', 'hex'),
        Buffer.alloc(1533),
      ]),
      /^Kelp: .* cannot read its vfat: /,
    ],
  ])('tells a FAT whose %s lead nowhere', async (_, place, bytes, message) => {
    await copyFile(at('small.raw'), at('torn.raw'));
    const file = await open(at('torn.raw'), 'r+');
    await file.write(bytes, 0, bytes.length, MIB + place);
    await file.close();
    const { found: torn, exitCode } = await inspected(at('torn.raw'));
    expect(torn.faults[0]).toMatch(message);
    expect(exitCode).toBe(1);
  });
});

async function inspected(
  target: string,
  json = true,
): Promise<{ exitCode: number; found: Inspection; printed: string }> {
  const parts: string[] = [];
  const context = {
    environment: testEnvironment(own.cache),
    project: PROJECT,
    home: PROJECT,
    settle: async () => undefined,
    emit: () => undefined,
    print: (text: string) => void parts.push(text),
    json,
    color: false,
    unicode: true,
    width: 100,
    signal: new AbortController().signal,
  };
  const exitCode = await inspect(context, { target, out: '' });
  const printed = parts.join('');
  return { exitCode, found: json ? (JSON.parse(printed) as Inspection) : found, printed };
}

function partition(name: string): InspectedPartition {
  const wanted = found.partitions.find(each => each.name === name);
  if (wanted === undefined) throw new Error(`no partition ${name}`);
  return wanted;
}

/** Copies a partition of the raw image to part.img, without its holes' bytes. */
async function cutOut(name: string): Promise<void> {
  const { start, size } = partition(name);
  const [skip, count] = [start / MIB, size / MIB];
  const numbers = ['bs=1M', `skip=${skip}`, `count=${count}`, 'conv=sparse', 'status=none'];
  await rm(at('part.img'), { force: true });
  await run('dd', 'if=/mnt/image/eflow.raw', 'of=/mnt/work/part.img', ...numbers);
  const file = await open(at('part.img'), 'r+');
  await file.truncate(size);
  await file.close();
}

/** `ukify inspect --all`: `.name:`, then indented `size: N bytes` and, below `text:`, more indented lines. */
function sectionsOf(text: string): { name: string; size: number; text: string }[] {
  return text.split(/^(?=\.\w+:$)/m).map(block => {
    const lines = block.split('\n');
    const from = lines.indexOf('  text:');
    return {
      name: (lines[0] ?? '').slice(0, -1),
      size: Number(/size: (\d+) bytes/.exec(block)?.[1]),
      text:
        from === -1
          ? ''
          : lines
              .slice(from + 1)
              .map(line => line.slice(4))
              .join('\n'),
    };
  });
}
