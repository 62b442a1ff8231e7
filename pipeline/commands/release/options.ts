/** What a release is made of. */
import type { BuildOptions } from '../build.ts';

export interface ReleaseOptions extends Omit<BuildOptions, 'bundle' | 'update'> {
  /** Null: as the definition says. */
  version: string | null;
  /** Earlier releases, from which this one gets a smaller update: folders, or full bundles. */
  from: readonly string[];
  /** URI of who answers for this machine. */
  builder: string;
  /** Version of this program. */
  caisson: string;
}
