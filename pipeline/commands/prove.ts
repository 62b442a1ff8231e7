/** caisson prove: boots copies of an image, tries every promise it makes, and says what came of each. */
import { setMaxListeners } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import type { Claim } from '../claims/claim.ts';
import { CLAIMS } from '../claims/index.ts';
import { makeScratch, withCache } from '../engine/cache.ts';
import { digestFile } from '../engine/digest.ts';
import { startMachine } from '../engine/machine/start.ts';
import { timed } from '../engine/timed.ts';
import { acceleration } from '../engine/machine/qemu.ts';
import type { Declaration } from '../formats/declaration.ts';
import type { Proof, ProvenBoot, ProvenClaim } from '../formats/proof.ts';
import { drawClaims, drawProof } from '../report/proof.ts';
import { vmTree } from './boot.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { diskFile } from './disk-file.ts';
import { diskOf, rootHashesOf } from './prove/image-facts.ts';
import { makeKeys } from './prove/keys.ts';
import { legsOfImage, legsOfOne, legsOfTwo, type LegOptions } from './prove/legs.ts';
import { neededScenarios, pickClaims } from './prove/pick.ts';
import { reportPlace, writeReports } from './prove/reports.ts';
import { runTrack, type TrackOptions } from './prove/track.ts';
import { provisionCopy } from './provision-copy.ts';
import { imageFile } from './image-file.ts';
import { withTable } from './image-place.ts';
import { readDeclaration } from './image-declaration.ts';
import { manifestNames, namedToolsTree } from './tools-tree.ts';

export interface ProveOptions {
  /** A file, or the name of an image that was built. */
  image: string;
  /** Output folder of builds. */
  out: string;
  /** Folder for the reports; null for that of the image. */
  report: string | null;
  /** Names of claims; empty for all. */
  only: readonly string[];
  list: boolean;
}

const MEMORY_MIB = 1024;

/** 0 when all is proven, 1 when a claim failed or could not be tried. */
export async function prove(context: CommandContext, options: ProveOptions): Promise<ExitCode> {
  return withCache(context, async () => {
    const file = await imageFile(options.image, options.out);
    const place = await reportPlace(file, options.report);
    const declaration = await declarationOf(context, { file, image: options.image });
    const claims = pickClaims(CLAIMS, declaration, options.only);
    if (options.list) {
      context.print(listClaims(claims, declaration, context));
      return 0;
    }
    const proof = await proveImage(context, { file, image: options.image, declaration, claims });
    await writeReports(proof, { place, emit: context.emit });
    context.print(context.json ? `${JSON.stringify(proof)}\n` : `${drawProof(proof, context)}\n`);
    return proof.passed ? 0 : 1;
  });
}

async function declarationOf(
  context: CommandContext,
  { file, image }: { file: string; image: string },
): Promise<Declaration> {
  const tools = await namedToolsTree(context, (await manifestNames(context, image)).tools);
  const scratch = await makeScratch(context.environment, 'prove');
  try {
    return await withTable(context, { image: file, out: '' }, async opened =>
      readDeclaration(opened, { ...context, tools, scratch }),
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function listClaims(claims: readonly Claim[], declaration: Declaration, context: CommandContext): string {
  const listed = claims.map(each => ({
    name: each.name,
    promise: each.promise(declaration),
    scenario: each.scenario,
    tried: each.tried,
  }));
  const { image, version } = declaration;
  return context.json
    ? `${JSON.stringify({ image, version, claims: listed }, null, 2)}\n`
    : `${drawClaims({ image, version, claims: listed }, context)}\n`;
}

interface Proving {
  file: string;
  image: string;
  declaration: Declaration;
  claims: readonly Claim[];
}

async function proveImage(context: CommandContext, proving: Proving): Promise<Proof> {
  const { environment, signal } = context;
  const start = performance.now();
  // Machines, and the programs around them, of all claims that run at once: more than Node takes for a leak.
  setMaxListeners(0, signal);
  const before = await digestFile(proving.file, signal);
  const [, accelerator = ''] = await acceleration();
  const scratch = await makeScratch(environment, 'prove');
  try {
    const { claims, boots, network } = await runAll(context, { ...proving, scratch });
    const after = await digestFile(proving.file, signal);
    const order = proving.claims.map(each => each.name);
    return {
      format: 1,
      image: proving.declaration.image,
      version: proving.declaration.version,
      file: {
        name: path.basename(proving.file),
        bytes: before.bytes,
        sha256: before.sha256,
        sha256After: after.sha256,
      },
      passed: before.sha256 === after.sha256 && claims.every(each => each.verdict === 'passed'),
      seconds: Math.round((performance.now() - start) / 100) / 10,
      host: {
        accelerator: accelerator.startsWith('kvm') ? 'kvm' : 'tcg',
        cpus: processors(),
        memoryMiB: MEMORY_MIB,
        node: process.versions.node,
        network,
      },
      boots,
      claims: claims.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
    };
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Copies are only made when a scenario wants them. */
async function runAll(
  context: CommandContext,
  { file, image, declaration, claims, scratch }: Proving & { scratch: string },
): Promise<{ claims: ProvenClaim[]; boots: ProvenBoot[]; network: string }> {
  const { environment, signal, emit } = context;
  const names = await manifestNames(context, image);
  const [tools, tree] = [await namedToolsTree(context, names.tools), await vmTree(context, names)];
  const folder = path.join(scratch, 'keys');
  await mkdir(folder, { mode: 0o700 });
  const made = await makeKeys(folder, { tree, user: declaration.ssh?.user ?? '', environment, signal });
  const copy = async (name: string): Promise<string> => {
    const out = path.join(scratch, `${name}${path.extname(file)}`);
    const summary = `provisioned copy ${name} of the image`;
    return timed({ id: `copy ${name}`, summary }, { emit, signal }, async () => {
      await provisionCopy(context, {
        image: file,
        out,
        hostname: `caisson-${name}`,
        ...made,
        dataSize: null,
        logSize: null,
      });
      return { value: out, detail: '' };
    });
  };
  const [one, two] = [await copy('one'), await copy('two')];
  const [diskOne, diskTwo] = [await diskOf(one), await diskOf(two)];
  const networks = new Set<string>();
  const legs: LegOptions = {
    declaration,
    image: await diskFile(file),
    one: await diskFile(one),
    two: await diskFile(two),
    diskBytes: diskTwo.bytes,
    key: made.keys.user,
    memoryMiB: MEMORY_MIB,
    cpus: processors(),
    tpm: claims.some(each => each.name.startsWith('tpm-')),
    scratch,
    start: async request => {
      const machine = await startMachine(request, { environment, tree, signal });
      networks.add(machine.outside === null ? machine.noOutside : 'tap in a network namespace of its own');
      return machine;
    },
  };
  const rootHashes = await rootHashesOf(file, { tools, environment, scratch, signal });
  const track: TrackOptions = {
    claims,
    needed: neededScenarios(claims),
    watchers: [],
    prepared: new Map(),
    subject: {
      declaration,
      keys: made.keys,
      image: { rootHashes, diskGuid: diskOne.guid, otherDiskGuid: diskTwo.guid },
    },
    emit,
    signal,
  };
  const watchers = claims.filter(each => each.scenario === 'other');
  const results = [
    await runTrack(legsOfOne(legs), { ...track, watchers }),
    await runTrack(legsOfTwo(legs), track),
    await runTrack(legsOfImage(legs), track),
  ];
  return {
    claims: results.flatMap(each => each.claims),
    boots: results.flatMap(each => each.boots),
    network: [...networks].join('; '),
  };
}

function processors(): number {
  return Math.min(2, cpus().length);
}
