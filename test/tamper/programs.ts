/** Programs of the boot partition as `inspect` sees them: of the UKI each profile asks for the roots of the test's disk. */
import type { InspectedProgram } from '../../pipeline/formats/inspection.ts';
import { decodeEfiProgram } from '../../pipeline/formats/uki.ts';
import { spyOn } from '../formats/made.ts';

/** Of the fixture `fec-2`, as veritysetup said. */
export const FEC_ROOT_HASH = '9bc6dbd8df752f870ecea84b9ac3a8b02abfb1c1a9d9a2d3d59c3ce5e671cb1a';

export async function decodeUkiProgram(bytes: Uint8Array, path: string): Promise<InspectedProgram> {
  const program = await decodeEfiProgram(spyOn(bytes).read, bytes.length);
  // The loaders are add-ons, to be short.
  if (!path.includes('SLOT')) return { ...program, kind: 'program', profiles: [], signers: [] };
  const root = { hash: FEC_ROOT_HASH, partitions: ['SandA', 'SandB'] };
  return {
    ...program,
    signers: [],
    profiles: program.profiles.map(profile => ({ ...profile, root, pcr11: '' })),
  };
}
