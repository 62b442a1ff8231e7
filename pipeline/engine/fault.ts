/** Faults that only show when the world outside the YAML is asked; each says what to do. */
import type { Manifest } from '../config/types.ts';

/** A build that cannot go on for a reason its user can mend: one message, no stack. */
export class BuildFault extends Error {
  readonly hint: string;
  constructor(message: string, hint = '') {
    super(message);
    this.name = 'BuildFault';
    this.hint = hint;
  }
}

/** A key, certificate or token that cannot sign: told before anything is built, as a mistake in the definition is. */
export class SigningFault extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'SigningFault';
    this.hint = hint;
  }
}

/** A manifest names a package that its mirrors do not have. */
export class PackageFault extends Error {
  readonly manifest: Manifest;
  readonly packageName: string;
  /** Every name the mirrors do have. */
  readonly known: readonly string[];
  constructor(manifest: Manifest, packageName: string, known: readonly string[]) {
    super(`no package "${packageName}" in ${manifest.suite} of ${manifest.mirrors.map(each => each.url).join(', ')}`);
    this.name = 'PackageFault';
    this.manifest = manifest;
    this.packageName = packageName;
    this.known = known;
  }
}
