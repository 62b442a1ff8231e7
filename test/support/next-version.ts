/** An update for machines of the image under test: its next version as bundles, and a disk that brings them to them. */
import { cp, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DiskFile } from '../../pipeline/engine/machine/guest-machine.ts';
import type { Payload } from '../../pipeline/powercut/slot-content.ts';
import type { SharedBuilds } from '../system/set-up.ts';
import { caisson } from './caisson.ts';
import { digest, type Workplace } from './provisioned.ts';

export interface NextVersion {
  version: string;
  /** A file system with the bundles, without partition table. */
  disk: DiskFile;
  /** POSIX sh for a machine with that disk. */
  mount: string;
  /** In the machine: all of it, and the differences from the image under test. */
  full: string;
  delta: string;
  /** What unsquashfs finds in it for a slot. */
  images: { boot: Payload; root: Payload };
}

const VERSION = '2100.1.0';
const MOUNTED = '/run/next';

/** Steps that the version does not touch are not built again. `sets`: what else is another in it. */
export async function nextVersion(
  { own }: SharedBuilds,
  { at, run }: Workplace,
  sets: readonly string[],
): Promise<NextVersion> {
  const cli = async (...args: string[]): Promise<void> => {
    const { exitCode, stderr } = await caisson([...args, '--plain'], { cwd: own.project, cache: own.cache });
    if (exitCode !== 0) throw new Error(`no bundle: ${stderr}`);
  };
  const next = [`version=${VERSION}`, ...sets].flatMap(each => ['--set', each]);
  await cli('build', 'eflow', ...next, '--bundle', '--out', at('next'));
  const old = path.join(own.out, `eflow-${own.record.version}.raucb`);
  await cli('bundle', 'eflow', ...next, '--from', old, '--out', at('next'));
  const [full, delta] = [`eflow-${VERSION}.raucb`, `eflow-${VERSION}-from-${own.record.version}.raucb`] as const;
  await run('unsquashfs', '-quiet', '-no-progress', '-d', '/mnt/work/unpacked', `/mnt/work/next/eflow/${full}`);
  await mkdir(at('bundles'));
  for (const name of [full, delta]) await cp(at(`next/eflow/${name}`), at(`bundles/${name}`));
  await run('mkfs.erofs', '--quiet', '/mnt/work/bundles.img', '/mnt/work/bundles');
  return {
    version: VERSION,
    disk: { path: at('bundles.img'), format: 'raw', logicalSectorSize: 512 },
    mount: `
mkdir -p ${MOUNTED}
for disk in /sys/block/sd*; do
  mountpoint -q ${MOUNTED} || mount -t erofs -o ro "/dev/\${disk##*/}" ${MOUNTED} 2>/dev/null || continue
done
[ -s ${MOUNTED}/${full} ]`,
    full: path.posix.join(MOUNTED, full),
    delta: path.posix.join(MOUNTED, delta),
    images: { boot: await payloadOf(at('unpacked/boot.img')), root: await payloadOf(at('unpacked/rootfs.img')) },
  };
}

async function payloadOf(file: string): Promise<Payload> {
  return { bytes: (await stat(file)).size, sha256: await digest(file) };
}
