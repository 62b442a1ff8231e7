/** Installations on a machine that is proven, and the way back from those that fail. */
import path from 'node:path';
import { quoted } from '../../claims/ask.ts';
import { ClaimFault } from '../../claims/fault.ts';
import { INSTALL_NOTE, RETURN_NOTE } from '../../claims/update-notes.ts';
import { BUNDLE_FOLDER, bundleFile, INSTALL_SECONDS, type BundleName } from '../../claims/updates.ts';
import { BuildFault } from '../../engine/fault.ts';
import type { GuestMachine, Outside } from '../../engine/machine/guest-machine.ts';
import { mustRun } from './legs.ts';

/** Three tries of a system that does not come up, or one whose health check waits before it gives up. */
const FALLING_BACK_SECONDS = 900;

/** The disk with the bundles is a file system without a partition table; whatever the kernel calls it. */
const MOUNT = `mkdir -p ${BUNDLE_FOLDER}
mountpoint -q ${BUNDLE_FOLDER} || for each in /sys/class/block/sd? /sys/class/block/vd?; do
  [ -e "$each" ] && mount -t erofs -o ro "/dev/\${each##*/}" ${BUNDLE_FOLDER} 2>/dev/null && break
done
test -e ${bundleFile('good')}`;

/** A slot on trial may not be the only good one, and a state that changes is nobody's but the health check's. */
const WHEN_MARKED = 'caisson health >/dev/null || true';

/** Bundles are at hand, and nothing is on trial. */
export async function prepareInstall(machine: GuestMachine): Promise<void> {
  await mustRun(machine, `${MOUNT}\n${WHEN_MARKED}`);
}

export async function install(machine: GuestMachine, bundle: BundleName): Promise<void> {
  await prepareInstall(machine);
  await noteInstall(machine, bundleFile(bundle));
}

/** From a server by https, whose certificate the machine is told to trust. `folder` is one of the machine's scratch folder. */
export async function installServed(machine: GuestMachine, outside: Outside, folder: string): Promise<void> {
  const server = await outside.serve(folder);
  const authority = '/var/lib/caisson/ca-certificates/prove-server.crt';
  try {
    await mustRun(
      machine,
      `mkdir -p ${path.dirname(authority)}; printf %s ${quoted(server.certificate)} >${authority}
systemctl restart caisson-ca-certificates
${WHEN_MARKED}`,
    );
    await noteInstall(machine, `${server.url}/good.raucb`);
    await mustRun(machine, `rm ${authority}; systemctl restart caisson-ca-certificates`);
  } finally {
    await server.stop();
  }
}

/** Seconds, source, and KiB that are free on Data before and after. */
async function noteInstall(machine: GuestMachine, source: string): Promise<void> {
  const { exitCode, stdout, stderr } = await machine.sh(
    `free() { df --output=avail -k /var/lib/caisson | tail -n 1 | tr -d ' '; }
read -r start _ </proc/uptime; before=$(free)
rauc install ${quoted(source)} 2>&1 || exit 1
read -r end _ </proc/uptime
echo "$((\${end%.*} - \${start%.*})) ${source} $before $(free)" >${INSTALL_NOTE}`,
    { limitSeconds: INSTALL_SECONDS },
  );
  if (exitCode !== 0) throw new ClaimFault(`rauc install of ${source} failed: ${(stdout + stderr).trim().slice(-300)}`);
}

/** Reboots, waits until this slot serves again, and notes how many seconds that took. */
export async function comesBack(machine: GuestMachine, slot: 'A' | 'B'): Promise<GuestMachine> {
  const from = machine.console.length;
  const start = performance.now();
  // The connection may be gone before the answer.
  await machine.sh('systemctl reboot').catch((error: unknown) => {
    if (!(error instanceof BuildFault)) throw error;
  });
  const ready = new RegExp(String.raw`\bcaisson: ready: .* slot ${slot}\b`);
  await machine.waitForLine(ready, { from, limitSeconds: FALLING_BACK_SECONDS });
  await machine.connect(machine.console.findLastIndex(line => ready.test(line)));
  const seconds = Math.round((performance.now() - start) / 1000);
  await mustRun(machine, `echo ${seconds} >${RETURN_NOTE}`);
  return machine;
}
