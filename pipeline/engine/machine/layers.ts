/** The machine's own files in scratch: layers that take what it writes, and the firmware's variables. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bytes } from '../../formats/bytes.ts';
import { BuildFault } from '../fault.ts';
import { runProcess } from '../run.ts';
import type { Bind } from '../sandbox.ts';
import type { Part } from '../../formats/vhdx/shape.ts';
import { makeVariables } from './firmware.ts';
import type { DiskFile } from './guest-machine.ts';
import { ALONE, placedArgv, WORK, type Place } from './place.ts';
import { LAYER, otherLayer, WRITE_LOG, type Machine } from './qemu.ts';

/**
 * Makes what is not there from an earlier run, and grows the disk to `growTo` bytes (0: leaves it). `damage` is written
 * into a new layer of the image, at offsets of its disk. A log of writes begins empty with a new layer, so that image,
 * damage and log give every state of the disk; throws BuildFault for one that was written already.
 */
export async function makeLayers(
  machine: Pick<Machine, 'image' | 'otherDisks' | 'firmware' | 'logWrites'>,
  { growTo, damage }: { growTo: Bytes; damage: readonly Part[] },
  place: Place,
): Promise<void> {
  await mkdir(place.scratch, { recursive: true });
  const there = (name: string): boolean => existsSync(path.join(place.scratch, name));
  const run = async (argv: readonly string[]): Promise<string> =>
    runProcess(placedArgv(argv, place, { ...ALONE, binds: diskBinds(machine) }), {
      env: { PATH: place.environment.path },
      signal: place.signal,
      title: argv,
    });
  const layer = async (name: string, disk: DiskFile, inside: string): Promise<void> => {
    await run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', inside, '-F', qemuFormat(disk), `${WORK}/${name}`]);
  };
  if (machine.logWrites) {
    if (there(LAYER))
      throw new BuildFault(
        `${path.join(place.scratch, LAYER)} was written before its writes were to be logged`,
        'log them from the first start on, in a scratch folder of its own',
      );
    await writeFile(path.join(place.scratch, WRITE_LOG), '');
  }
  await makeVariables(machine.firmware, place);
  if (!there(LAYER)) {
    await layer(LAYER, machine.image, IMAGE);
    for (const [index, part] of damage.entries()) {
      const file = `damage-${index}`;
      await writeFile(path.join(place.scratch, file), part.bytes);
      // qemu-io(1): a host file's bytes to an offset of the disk.
      const write = `write -q -s ${WORK}/${file} ${part.start} ${part.bytes.length}`;
      await run(['qemu-io', '-f', 'qcow2', '-c', write, `${WORK}/${LAYER}`]);
    }
  }
  for (const [index, disk] of machine.otherDisks.entries())
    if (!there(otherLayer(index))) await layer(otherLayer(index), disk, other(index));
  if (growTo > 0) await run(['qemu-img', 'resize', '-q', `${WORK}/${LAYER}`, String(growTo)]);
}

/** What a program sees of the disks: layers name them by these paths. */
export function diskBinds({ image, otherDisks }: Pick<Machine, 'image' | 'otherDisks'>): Bind[] {
  const bind = (disk: DiskFile, inside: string): Bind => ({ host: path.resolve(disk.path), inside, writable: false });
  return [bind(image, IMAGE), ...otherDisks.map((disk, index) => bind(disk, other(index)))];
}

const IMAGE = '/mnt/image';
const other = (index: number): string => `/mnt/other-${index}`;

/** QEMU's name for it; `vpc` is Virtual PC's, the VHD. */
function qemuFormat({ format }: DiskFile): string {
  return format === 'vhd' ? 'vpc' : format;
}
