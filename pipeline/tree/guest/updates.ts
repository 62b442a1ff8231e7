/** How the machine takes updates: what RAUC is told, and who may ask it. Pure. */
import type { DeclaredUpdates } from '../../formats/declaration.ts';
import { partitionIn, slotContents, slotsOf, type Slotted } from '../../config/slots.ts';

export interface UpdateSources extends DeclaredUpdates {
  /** PEM text: certificates whose signatures count. */
  keyring: string;
  /** Content that holds the selector; null for a definition without one. */
  selector: string | null;
}

const KEYRING = '/usr/lib/caisson/update-keyring.pem';
const CONFIGURATION = '/usr/lib/rauc/system.conf';

/** Path -> text. */
export function updateFiles(
  { compatible, keyring, selector }: UpdateSources,
  partitions: readonly Slotted[],
): Record<string, string> {
  return {
    [KEYRING]: keyring,
    [CONFIGURATION]: systemConf(compatible, slotSections(partitions, slotContents(partitions, selector))),
    '/usr/lib/systemd/system/rauc.service.d/caisson.conf': SERVICE,
    '/usr/share/dbus-1/system.d/de.pengutronix.rauc.conf': BUS_POLICY,
  };
}

/**
 * RAUC's reference, "System Configuration File". Slots are `raw` and the status is on Data: RAUC writes into no slot
 * but what a bundle brings (rauc#624). Why not RAUC's own backend for GRUB: decision 0020.
 */
function systemConf(compatible: string, slots: readonly string[]): string {
  return `# Made from \`updates:\` of the image definition and from the layout.
[system]
compatible=${compatible}
bootloader=custom
bundle-formats=verity
data-directory=/var/lib/rauc
mountprefix=/run/rauc/mnt
activate-installed=true

[handlers]
bootloader-custom-backend=/usr/lib/caisson/rauc-boot
pre-install=/usr/lib/caisson/pre-install
post-install=/usr/lib/caisson/post-install

[keyring]
path=${KEYRING}
check-purpose=codesign
allow-partial-chain=false
use-bundle-signing-time=false

${slots.join('\n')}`;
}

/** The first content, the root, has the name by which the selector knows the slot; all others belong to it. */
function slotSections(partitions: readonly Slotted[], contents: readonly string[]): string[] {
  return slotsOf(partitions).flatMap((slot, index) =>
    contents.map(
      (content, place) => `[slot.${content}.${index}]
device=/dev/caisson/${partitionIn(partitions, { content, slot })?.name ?? ''}
type=raw
${place === 0 ? `bootname=${slot}` : `parent=${contents[0] ?? ''}.${index}`}
`,
    ),
  );
}

/** It mounts bundles, makes devices of them, writes slots, and runs what downloads as nobody; nothing else. */
const SERVICE = `[Service]
ExecStartPre=-+/usr/sbin/modprobe --all --quiet dm_verity loop nbd squashfs
ExecStart=
ExecStart=/usr/bin/rauc --conf=${CONFIGURATION} --mount=/run/rauc/mnt service
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_CHOWN CAP_SETUID CAP_SETGID CAP_LEASE CAP_KILL
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=read-only
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectSystem=full
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
`;

/** Debian's lets everybody ask. */
const BUS_POLICY = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <!-- Only root installs updates. -->
  <policy user="root">
    <allow own="de.pengutronix.rauc"/>
    <allow send_destination="de.pengutronix.rauc"/>
  </policy>
</busconfig>
`;
