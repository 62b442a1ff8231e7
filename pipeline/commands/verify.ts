/** caisson verify: is a release what its signature says, is its image what it says of itself, and can it be made again? */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { makeScratch, withCache } from '../engine/cache.ts';
import { findDocument } from '../config/places.ts';
import { FormatFault } from '../formats/fault.ts';
import type { Verification } from '../formats/verification.ts';
import { drawVerification } from '../report/verification.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import { manifestNames, namedToolsTree } from './tools-tree.ts';
import { runChecks, runDocumentChecks } from './verify/checks.ts';
import { rebuildRelease } from './verify/rebuild.ts';
import { openRelease, type OpenedRelease, type ReleaseFolder } from './verify/release-folder.ts';
import { subjectOf } from './verify/subject.ts';
import { trustOf, type Trust } from './verify/trust.ts';

export interface VerifyOptions {
  /** OUT/NAME/VERSION; never written to. */
  folder: string;
  /** PEM certificate or public key; null for the certificate that the definition of the image names. */
  trust: string | null;
  /** Build it once more, and compare. */
  rebuild: boolean;
  /** Steps of that which run at once. */
  jobs: number;
}

/** 0 for a release that is sound, 1 when anything is wrong with it. Throws UsageFault for what is none. */
export async function verify(context: CommandContext, options: VerifyOptions): Promise<ExitCode> {
  const opened = await openRelease(options.folder);
  const trust = await trustOf(context, opened.image, options.trust);
  const { record } = opened;
  if (record instanceof FormatFault) {
    const checks = await runDocumentChecks({ context, release: opened, trust }, record);
    return tell(context, { release: opened, trust, checks, rebuild: null });
  }
  const release = { ...opened, record };
  return withCache(context, async () => {
    const tools = await toolsOf(context, release);
    const scratch = await makeScratch(context.environment, 'verify');
    try {
      const subject = subjectOf({ context, release, trust, tools, scratch });
      const checks = await runChecks(subject);
      const rebuild = options.rebuild ? await rebuildRelease(subject, options.jobs) : null;
      return tell(context, { release, trust, checks, rebuild });
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

interface Found extends Pick<Verification, 'checks' | 'rebuild'> {
  release: OpenedRelease;
  trust: Trust;
}

function tell(context: CommandContext, { release, trust, checks, rebuild }: Found): ExitCode {
  const { folder, image, version } = release;
  const { keyid, file, from } = trust;
  const found: Verification = { folder, image, version, trust: { keyid, file: shown(file), from }, checks, rebuild };
  context.print(context.json ? `${JSON.stringify(found, null, 2)}\n` : `${drawVerification(found, context)}\n`);
  const sound = checks.every(each => each.result !== 'fault') && rebuild?.result !== 'different';
  return sound ? 0 : 1;
}

async function toolsOf(context: CommandContext, { image }: ReleaseFolder): Promise<string> {
  const names = await manifestNames(context, image);
  if ((await findDocument(context, 'manifest', names.tools)) !== null) return namedToolsTree(context, names);
  throw new UsageFault(
    `to look into an image, the programs of rootfs-manifests/${names.tools}.yaml are needed, and ${context.project} has none`,
    'run it in a checkout of the project',
  );
}

const shown = (file: string): string => {
  const relative = path.relative('', file);
  return relative.startsWith('..') ? file : relative;
};
