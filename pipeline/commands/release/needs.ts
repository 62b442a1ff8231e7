/** What a project must have before it can make releases. */
import type { Lock } from '../../config/lock.ts';
import type { SigningKey } from '../../config/types.ts';
import { UsageFault } from '../context.ts';
import type { LoadedProject, Prepared } from '../build/prepare.ts';

/** Throws UsageFault when the definition names none. */
export function releaseKey({ image }: LoadedProject): SigningKey {
  if (image.release !== null) return image.release;
  throw new UsageFault(
    `${image.name} names no key that signs releases`,
    'add `release: { key: keys/release.key, certificate: keys/release.crt }` to the definition; `caisson keys new` makes them',
  );
}

/** The lock that the image is made by. Throws UsageFault when there is none. */
export function releaseLock({ image, lock }: LoadedProject): Lock {
  if (lock !== null) return lock;
  throw new UsageFault(
    `${image.name} has no lock file, and a release is made of the packages of one`,
    `make one: caisson lock ${image.name}`,
  );
}

/** Formats whose files are read here; the SBOM is of what is in one. */
const READ = /\.(vhdx|vhd|raw)$/;

/** Name of the file by which the image is read once more. Throws UsageFault when none is made. */
export function releaseDisk({ image, steps }: Prepared['plan']): string {
  const found = steps.find(({ publishes }) => publishes !== null && READ.test(publishes))?.publishes;
  if (found != null) return found;
  throw new UsageFault(
    `no file of ${image.name} is a disk that is read here, and the SBOM of a release is made of what is in one`,
    'add vhdx, vhd or raw to --format',
  );
}
