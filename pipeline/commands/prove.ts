/** caisson prove: boots copies of an image, tries every promise it makes, and says what came of each. */
import { setMaxListeners } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Claim } from '../claims/claim.ts';
import { CLAIMS } from '../claims/index.ts';
import { makeScratch, withCache } from '../engine/cache.ts';
import { digestFile } from '../engine/digest.ts';
import { acceleration } from '../engine/machine/qemu.ts';
import type { Declaration } from '../formats/declaration.ts';
import type { Proof } from '../formats/proof.ts';
import { drawClaims, drawProof } from '../report/proof.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { pickClaims } from './prove/pick.ts';
import { reportPlace, writeReports } from './prove/reports.ts';
import { runClaims, type Proving } from './prove/run-claims.ts';
import { proveTampering } from './prove/tamper/tamper.ts';
import { MEMORY_MIB, processors } from './prove/workshop.ts';
import { imageFile } from './image/file.ts';
import { withTable } from './image/place.ts';
import { readDeclaration } from './image/declaration.ts';
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
  /** Flips bits instead of trying claims; null for claims. */
  tamper: { trials: number; seed: number; boot: number } | null;
  /** Folder of the keys of the firmware, or `microsoft`; null: the image says which it needs. */
  secureBoot: string | null;
}

/** 0 when all is proven, 1 when a claim failed or could not be tried. */
export async function prove(context: CommandContext, options: ProveOptions): Promise<ExitCode> {
  return withCache(context, async () => {
    const file = await imageFile(options.image, options.out);
    const place = await reportPlace(file, options.report);
    const declaration = await declarationOf(context, { file, image: options.image });
    const { image, secureBoot, tamper } = options;
    if (tamper !== null) return proveTampering(context, { file, image, place, declaration, secureBoot, ...tamper });
    const claims = pickClaims(CLAIMS, declaration, options.only);
    if (options.list) {
      context.print(listClaims(claims, declaration, context));
      return 0;
    }
    const proof = await proveImage(context, {
      file,
      image: options.image,
      declaration,
      claims,
      secureBoot: options.secureBoot,
    });
    await writeReports(proof, { place, emit: context.emit });
    context.print(context.json ? `${JSON.stringify(proof)}\n` : `${drawProof(proof, context)}\n`);
    return proof.passed ? 0 : 1;
  });
}

async function declarationOf(
  context: CommandContext,
  { file, image }: { file: string; image: string },
): Promise<Declaration> {
  const tools = await namedToolsTree(context, await manifestNames(context, image));
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

async function proveImage(context: CommandContext, proving: Omit<Proving, 'scratch'>): Promise<Proof> {
  const { environment, signal } = context;
  const start = performance.now();
  // Machines, and the programs around them, of all claims that run at once: more than Node takes for a leak.
  setMaxListeners(0, signal);
  const before = await digestFile(proving.file, signal);
  const [, accelerator = ''] = await acceleration();
  const scratch = await makeScratch(environment, 'prove');
  try {
    const { claims, boots, network } = await runClaims(context, { ...proving, scratch });
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
