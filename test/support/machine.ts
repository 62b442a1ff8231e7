/** Boots an image and lets a shell script speak from inside, without changing a byte of the image. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { withImage } from '../../pipeline/disk/read.ts';
import { bootWatched } from '../../pipeline/engine/machine/boot.ts';
import { testEnvironment } from './caisson.ts';

/** Printed last: without it the script was cut off. */
const END = 'CAISSON-PROBE-END';
const LIMIT = 300_000;

export interface Probed {
  /** `name=value` lines that the script printed. */
  facts: Record<string, string>;
  console: string[];
}

/**
 * Boots `image` and runs `script` in it once multi-user.target is reached: as a unit that systemd takes from an SMBIOS
 * credential (systemd.extra-unit.*, see systemd.system-credentials(7)). The machine powers off at its end.
 * An image whose systemd-debug-generator is masked, as eflow's is, takes no such unit.
 */
export async function probe(
  image: string,
  options: { script: string; tree: string; scratch: string; cache: string },
): Promise<Probed> {
  const lines: string[] = [];
  const limit = AbortSignal.timeout(LIMIT);
  const { format, sectorSize } = await withImage(image, async each => ({
    format: each.format,
    sectorSize: each.sectorSize,
  }));
  const unit = `[Unit]
Description=probe of a test
After=multi-user.target
[Service]
Type=exec
StandardOutput=file:/dev/ttyS1
ExecStart=/bin/sh -c 'systemctl is-system-running --wait >/dev/null; eval "$(echo ${Buffer.from(options.script).toString('base64')} | base64 -d)"; printf "\\n${END}\\n"; sleep 3; systemctl poweroff --force --force'
`;
  const credentials = {
    'systemd.extra-unit.probe.service': unit,
    'systemd.unit-dropin.multi-user.target': '[Unit]\nWants=probe.service\n',
  };
  await mkdir(options.scratch, { recursive: true });
  try {
    await bootWatched(
      {
        image: { path: image, format, logicalSectorSize: sectorSize },
        memoryMiB: 1024,
        cpus: 2,
        credentials,
        network: 'none',
        otherDisks: [],
        tpm: false,
        firmware: { kind: 'open' },
        logWrites: false,
        serialFiles: ['probe.txt'],
      },
      {
        environment: testEnvironment(options.cache),
        tree: options.tree,
        scratch: options.scratch,
        signal: limit,
        onLine: line => lines.push(line),
        log: path.join(options.scratch, 'console.log'),
      },
    );
  } catch (error) {
    throw new Error(`the machine did not come to its end: ${String(error)}\n${lines.slice(-40).join('\n')}`, {
      cause: error,
    });
  }
  const said = (await readFile(path.join(options.scratch, 'probe.txt'), 'utf8')).split(/\r?\n/);
  if (!said.includes(END))
    throw new Error(`the probe did not speak to its end:\n${said.join('\n')}\n${lines.slice(-40).join('\n')}`);
  const facts = said.flatMap(line => {
    const cut = line.indexOf('=');
    return cut === -1 ? [] : [[line.slice(0, cut).trim(), line.slice(cut + 1).trim()] as const];
  });
  return { facts: Object.fromEntries(facts), console: lines };
}
