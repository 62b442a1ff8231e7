/** A virtual machine as QEMU's arguments: Hyper-V generation 2 in all that counts: UEFI, SCSI disks, serial console. */
import { access, constants, readFile } from 'node:fs/promises';
import { DEVICE, GUEST_MAC } from './addresses.ts';
import { firmwareArgs, type Firmware } from './firmware.ts';
import type { DiskFile } from './guest-machine.ts';
import { WORK } from './place.ts';

export interface Machine {
  /** Never written. */
  image: DiskFile;
  memoryMiB: number;
  cpus: number;
  /** systemd credentials given as SMBIOS strings: name -> value. See systemd.system-credentials(7). */
  credentials: Readonly<Record<string, string>>;
  network: Wire;
  /** Disks that come before the image's in bus order; never written either. */
  otherDisks: readonly DiskFile[];
  firmware: Firmware;
  /** A TPM 2.0 behind the socket `tpm.sock` in scratch; see tpm.ts. */
  tpm: boolean;
  /** Every write to the image's layer is kept in WRITE_LOG too; see layers.ts. */
  logWrites: boolean;
  /** Files in `scratch` that receive what is written to the serial ports after the first: ttyS1, ttyS2, ttyS3. */
  serialFiles: readonly string[];
}

/**
 * `none`; QEMU's own network, which reaches the host's, with a port of the host's loopback that leads to the guest's
 * port 22 (null: no such port); or the tap of network.ts.
 */
export type Wire = 'none' | { sshPort: number | null } | 'tap';

export const TPM_SOCKET = 'tpm.sock';

/** Name of the layer over another disk, in scratch. */
export const otherLayer = (index: number): string => `other-${index}.qcow2`;
export const LAYER = 'layer.qcow2';
/** In scratch: what QEMU's blklogwrites driver keeps of a machine's writes; formats/write-log.ts reads it. */
export const WRITE_LOG = 'writes.log';

export function qemuArgv(machine: Machine, accelerator: readonly string[]): string[] {
  return [
    'qemu-system-x86_64',
    '-nodefaults',
    '-no-user-config',
    '-machine',
    'q35,smm=on',
    ...accelerator,
    '-m',
    String(machine.memoryMiB),
    '-smp',
    String(machine.cpus),
    '-display',
    'none',
    '-device',
    'virtio-rng-pci',
    ...firmwareArgs(machine.firmware),
    '-device',
    'virtio-scsi-pci',
    ...machine.otherDisks.flatMap((disk, index) =>
      diskArgs(disk, { id: `other${index}`, drive: plainDrive(otherLayer(index)), boot: '' }),
    ),
    ...diskArgs(machine.image, {
      id: 'disk',
      drive: machine.logWrites ? LOGGED_DRIVE : plainDrive(LAYER),
      boot: ',bootindex=0',
    }),
    ...wireArgs(machine.network),
    ...(machine.tpm
      ? [
          '-chardev',
          `socket,id=tpm,path=${WORK}/${TPM_SOCKET}`,
          '-tpmdev',
          'emulator,id=tpm0,chardev=tpm',
          '-device',
          'tpm-crb,tpmdev=tpm0',
        ]
      : []),
    // A comma ends an SMBIOS value unless it is doubled; base64 has none.
    ...Object.entries(machine.credentials).flatMap(([name, value]) => [
      '-smbios',
      `type=11,value=io.systemd.credential.binary:${name}=${Buffer.from(value).toString('base64')}`,
    ]),
  ];
}

function diskArgs(
  { logicalSectorSize }: DiskFile,
  { id, drive, boot }: { id: string; drive: string; boot: string },
): string[] {
  return [
    '-drive',
    `if=none,id=${id},${drive}`,
    '-device',
    `scsi-hd,drive=${id}${boot},logical_block_size=${logicalSectorSize},physical_block_size=4096`,
  ];
}

function plainDrive(layer: string): string {
  return `format=qcow2,file=${WORK}/${layer},cache=unsafe,discard=unmap`;
}

/** The outer driver must not be `unsafe`: it would never be told of the guest's flushes, and could not log them. */
const LOGGED_DRIVE = [
  'driver=blklogwrites,discard=unmap',
  `file.driver=qcow2,file.discard=unmap,file.cache.no-flush=on,file.file.driver=file,file.file.filename=${WORK}/${LAYER}`,
  `log.driver=file,log.cache.no-flush=on,log.filename=${WORK}/${WRITE_LOG}`,
].join(',');

function wireArgs(wire: Wire): string[] {
  if (wire === 'none') return ['-nic', 'none'];
  const card = ['-device', `virtio-net-pci,netdev=net,mac=${GUEST_MAC},romfile=`];
  if (wire === 'tap') return ['-netdev', `tap,id=net,ifname=${DEVICE},script=no,downscript=no`, ...card];
  const forward = wire.sshPort === null ? '' : `,hostfwd=tcp:127.0.0.1:${wire.sshPort}-:22`;
  return ['-netdev', `user,id=net${forward}`, ...card];
}

/** A present /dev/kvm alone is not enough: it must open, and the processor must have what it needs. */
export async function acceleration(): Promise<string[]> {
  const flags = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const opens = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  return opens && /^flags\b.*\b(vmx|svm)\b/m.test(flags)
    ? ['-accel', 'kvm', '-cpu', 'host']
    : ['-accel', 'tcg,thread=multi', '-cpu', 'max'];
}
