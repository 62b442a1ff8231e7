/** A virtual machine that boots an image: QEMU from its own tree, on a copy-on-write layer, so that the image is never written. */
import { access, constants, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fixedEnvironment, type Environment } from './environment.ts';
import { runInteractive, runProcess } from './run.ts';
import { sandboxArgv, type Bind } from './sandbox.ts';

export interface Machine {
  /** Host path of the image; read only. */
  image: string;
  format: 'vhdx' | 'vhd' | 'raw';
  logicalSectorSize: number;
  memoryMiB: number;
  cpus: number;
  /** systemd credentials given as SMBIOS strings: name -> value. See systemd.system-credentials(7). */
  credentials: Readonly<Record<string, string>>;
  network: boolean;
  /** Host paths of raw disks that come before the image's in bus order; what is written to them is thrown away. */
  otherDisks: readonly string[];
  /** Files in `scratch` that receive what is written to the serial ports after the first: ttyS1, ttyS2, ttyS3. */
  serialFiles: readonly string[];
}

export interface MachineOptions {
  environment: Environment;
  /** Host path of the tree with QEMU and OVMF. */
  tree: string;
  /** Host directory for the machine's own files: the layer over the image, firmware variables. */
  scratch: string;
  signal: AbortSignal;
}

const IMAGE = '/mnt/image';
const WORK = '/mnt/work';
const other = (index: number): string => `/mnt/other-${index}`;
const FIRMWARE = '/usr/share/OVMF';

/** Boots with the console on this terminal and returns when the machine is off. */
export async function bootOnTerminal(machine: Machine, options: MachineOptions): Promise<void> {
  await prepare(machine, options);
  const argv = [...qemuArgv(machine, await acceleration()), '-serial', 'mon:stdio'];
  await runInteractive(inTree(argv, machine, options), {
    env: { PATH: options.environment.path },
    signal: options.signal,
    title: argv,
  });
}

/** Boots with the console's lines handed to `onLine`; returns when the machine is off, throws when `signal` fires. */
export async function bootWatched(
  machine: Machine,
  options: MachineOptions & { onLine: (line: string) => void; log: string },
): Promise<void> {
  await prepare(machine, options);
  const argv = [
    ...qemuArgv(machine, await acceleration()),
    '-monitor',
    'none',
    '-serial',
    'stdio',
    ...machine.serialFiles.flatMap(name => ['-serial', `file:${WORK}/${name}`]),
    '-no-reboot',
  ];
  await runProcess(inTree(argv, machine, options), {
    env: { PATH: options.environment.path },
    signal: options.signal,
    onLine: options.onLine,
    log: options.log,
    title: argv,
  });
}

/** The machine as QEMU's arguments: Hyper-V generation 2 in all that counts: UEFI, a SCSI disk, serial console. */
export function qemuArgv(machine: Machine, accelerator: readonly string[]): string[] {
  const sector = `logical_block_size=${machine.logicalSectorSize},physical_block_size=4096`;
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
    '-drive',
    `if=pflash,unit=0,format=raw,readonly=on,file=${FIRMWARE}/OVMF_CODE_4M.fd`,
    '-drive',
    `if=pflash,unit=1,format=raw,file=${WORK}/vars.fd`,
    '-drive',
    `if=none,id=disk,format=qcow2,file=${WORK}/layer.qcow2,cache=unsafe,discard=unmap`,
    '-device',
    'virtio-scsi-pci',
    ...machine.otherDisks.flatMap((_, index) => [
      '-drive',
      `if=none,id=other${index},format=raw,snapshot=on,file=${other(index)}`,
      '-device',
      `scsi-hd,drive=other${index}`,
    ]),
    '-device',
    `scsi-hd,drive=disk,bootindex=0,${sector}`,
    ...(machine.network
      ? ['-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,romfile=']
      : ['-nic', 'none']),
    // A comma ends an SMBIOS value unless it is doubled; base64 has none.
    ...Object.entries(machine.credentials).flatMap(([name, value]) => [
      '-smbios',
      `type=11,value=io.systemd.credential.binary:${name}=${Buffer.from(value).toString('base64')}`,
    ]),
  ];
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

async function prepare(machine: Machine, options: MachineOptions): Promise<void> {
  await mkdir(options.scratch, { recursive: true });
  const settings = { env: { PATH: options.environment.path }, signal: options.signal };
  await runProcess(inTree(['cp', `${FIRMWARE}/OVMF_VARS_4M.fd`, `${WORK}/vars.fd`], machine, options), settings);
  await runProcess(
    inTree(
      ['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', IMAGE, '-F', qemuFormat(machine), `${WORK}/layer.qcow2`],
      machine,
      options,
    ),
    settings,
  );
}

/** QEMU's name for it; `vpc` is Virtual PC's, the VHD. */
function qemuFormat({ format }: Machine): string {
  return format === 'vhd' ? 'vpc' : format;
}

function inTree(argv: readonly string[], machine: Machine, { environment, tree, scratch }: MachineOptions): string[] {
  const binds: Bind[] = [
    { host: path.resolve(machine.image), inside: IMAGE, writable: false },
    { host: scratch, inside: WORK, writable: true },
    ...machine.otherDisks.map((host, index) => ({ host: path.resolve(host), inside: other(index), writable: false })),
  ];
  return sandboxArgv(
    {
      tree,
      binds,
      env: { ...fixedEnvironment(0), TMPDIR: WORK },
      cwd: WORK,
      network: machine.network,
      identities: 'one',
      devices: ['/dev/kvm'],
    },
    argv,
    environment,
  );
}
