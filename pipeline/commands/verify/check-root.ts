/** Every block of every root, of its hash tree and of its error correction is what the one root hash stands for. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { differentRanges } from '../../disk/compare.ts';
import { copyPartition } from '../../disk/copy-partition.ts';
import { withImage, type DiskImage } from '../../disk/read.ts';
import { WINDOW } from '../../disk/windows.ts';
import { toolRunner, WORK } from '../../engine/tool-runner.ts';
import type { Bytes } from '../../formats/bytes.ts';
import type { InspectedPartition, InspectedVerity, Inspection } from '../../formats/inspection.ts';
import { ROOT_HASH } from '../../formats/provenance.ts';
import { withFile } from '../read-file.ts';
import type { Findings } from './findings.ts';
import { diskOf, type Subject } from './subject.ts';

type Root = InspectedPartition & { verity: InspectedVerity };

interface Claim {
  where: string;
  file: string;
  id: string;
  root: { hash: string };
}

export async function checkRoot(subject: Subject): Promise<Findings> {
  const { record } = subject.release;
  if (record.rootHash === null) return unnamedRoot(subject);
  const found = await subject.inspection();
  const roots = found.partitions.filter((each): each is Root => each.verity !== null && each.content === 'filesystem');
  const faults = [...claimFaults(found, record.rootHash), ...(await otherFaults(subject, record.rootHash))];
  if (roots.length === 0) faults.push('no partition has a file system with a hash tree');
  const file = await diskOf(subject.disks);
  for (const root of roots)
    faults.push(...(await withImage(file, async image => rootFaults(subject, image, { root, hash: record.rootHash }))));
  const names = roots.map(each => each.name).join(', ');
  return { evidence: `${names}: every block, hash tree and error correction give ${record.rootHash}`, faults };
}

/** Right for an image whose root nothing verifies. */
async function unnamedRoot({ disks, inspection }: Subject): Promise<Findings> {
  if (disks.length === 0) return null;
  const found = await inspection();
  const faults = [
    ...claimsOf(found).map(({ where, file, id, root }) => `${where}:${file}, profile ${id}, asks for ${root.hash}`),
    ...found.partitions.filter(each => each.verity !== null).map(({ name }) => `${name} has a hash tree`),
  ];
  return faults.length === 0 ? null : { evidence: '', faults: ['build.json names no root hash', ...faults] };
}

/** Of command lines. */
function claimFaults(found: Inspection, rootHash: string): string[] {
  const profiles = claimsOf(found);
  if (profiles.length === 0) return ['no kernel command line asks for a root hash'];
  return profiles
    .filter(({ root }) => root.hash !== rootHash)
    .map(({ where, file, id, root }) => `${where}:${file}, profile ${id}, asks for the root hash ${root.hash}`);
}

function claimsOf({ partitions }: Inspection): Claim[] {
  return partitions.flatMap(each =>
    (each.efi ?? []).flatMap(({ path: file, program }) =>
      (program?.profiles ?? []).flatMap(({ id, root }) =>
        root === null ? [] : [{ where: each.name, file, id, root }],
      ),
    ),
  );
}

async function otherFaults({ release, provenance }: Subject, rootHash: string): Promise<string[]> {
  const { record } = release;
  const told = (await provenance()).subjects.find(each => each.name === ROOT_HASH)?.sha256;
  return [
    ...(told === rootHash ? [] : [`the provenance says ${told ?? 'nothing'}`]),
    ...(record.bundle === null || record.bundle.rootHash === rootHash
      ? []
      : [`the bundle has the root hash ${record.bundle.rootHash}`]),
  ];
}

/** Tree and correction are made anew from the data, and compared: `veritysetup verify` looks at no correction. */
async function rootFaults(
  { context, release, tools, scratch }: Subject,
  image: DiskImage,
  { root, hash }: { root: Root; hash: string | null },
): Promise<string[]> {
  const { environment, signal } = context;
  const { verity, start, name } = root;
  const { fec } = verity;
  const end = fec?.end ?? verity.tree.end;
  const target = path.join(scratch, `data-${root.number}`);
  const data = { start, end: start + verity.offset };
  await copyPartition(image, data, { target, signal, onProgress: () => undefined });
  const inside = `${WORK}/${path.basename(target)}`;
  const options = { environment, tools, work: scratch, epoch: release.record.epoch, signal };
  await toolRunner(options, { binds: [], log: null })('veritysetup', [
    'format',
    inside,
    inside,
    `--format=${verity.hashType}`,
    `--hash=${verity.algorithm}`,
    `--data-block-size=${verity.dataBlockSize}`,
    `--hash-block-size=${verity.hashBlockSize}`,
    `--data-blocks=${verity.dataBlocks}`,
    `--hash-offset=${verity.offset}`,
    `--salt=${verity.salt === '' ? '-' : verity.salt}`,
    `--uuid=${verity.uuid}`,
    `--root-hash-file=${inside}.hash`,
    ...(fec === null ? [] : [`--fec-device=${inside}`, `--fec-offset=${fec.start}`, `--fec-roots=${fec.roots ?? 2}`]),
  ]);
  const faults: string[] = [];
  const made = (await readFile(`${target}.hash`, 'utf8')).trim();
  if (made !== hash) faults.push(`${name}: its blocks have the root hash ${made}`);
  const parts = [
    { what: 'hash tree', start: verity.offset, end: Math.min(fec?.start ?? end, end) },
    ...(fec === null ? [] : [{ what: 'error correction', start: fec.start, end }]),
  ];
  await withFile(target, async expected => {
    for (const part of parts) {
      const at = await firstDifference(image, expected, { ...part, partition: start });
      if (at !== null) faults.push(`${name}: its ${part.what} is not that of its blocks, from byte ${at} on`);
    }
  });
  return faults;
}

async function firstDifference(
  image: DiskImage,
  read: DiskImage['read'],
  { start, end, partition }: { start: Bytes; end: Bytes; partition: Bytes },
): Promise<Bytes | null> {
  for (let at = start; at < end; at += WINDOW) {
    const length = Math.min(WINDOW, end - at);
    const [found, expected] = [await image.read(partition + at, length), await read(at, length)];
    if (found.length !== expected.length) return at + Math.min(found.length, expected.length);
    for (const range of differentRanges(found, expected)) return at + range.start;
  }
  return null;
}
