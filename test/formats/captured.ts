/**
 * What machines showed of themselves. `secure-boot.log`: binary_bios_measurements of a machine of QEMU with swtpm and
 * Debian 13's OVMF, under Secure Boot with keys of its own: shim 16.1, GRUB 2.12, a UKI on systemd 257's stub. `writes.log`: what blklogwrites of
 * QEMU 10.0 kept of qemu-io's commands (write -P 0x11 0 4096, write -P 0x22 8192 512, flush, write -P 0x33 512 1024,
 * write -z 65536 8192, discard 131072 65536, write -P 0x44 262144 1536, flush) on an empty disk of 1 MiB.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A copy of its own: tests damage it. */
export function captured(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(new URL(`./captured/${name}.gz`, import.meta.url))));
}

/** /sys/class/tpm/tpm0/pcr-sha256 of that machine, those that anything was extended into before the kernel ran. */
export const PCRS: Readonly<Record<number, string>> = {
  0: 'a2ae8347409a34455ae691b7f4f48233f3b51f3f36489bd4f19df99ee8e67f14',
  1: 'a4c5583bf8c449b03911b4be8cb91b7db67bc562545b5a79854e406912d1ba45',
  2: '3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969',
  3: '3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969',
  4: 'eb905082007471c31c66dc3e7e3e52d267ac48a4cf8155003b7d5a503c17f1d1',
  5: 'da6303bebb614492424bccdf2507dce648a186766cd6491ceb7cf84b4b58f32b',
  6: '3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969',
  7: 'dac960d364433f171322c676baeb86a5ac14da5705a39291e6f94c220cd5babb',
  9: '8bd5b2451d2cd87f5b3ee7bf41536e5afabd4b26169a38255864d3a044fd6751',
  11: 'fa37c906f2c1e31370bea0e6bf36e221305b612a3f86ae2aaae91158c6ccbf49',
  12: '841134017f34b44cd4a9b81584f4dae17cad8957a8c9557b41e2b8203a7853b4',
  14: '1dd2c3c78e629ad7ecc3789c06f7b41feaf3cc9a6d5ee4256e41c64c89910f22',
};

/** SHA-256 of that disk of 1 MiB, as qemu-img converted it to a raw one. */
export const WRITTEN_DISK = '81c8d0ec3883b48388ae8a62de2b7bcc6637c843215263ff076f186b8e3460fc';
