// Disks of either: VHDX of a raw one, and what the partition table says.
import { rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { programIn, project, run } from './trees.mjs';

/** A raw disk below `work` as VHDX by our writer and by qemu-img, in turn, both into `work`; seconds and bytes. Neither syncs. */
export function container(disk, { work, tools }) {
  const inTools = program => run(programIn(tools, work, { program }));
  const inside = path.join('/mnt/work', path.relative(work, disk));
  const extents = JSON.parse(inTools(['qemu-img', 'map', '--format=raw', '--output=json', inside]))
    .filter(each => each.data)
    .map(({ start, length }) => ({ start, length, file: disk, offset: start }));
  const map = { size: statSync(disk).size, logicalSectorSize: 512, physicalSectorSize: 4096, extents };
  writeFileSync(path.join(work, 'map.json'), JSON.stringify(map));
  const [ours, theirs] = ['ours.vhdx', 'theirs.vhdx'].map(name => path.join(work, name));
  const all = { ours: [], theirs: [] };
  // The first round warms the page cache.
  for (let round = 0; round < 6; round++) {
    for (const file of [ours, theirs]) rmSync(file, { force: true });
    const writer = [process.execPath, path.join(project, 'scripts/write-vhdx.mjs'), path.join(work, 'map.json'), ours];
    const wrote = Number(run(writer));
    const start = performance.now();
    inTools(['qemu-img', 'convert', '-f', 'raw', '-O', 'vhdx', inside, '/mnt/work/theirs.vhdx']);
    if (round === 0) continue;
    all.ours.push(wrote);
    all.theirs.push((performance.now() - start) / 1000);
  }
  return { ...all, oursBytes: statSync(ours).size, theirsBytes: statSync(theirs).size };
}

/** As sfdisk(8) tells them. */
export function partitionsOf(disk, { work, tools }) {
  const inside = path.join('/mnt/work', path.relative(work, disk));
  return JSON.parse(run(programIn(tools, work, { program: ['sfdisk', '--json', inside] }))).partitiontable.partitions;
}

/** The ids of a root and its hash tree are the halves of the root hash: Discoverable Partitions Specification. */
export function rootHashOf(partitions) {
  return ['root-a', 'verity-a'].map(name => partitions.find(each => each.name === name).uuid).join(' ');
}
