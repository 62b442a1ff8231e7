/** The machine's own files, made by programs that only note how they were called. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { firmwareArgs, makeVariables, type Firmware } from '../../../pipeline/engine/machine/firmware.ts';
import { makeLayers } from '../../../pipeline/engine/machine/layers.ts';
import type { Place } from '../../../pipeline/engine/machine/place.ts';
import type { Part } from '../../../pipeline/formats/vhdx/shape.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { putProgram, workshop } from '../steps.ts';

const folder = scratchDirectory();
let count = 0;

/** In place of bubblewrap: notes the program, with host paths for what is bound; makes the layers. */
const SANDBOX = String.raw`
while [ "$1" != -- ]; do
  case "$1 $3" in
    "--bind /mnt/work") work=$2 ;;
    "--ro-bind /mnt/"*) binds="$binds $3=$2" ;;
  esac
  shift
done
shift
echo "$*$binds" >>"$work/calls"
case "$*" in "qemu-img create"*) while [ $# -gt 1 ]; do shift; done; echo new >"$work/${'$'}{1#/mnt/work/}" ;; esac
case "$FAIL $*" in "virt "*virt-fw-vars*) exit 3 ;; esac
`;

function place(): Place & { calls: () => string[] } {
  const shop = workshop(join(folder, `${count++}`));
  putProgram(shop, 'bwrap', SANDBOX);
  const { environment, signal } = shop;
  const [tree, scratch] = [join(environment.cache, 'tree'), join(environment.cache, 'scratch')];
  mkdirSync(join(tree, 'usr/share/OVMF'), { recursive: true });
  for (const kind of ['', '.ms'])
    writeFileSync(join(tree, `usr/share/OVMF/OVMF_VARS_4M${kind}.fd`), `variables${kind}`);
  mkdirSync(scratch, { recursive: true });
  const calls = (): string[] => {
    const file = join(scratch, 'calls');
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  };
  return { environment, signal, tree, scratch, calls };
}
const disk = (path: string, format: 'raw' | 'vhd') => ({ path, format, logicalSectorSize: 512 });
const OPEN: Firmware = { kind: 'open' };
const KEYS: Firmware = { kind: 'keys', owner: 'g-7', pk: '/k/PK', kek: '/k/KEK', db: ['/k/db1', '/k/db2'] };

describe('layers', () => {
  const machine = {
    image: disk('/host/reef.raw', 'raw'),
    otherDisks: [disk('/host/kelp.vhd', 'vhd')],
    firmware: OPEN,
    logWrites: false,
  };
  const damage: Part[] = [
    { start: 8192, bytes: Uint8Array.of(1, 2, 3) },
    { start: 99_999, bytes: Uint8Array.of(4) },
  ];
  const BINDS = ' /mnt/image=/host/reef.raw /mnt/other-0=/host/kelp.vhd';

  test('take what is written, and the damage with it; the images are only read', async () => {
    const at = place();
    await makeLayers(machine, { growTo: 0, damage }, at);
    expect(at.calls()).toEqual([
      `qemu-img create -q -f qcow2 -b /mnt/image -F raw /mnt/work/layer.qcow2${BINDS}`,
      `qemu-io -f qcow2 -c write -q -s /mnt/work/damage-0 8192 3 /mnt/work/layer.qcow2${BINDS}`,
      `qemu-io -f qcow2 -c write -q -s /mnt/work/damage-1 99999 1 /mnt/work/layer.qcow2${BINDS}`,
      `qemu-img create -q -f qcow2 -b /mnt/other-0 -F vpc /mnt/work/other-0.qcow2${BINDS}`,
    ]);
    expect([...readFileSync(join(at.scratch, 'damage-0'))]).toEqual([1, 2, 3]);
    expect([...readFileSync(join(at.scratch, 'damage-1'))]).toEqual([4]);
  });

  test('of an earlier run are kept as they are, and not damaged again', async () => {
    const at = place();
    await makeLayers(machine, { growTo: 0, damage }, at);
    const before = at.calls();
    await makeLayers(machine, { growTo: 0, damage }, at);
    expect(at.calls()).toEqual(before);
  });

  test('begin a log of what is written to them, which must be all of it', async () => {
    const at = place();
    const log = join(at.scratch, 'writes.log');
    writeFileSync(log, 'of another disk');
    await makeLayers({ ...machine, logWrites: true }, { growTo: 0, damage: [] }, at);
    expect(readFileSync(log, 'utf8')).toBe('');
    writeFileSync(log, 'of this disk');
    await expect(makeLayers({ ...machine, logWrites: true }, { growTo: 0, damage: [] }, at)).rejects.toThrow(
      'layer.qcow2 was written before its writes were to be logged',
    );
    await makeLayers(machine, { growTo: 0, damage: [] }, at);
    expect(readFileSync(log, 'utf8')).toBe('of this disk');
  });

  test('grow, those of an earlier run too', async () => {
    const at = place();
    for (const growTo of [7777, 8888]) await makeLayers({ ...machine, otherDisks: [] }, { growTo, damage: [] }, at);
    expect(at.calls().filter(call => call.includes('resize'))).toEqual(
      [7777, 8888].map(size => `qemu-img resize -q /mnt/work/layer.qcow2 ${size} /mnt/image=/host/reef.raw`),
    );
  });
});

