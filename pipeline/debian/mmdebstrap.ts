/** The call of mmdebstrap(1) that makes a rootfs tar from a local repository of exactly the resolved packages. */
import type { Manifest } from '../config/types.ts';

export interface Bootstrap {
  manifest: Manifest;
  /** Directory with Packages, Release and the .deb files, as mmdebstrap sees it. */
  repository: string;
  /** Tar to write. */
  out: string;
}

export function mmdebstrapArgv({ manifest, repository, out }: Bootstrap): string[] {
  const purge = manifest.removePackages.join(' ');
  return [
    'mmdebstrap',
    // The sandbox gives it all ids and capabilities already.
    '--mode=root',
    `--variant=${manifest.variant}`,
    `--architectures=${manifest.architecture}`,
    '--format=tar',
    // What dpkg says is the progress that is shown, and the log.
    '--verbose',
    `--include=${manifest.packages.join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    // The bytes reach the disk with the tar; syncing a throw-away directory is wasted time.
    '--dpkgopt=force-unsafe-io',
    ...manifest.exclude.map(glob => `--dpkgopt=path-exclude=${glob}`),
    // Names were checked against Debian's syntax, so they are safe in the hook's shell.
    ...(purge === '' ? [] : [`--customize-hook=chroot "$1" dpkg --purge --force-all ${purge}`]),
    // Made by openssh-server's installation: secrets do not belong in a store, nor do they come out the same twice.
    '--customize-hook=rm -f "$1"/etc/ssh/ssh_host_*_key "$1"/etc/ssh/ssh_host_*_key.pub',
    manifest.suite,
    out,
    `deb [trusted=yes] copy:${repository} ./`,
  ];
}

/** Release file of that repository: mmdebstrap picks essential packages by suite, so the suite must be named. */
export function releaseFile(manifest: Manifest, packages: { sha256: string; bytes: number }): string {
  const { suite, architecture } = manifest;
  return `Origin: Caisson\nSuite: ${suite}\nCodename: ${suite}\nArchitectures: ${architecture}\nSHA256:\n ${packages.sha256} ${packages.bytes} Packages\n`;
}
