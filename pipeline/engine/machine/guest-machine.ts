/** A booted copy of an image, as claims see it. */
import type { Part } from '../../formats/vhdx/shape.ts';
import type { Firmware } from './firmware.ts';
import type { WebServer } from './web-server.ts';

export interface Ran {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface GuestMachine {
  /**
   * Runs a POSIX sh script in the guest as root, over the one multiplexed connection; its stdin is empty. Rejects when
   * the connection is lost or `limitSeconds` (default 120) are over.
   */
  sh(script: string, options?: { limitSeconds: number }): Promise<Ran>;
  /** Lines of the serial console so far, without CR and escape sequences; of all boots of this machine. */
  readonly console: readonly string[];
  /**
   * Sends keys to the serial console, as somebody at it would; "\r" is Enter. A prompt has no end of line: it shows among
   * the lines when the next one begins, so send Enter twice.
   */
  type(text: string): void;
  /** Resolves with the first line at or after index `from` that fits; rejects when the machine ends or time is over. */
  waitForLine(pattern: RegExp, options: { from: number; limitSeconds: number }): Promise<string>;
  /** Host keys that the guest printed on its console at its last boot, "ssh-ed25519 AAAA…". */
  readonly hostKeys: readonly string[];
  /** Seconds from power-on (or reset) to the ready line of the last boot; null before. */
  readonly bootSeconds: number | null;
  /** The same in parts, each null until it was seen. */
  readonly bootTimes: BootTimes;
  /** How often it was booted (a reset or `reboot` inside counts). */
  readonly boots: number;
  /** `reboot` in the guest; resolves when the next ready line came and the connection stands again. */
  reboot(): Promise<void>;
  /** A hard reset, as by the hypervisor; does not wait for anything. */
  reset(): Promise<void>;
  /** Waits for a ready line at or after console index `from` and connects anew. */
  connect(from: number): Promise<void>;
  /** Power off by ACPI, forced after 60 s; resolves when QEMU has ended. The disk layer stays in scratch. */
  powerOff(): Promise<void>;
  /** As by a plug pulled: QEMU is killed in the midst of what it does. The disk layer stays in scratch as it is then. */
  cutPower(): Promise<void>;
  /** Ends everything at once: for machines that failed. Never rejects. */
  kill(): Promise<void>;
  /** What stands on the other side of the tap; null when this machine runs on QEMU's user network (then only `sh` works). */
  readonly outside: Outside | null;
  /** Why `outside` is null. */
  readonly noOutside: string;
}

/** Seconds of wall time since power-on. */
export interface BootTimes {
  /** The kernel began: firmware, selector and loading are over. By its lines on the console, else (after a login) by its own clock. */
  kernel: number | null;
  /** systemd began, likewise. */
  init: number | null;
  ready: number | null;
}

export interface Outside {
  /** Address that the guest got by DHCP. Throws before the first ready line. */
  readonly guest4: string;
  /** Global address that the guest gave itself after the router's advertisement. Throws before the first ready line. */
  readonly guest6: string;
  /** Source addresses that nobody used yet, with a rate-limit budget of their own: `v6` is in a /64 of its own. */
  take(): Promise<{ v4: string; v6: string }>;
  /** Another address of the /64 of `v6`, which `take` gave. */
  takeNeighbour(v6: string): Promise<string>;
  /** Runs a program of the vm-tools tree (nmap, socat, ping, ip, ssh …) in the network namespace; never rejects for exit codes. */
  run(argv: readonly string[], options: { limitSeconds: number }): Promise<Ran>;
  /** Serves a folder of the machine's scratch folder by https. */
  serve(folder: string): Promise<WebServer>;
  /** One SSH attempt with its own connection from `source` (v4 or v6 address): no multiplexing. */
  ssh(attempt: SshAttempt): Promise<Ran>;
  /** Starts a connection to a TCP port and says whether it was accepted within `seconds`. */
  tcp(options: {
    source: string;
    target: string;
    port: number;
    seconds: number;
  }): Promise<'open' | 'refused' | 'no answer'>;
}

export interface SshAttempt {
  source: string;
  user: string;
  /** Host path of a private key; null for none. */
  key: string | null;
  /** Host path of a certificate for that key; null for none. */
  certificate: string | null;
  command: string;
  /** Options of ssh(1), e.g. ['-o', 'PreferredAuthentications=password']; they go before ours, so they win. */
  extra: readonly string[];
}

/** A file that holds a disk; `diskFile(path)` in commands/image/disk-file.ts makes it. */
export interface DiskFile {
  path: string;
  format: 'vhdx' | 'vhd' | 'raw';
  logicalSectorSize: number;
}

/** What a scenario starts from: `startMachine(request, { environment, tree, signal })` in engine/machine/start.ts. */
export interface MachineRequest {
  /** Provisioned copy; never written: all writes go to a layer in scratch. */
  image: DiskFile;
  /** Host path of the private key that logs in. */
  key: string;
  user: string;
  memoryMiB: number;
  cpus: number;
  tpm: boolean;
  /** Never written either. They come before the image's in bus order. */
  otherDisks: readonly DiskFile[];
  /** systemd credentials given as SMBIOS strings, e.g. systemd.extra-unit.NAME; {} for none. */
  credentials: Readonly<Record<string, string>>;
  /** Scratch folder of this machine; the layers in it are reused when they exist. */
  scratch: string;
  /** Bytes to grow the disk to before the start ("from outside"); 0 leaves it. */
  growTo: number;
  firmware: Firmware;
  /** Written into the layer before the first start, at byte offsets of the disk. */
  damage: readonly Part[];
  /** Keep all that is written to the disk, from its first start on, in WRITE_LOG of scratch (qemu.ts)? */
  logWrites: boolean;
  /** Connect over SSH when ready? False for images nobody can log in to: then it resolves at the ready line. */
  login: boolean;
}