describe('variables', () => {
  const text = ({ scratch }: Place): string => readFileSync(join(scratch, 'vars.fd'), 'utf8');

  test('of open firmware are those of a new machine', async () => {
    const at = place();
    await makeVariables(OPEN, at);
    expect([text(at), at.calls()]).toEqual(['variables', []]);
  });

  test('of one’s own keys hold those, and no list of what is forbidden', async () => {
    const at = place();
    await makeVariables(KEYS, at);
    const [enrolled = '', deleted = '', ...more] = at.calls();
    expect(enrolled).toBe(
      'virt-fw-vars --inplace /mnt/work/vars.fd.part --set-pk g-7 /mnt/certificate-0 --add-kek g-7 /mnt/certificate-1' +
        ' --add-db g-7 /mnt/certificate-2 --add-db g-7 /mnt/certificate-3 --secure-boot' +
        ' /mnt/certificate-0=/k/PK /mnt/certificate-1=/k/KEK /mnt/certificate-2=/k/db1 /mnt/certificate-3=/k/db2',
    );
    expect(deleted).toMatch(/^virt-fw-vars --inplace \/mnt\/work\/vars\.fd\.part --delete dbx /);
    expect([more, text(at)]).toEqual([[], 'variables']);
  });

  test.each([
    [[], []],
    [
      ['/k/mok'],
      [
        'virt-fw-vars --inplace /mnt/work/vars.fd.part --add-mok 63616973-736f-6e00-0000-000000000000 /mnt/certificate-0 /mnt/certificate-0=/k/mok',
      ],
    ],
  ])('of Microsoft’s keys, with %j of the machine’s owner', async (mok, calls) => {
    const at = place();
    await makeVariables({ kind: 'microsoft', mok }, at);
    expect([text(at), at.calls()]).toEqual(['variables.ms', calls]);
  });

  test('that are there are kept: the machine wrote into them', async () => {
    const at = place();
    writeFileSync(join(at.scratch, 'vars.fd'), 'older');
    await makeVariables(KEYS, at);
    expect([text(at), at.calls()]).toEqual(['older', []]);
  });

  test('are absent when a certificate cannot be enrolled', async () => {
    const at = place();
    putProgram(at, 'bwrap', `FAIL=virt\n${SANDBOX}`);
    await expect(makeVariables(KEYS, at)).rejects.toThrow('virt-fw-vars ended with exit code 3');
    expect(readdirSync(at.scratch)).not.toContain('vars.fd');
  });
});

test.each<[Firmware, boolean]>([
  [OPEN, false],
  [KEYS, true],
  [{ kind: 'microsoft', mok: [] }, true],
])('QEMU gets firmware that guards its variables where there are keys: %j', (firmware, secure) => {
  const args = firmwareArgs(firmware).join(' ');
  expect(args).toContain(`readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M${secure ? '.secboot' : ''}.fd`);
  expect(args).toContain('unit=1,format=raw,file=/mnt/work/vars.fd');
  expect(args.includes('driver=cfi.pflash01,property=secure,value=on')).toBe(secure);
});
