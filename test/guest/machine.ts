/** A machine's folder for scripts of the guest: files that stand for partitions, and programs that stand for others. */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { encodeGrubenv, findGrubenv, decodeGrubenv, GRUBENV_BYTES } from '../../pipeline/formats/grubenv.ts';

const GUEST = 'overlays/guest/usr/lib/caisson';
/** What is somewhere else in a test. */
const MOVED = [
  '/usr/lib/caisson/',
  '/etc/caisson/',
  '/dev/caisson/',
  '/dev/caisson-slot/',
  '/dev/console',
  '/run/caisson/',
  '/var/lib/caisson/',
  '/sys/class/block/',
  '/sys/dev/block/',
  '/usr/lib/os-release',
  '/proc/cmdline',
  '/proc/uptime',
  '/proc/self/mounts',
  '/proc/sys/kernel/hostname',
  '/etc/hostname',
  '/etc/machine-id',
] as const;

export interface Ran {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** `root` becomes a machine with these scripts of the image and this guest.conf. */
export async function machineIn(root: string, scripts: readonly string[], conf: Readonly<Record<string, string>>) {
  const at = (file: string): string => path.join(root, file);
  for (const folder of [
    'usr/lib/caisson',
    'etc/caisson',
    'dev/caisson',
    'run/caisson',
    'var/lib/caisson',
    'bin',
    'proc',
  ])
    await mkdir(at(folder), { recursive: true });
  for (const name of scripts) {
    await mkdir(path.dirname(at(`usr/lib/caisson/${name}`)), { recursive: true });
    await writeFile(at(`usr/lib/caisson/${name}`), moved(await readFile(path.join(GUEST, name), 'utf8'), root), {
      mode: 0o755,
    });
  }
  const lines = Object.entries(conf).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(at('usr/lib/caisson/guest.conf'), lines.join(''));
  await writeFile(at('dev/console'), '');
  return {
    at,
    /** A program that is found before the host's. */
    program: async (name: string, body: string): Promise<void> => {
      await writeFile(at(`bin/${name}`), `#!/bin/sh\n${moved(body, root)}\n`);
      await chmod(at(`bin/${name}`), 0o755);
    },
    file: async (name: string, content: string | Uint8Array): Promise<void> => {
      await mkdir(path.dirname(at(name)), { recursive: true });
      await writeFile(at(name), content);
    },
    read: async (name: string): Promise<string> => readFile(at(name), 'utf8'),
    list: async (name: string): Promise<string[]> => readdir(at(name)),
    run: async (
      script: string,
      args: readonly string[] = [],
      env: Readonly<Record<string, string>> = {},
    ): Promise<Ran> => {
      const { exitCode, stdout, stderr } = await execa('sh', [at(`usr/lib/caisson/${script}`), ...args], {
        env: { PATH: `${at('bin')}:/usr/sbin:/usr/bin:/sbin:/bin`, ...env },
        extendEnv: false,
        reject: false,
      });
      return { exitCode, stdout, stderr };
    },
    /** Of the partition, as the selector would read it; null for none. */
    state: async (partition: string): Promise<Record<string, string> | null> => {
      const bytes = await readFile(at(`dev/caisson/${partition}`));
      const place = findGrubenv(bytes);
      return place === null ? null : decodeGrubenv(bytes.subarray(place, place + GRUBENV_BYTES));
    },
  };
}

function moved(script: string, root: string): string {
  // What is a device there is a file here.
  const lines = script.replaceAll('>/dev/console', '>>/dev/console');
  const own = MOVED.reduce((text, each) => text.replaceAll(each, `${root}${each}`), lines);
  return own.replace(/^export PATH=.*?( LC_ALL=C)?$/m, 'export LC_ALL=C');
}

export type Machine = Awaited<ReturnType<typeof machineIn>>;

/** Bytes of a partition with a selector: a first sector, a state at sector `at`, and `fill` everywhere else. */
export function selectorBytes(
  state: Readonly<Record<string, string>>,
  { fill, at = 9, sectors = 1200 }: { fill: number; at?: number; sectors?: number },
): Buffer {
  const bytes = Buffer.alloc(sectors * 512, fill);
  // Not the one: it stands at no sector's begin.
  bytes.write('\n# GRUB Environment Block\n', 3000);
  bytes.set(encodeGrubenv(state), at * 512);
  return bytes;
}
