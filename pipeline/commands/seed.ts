/** caisson seed: a small second disk that tells an image its name and who may log in. */
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { makeScratch, withCache } from '../engine/cache.ts';
import type { ToolOptions } from '../engine/tool-runner.ts';
import { roundSize } from '../formats/bytes.ts';
import type { PublicKey } from '../formats/ssh-key.ts';
import { drawFields } from '../report/fields.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import { formatOf, writeDisk } from './deployment/disk.ts';
import { checkKeys, keyDocument, keyTitle, readKeyFiles } from './deployment/keys.ts';
import type { Seed } from './deployment/seed.ts';
import { seedDisk } from './deployment/seed-disk.ts';
import { mustBeNew, withPartFolder } from './new-files.ts';
import { mustBeHostname } from './deployment/provision-copy.ts';
import { toolsTree } from './tools-tree.ts';

export interface SeedOptions {
  /** The file to make. */
  out: string;
  /** Null to leave the name that the image has. */
  hostname: string | null;
  sshKeys: readonly string[];
  caKeys: readonly string[];
}

export async function makeSeed(context: CommandContext, options: SeedOptions): Promise<ExitCode> {
  const { out, hostname, sshKeys, caKeys } = options;
  if (sshKeys.length + caKeys.length === 0) throw new UsageFault('nobody could log in', 'give --ssh-key or --ca-key');
  if (hostname !== null) mustBeHostname(hostname);
  await mustBeNew(out, null);
  const format = formatOf(out, 'raw');
  const [userTexts, authorityTexts] = [await readKeyFiles(sshKeys), await readKeyFiles(caKeys)];
  await withCache(context, async () => {
    const { environment, signal } = context;
    const tree = await toolsTree(context, null);
    const work = await makeScratch(environment, 'seed');
    const tools: ToolOptions = { environment, signal, tools: tree, work, epoch: Math.floor(Date.now() / 1000) };
    try {
      const authorities = await checkKeys(authorityTexts, tools);
      const seed: Seed = { hostname, userKeys: await checkKeys(userTexts, tools), authorities };
      await withPartFolder(context, out, async ({ folder, publish }) => {
        await writeDisk(await seedDisk(seed, tools), { ...context, target: path.join(folder, 'disk'), format });
        await publish([{ made: 'disk', target: out }]);
      });
      await tell(context, { out, seed });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
  return 0;
}

async function tell(context: CommandContext, { out, seed }: { out: string; seed: Seed }): Promise<void> {
  const { hostname, userKeys, authorities } = seed;
  const { size: bytes } = await stat(out);
  if (context.json) {
    const document = {
      file: out,
      bytes,
      hostname,
      keys: userKeys.map(keyDocument),
      authorities: authorities.map(keyDocument),
    };
    context.print(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const field = (name: string, keys: readonly PublicKey[]): [string, string][] =>
    keys.map(key => [name, keyTitle(key)]);
  const fields: [string, string][] = [
    ['file', `${out} (${roundSize(bytes)})`],
    ['hostname', hostname ?? 'as the image has it'],
    ...field('key', userKeys),
    ...field('authority', authorities),
  ];
  const lines = drawFields(fields, { width: context.width ?? 120, color: context.color });
  context.print(`A seed disk: attach it to the machine before it starts.\n${lines.join('\n')}\n`);
}
