/** Tries claims on copies of an image: makes the copies, and leads machines through the scenarios that are wanted. */
import type { Claim } from '../../claims/claim.ts';
import { hostileFiles } from '../../claims/hostile-data.ts';
import { withImage } from '../../disk/read.ts';
import type { Firmware } from '../../engine/machine/firmware.ts';
import type { Declaration } from '../../formats/declaration.ts';
import type { ProvenBoot, ProvenClaim } from '../../formats/proof.ts';
import { place, symlink, textFile, type Tree } from '../../tree/tree.ts';
import type { CommandContext } from '../context.ts';
import { diskFile } from '../image/disk-file.ts';
import { diskParts } from './disk-parts.ts';
import { provingFirmware } from './firmware.ts';
import { diskOf, predictedPcrsOf, rootHashesOf } from './image-facts.ts';
import { legsOfUpdates } from './legs-of-updates.ts';
import { legsOfAttacked, legsOfDamaged, legsOfImage, legsOfOne, legsOfTwo, type LegOptions } from './legs.ts';
import { neededScenarios } from './pick.ts';
import { updateBundles } from './bundles/update-bundles.ts';
import { runTrack, type TrackOptions, type TrackResult } from './track.ts';
import { openWorkshop, type WorkshopOptions } from './workshop.ts';

export interface Proving extends WorkshopOptions {
  claims: readonly Claim[];
  /** What names the firmware's keys; null: the image says which it needs. */
  secureBoot: string | null;
}

export interface Run {
  claims: ProvenClaim[];
  boots: ProvenBoot[];
  network: string;
}

export async function runClaims(context: CommandContext, proving: Proving): Promise<Run> {
  const { environment, signal, emit } = context;
  const { file, declaration, claims, scratch, secureBoot } = proving;
  const workshop = await openWorkshop(context, proving);
  const { tools, made } = workshop;
  const access = { file, tools, environment, scratch, signal };
  const [one, two] = [await workshop.copy('one', new Map()), await workshop.copy('two', new Map())];
  const [diskOne, diskTwo] = [await diskOf(one), await diskOf(two)];
  const needed = neededScenarios(claims);
  const attacked = needed.includes('attacked') ? await workshop.copy('attacked', plantedBy(declaration)) : one;
  return withImage(one, async opened => {
    const disk = await diskParts(opened, { ...access, file: one });
    const firmware: Firmware = await provingFirmware(secureBoot, { declaration, disk, scratch });
    const legs: LegOptions = {
      declaration,
      image: await diskFile(file),
      one: await diskFile(one),
      two: await diskFile(two),
      attacked: await diskFile(attacked),
      disk,
      firmware,
      diskBytes: diskTwo.bytes,
      key: made.keys.user,
      tpm: claims.some(each => each.name.startsWith('tpm-')),
      scratch,
      ...workshop,
    };
    const rootHashes = await rootHashesOf(file, access);
    const predicted = await predictedPcrsOf(one, firmware, access);
    const track: TrackOptions = {
      claims,
      needed,
      watchers: [],
      prepared: new Map(),
      subject: {
        declaration,
        keys: made.keys,
        image: { rootHashes, diskGuid: diskOne.guid, otherDiskGuid: diskTwo.guid, disk, predictedPcrs: predicted },
      },
      emit,
      signal,
    };
    const watchers = claims.filter(each => each.scenario === 'other');
    const results = [
      await runTrack(legsOfOne(legs), { ...track, watchers }),
      await runTrack(legsOfTwo(legs), track),
      await runTrack(legsOfImage(legs), track),
      await runTrack(
        legsOfUpdates(legs, async () => updateBundles(context, { image: opened, disk, declaration, tools, scratch })),
        track,
      ),
      await runTrack(legsOfAttacked(legs), track),
      ...(await runDamaged(legs, track)),
    ];
    return {
      claims: results.flatMap(each => each.claims),
      boots: results.flatMap(each => each.boots),
      network: [...workshop.networks].join('; '),
    };
  });
}

/** Each has a machine of its own, one after the other. */
async function runDamaged(legs: LegOptions, track: TrackOptions): Promise<TrackResult[]> {
  const results: TrackResult[] = [];
  for (const claim of track.claims.filter(each => each.scenario === 'damaged'))
    results.push(await runTrack(legsOfDamaged(legs, claim), { ...track, claims: [claim] }));
  return results;
}

/** Files that the attacker leaves on Data, as a tree. */
function plantedBy(declaration: Declaration): Tree {
  const tree: Tree = new Map();
  for (const [path, file] of Object.entries(hostileFiles(declaration)))
    place(tree, path, 'text' in file ? textFile(file.text) : symlink(file.target));
  return tree;
}
