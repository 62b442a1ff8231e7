/** caisson build --unsigned: what must be signed, as files for the machine that has the key, with the recipe. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeScratch } from '../../engine/cache.ts';
import { toolContext } from '../../engine/tool-runner.ts';
import type { RequestList } from '../../formats/signature-requests.ts';
import type { PlannedStep } from '../../plan/plan.ts';
import { readBy } from '../../plan/reads.ts';
import { count } from '../../report/text.ts';
import { signatureRequests } from '../../stages/sign.ts';
import { withPrepared, type BuildOptions } from '../build.ts';
import { makeSteps } from '../build/make-image.ts';
import { UsageFault, type CommandContext, type ExitCode } from '../context.ts';
import { mustBeNew, withPartFolder } from '../new-files.ts';
import type { Prepared } from '../build/prepare.ts';
import { signingRecipe } from './recipe.ts';

export interface ExportOptions extends BuildOptions {
  /** Folder to make. */
  requests: string;
}

/** Builds what comes before the signatures, and nothing behind them. Throws UsageFault where nothing is signed. */
export async function exportRequests(context: CommandContext, options: ExportOptions): Promise<ExitCode> {
  if (options.bundle)
    throw new UsageFault(
      '--bundle and --unsigned do not go together: what a bundle holds is known when all of it is signed',
      'export without --bundle; then `caisson attach-signatures IMAGE DIR --bundle`, where the key of `updates` is, or a token with it',
    );
  await mustBeNew(options.requests, null);
  return withPrepared<ExitCode>(context, options, async (prepared, out) => {
    const { plan } = prepared;
    const signing = plan.steps.filter(step => step.stage.signs === 'programs');
    if (signing.length === 0)
      throw new UsageFault(
        `${plan.image.name} signs nothing`,
        'build it without --unsigned; or give it a `signing:` section and steps with `stage: sign`',
      );
    const read = signing.map(each => readBy(each, plan.steps));
    const before = { ...plan, steps: plan.steps.filter(({ id }) => read.some(each => each.has(id))) };
    const twice = signing.find(each => before.steps.includes(each));
    if (twice !== undefined)
      throw new UsageFault(
        `a step that signs reads what "${twice.id}" has signed, so there is no first request`,
        'let one of the two sign, and take the other away',
      );
    const results = await makeSteps(context, prepared, { ...options, plan: before, out });
    const scratch = await makeScratch(context.environment, 'requests');
    const target = path.resolve(options.requests);
    try {
      const list = await withPartFolder(context, target, async part => {
        const folder = path.join(part.folder, 'requests');
        await mkdir(folder, { mode: 0o755 });
        const collected = await collect(context, prepared, { signing, results, scratch, folder });
        await writeFile(path.join(folder, 'requests.json'), `${JSON.stringify(collected, null, 2)}\n`);
        await writeFile(path.join(folder, 'sign.sh'), signingRecipe(collected), { mode: 0o755 });
        await mustBeNew(target, null);
        await rename(folder, target);
        return collected;
      });
      context.print(context.json ? `${JSON.stringify({ folder: target, ...list })}\n` : told(options.requests, list));
      return 0;
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

/** Puts the requests of every signing step into `folder`. */
async function collect(
  { environment, signal }: CommandContext,
  { plan, tools }: Prepared,
  {
    signing,
    results,
    scratch,
    folder,
  }: {
    signing: readonly PlannedStep[];
    results: Awaited<ReturnType<typeof makeSteps>>;
    scratch: string;
    folder: string;
  },
): Promise<RequestList> {
  const { name, version, epoch } = plan.image;
  const requests: RequestList['requests'] = [];
  for (const step of signing) {
    const tree = results.get(step.inputs.tree ?? '')?.artifact;
    if (tree === undefined) throw new Error(`${step.id} has no input tree`);
    const work = path.join(scratch, step.id);
    await mkdir(work);
    const context = toolContext({ environment, tools, work, epoch, signal }, { name: 'none', inputs: { tree } });
    const { except } = step.resolved as { except: string[] };
    const found = await signatureRequests(except, context);
    for (const { program, request } of found.requests) {
      const file = `${step.id}-${request}`;
      await copyFile(path.join(work, request), path.join(folder, file));
      const sha256 = createHash('sha256')
        .update(await readFile(path.join(folder, file)))
        .digest('hex');
      requests.push({ step: step.id, program, file, sha256, signed: file.replace(/p7$/, 'signed.p7') });
    }
  }
  return { format: 1, image: name, version, epoch, requests };
}

function told(folder: string, { image, requests }: RequestList): string {
  return `${folder}: ${count(requests.length, 'program')} of ${image} ${requests.length === 1 ? 'waits' : 'wait'} for a signature
  sign them    ${folder}/sign.sh CERTIFICATE KEY, where the key is; sign.sh says what it needs
  then         caisson attach-signatures ${image} ${folder}
`;
}
