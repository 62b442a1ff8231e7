/** caisson new: a document to begin with, commented, that is valid as it stands. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigFault } from '../config/diagnostic.ts';
import { readDocument, type Reading } from '../config/document.ts';
import { readExtending } from '../config/extends.ts';
import { imageSchema } from '../config/image-schema.ts';
import { documentKeys } from '../config/keys.ts';
import { suggest } from '../config/nearest.ts';
import { exists, fileOf, findDocument, FOLDERS, knownNames, whereSought, type DocumentKind } from '../config/places.ts';
import { documentPattern, documentWords, idPattern, idWords } from '../config/schema-words.ts';
import { BuildFault } from '../engine/fault.ts';
import { makeFolders } from '../engine/files.ts';
import { flowText } from '../formats/flow-text.ts';
import { startText, type Start } from '../report/start.ts';
import { STAGES } from '../stages/index.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import { mustBeNew } from './new-files.ts';
import { startImage } from './new/image.ts';
import { nextCommands } from './new/next.ts';
import { startLayout, startManifest, startOverlay } from './new/others.ts';

export interface NewOptions {
  kind: DocumentKind;
  name: string;
  /** A document of the same kind that is copied; null for a start that extends, or is made from, the usual one. */
  from: string | null;
}

/** What new documents begin as. */
const BASE_IMAGE = 'eflow';
const BASE_LAYOUT = 'eflow';
const BASE_MANIFEST = 'base';

/** Writes the document and, where there is none yet, a project around it. Throws UsageFault for one that is there. */
export async function newDocument(context: CommandContext, { kind, name, from }: NewOptions): Promise<ExitCode> {
  const { project } = context;
  const [pattern, words] = kind === 'image' ? [idPattern, idWords] : [documentPattern, documentWords];
  if (!new RegExp(pattern).test(name)) throw new UsageFault(`"${name}" cannot be a name`, `it must be ${words}`);
  const target = fileOf(project, kind, name);
  const isNewProject = !(await exists(path.join(project, FOLDERS.image)));
  for (const folder of [FOLDERS.image, FOLDERS[kind]]) await makeFolder(path.join(project, folder));
  await mustBeNew(target, null);
  const made = from === null ? await begin(context, kind, name) : await copy(context, { kind, name, from });
  if (isNewProject && !(await exists(path.join(project, '.gitignore')))) {
    await writeFile(path.join(project, '.gitignore'), '/keys/\n/out/\n');
    made.push(path.join(project, '.gitignore'));
  }
  const shown = made.map(each => path.relative(process.cwd(), each));
  const next = nextCommands({ kind, name, hasKeys: await exists(path.join(project, 'keys')) });
  context.print(
    context.json
      ? `${JSON.stringify({ made: shown, next: next.map(each => each.command) })}\n`
      : `${shown.join('\n')}\n\nNext:\n${next.map(each => `  ${each.command.padEnd(44)} # ${each.why}\n`).join('')}`,
  );
  return 0;
}

async function makeFolder(folder: string): Promise<void> {
  await makeFolders(folder).catch((error: unknown) => {
    if (!(error instanceof BuildFault)) throw error;
    throw new UsageFault(error.message, 'name a project that is a folder, or can be one');
  });
}

/** Files that were made. */
async function begin(context: CommandContext, kind: DocumentKind, name: string): Promise<string[]> {
  const keys = documentKeys(STAGES).filter(key => key.kind === kind);
  const target = fileOf(context.project, kind, name);
  if (kind === 'overlay') {
    const file = `/etc/${name}.conf`;
    await makeFolder(path.join(target, 'etc'));
    await writeFile(path.join(target, file), `# This is ${file} in the image.\n`, { flag: 'wx' });
    const rules = path.join(target, 'overlay.yaml');
    await writeFile(
      rules,
      await withSchema(rules, { context, kind, text: startText(startOverlay(name, file, keys), keys) }),
    );
    return [rules, path.join(target, file)];
  }
  const starts: Record<typeof kind, () => Promise<Start>> = {
    image: async () => startImage(name, await ownImage(context, BASE_IMAGE)),
    layout: async () => startLayout(name, await ownLayout(context, BASE_LAYOUT), keys),
    manifest: async () => startManifest(name, BASE_MANIFEST, keys),
  };
  const text = startText(await starts[kind](), keys);
  await writeFile(target, await withSchema(target, { context, kind, text }), {
    flag: 'wx',
  });
  return [target];
}

/** With a first line by which an editor finds the schema, where the project has it. */
async function withSchema(
  file: string,
  { context, kind, text }: { context: CommandContext; kind: DocumentKind; text: string },
): Promise<string> {
  const schema = path.join(context.project, 'schema', `${kind}.schema.json`);
  if (!(await exists(schema))) return text;
  return `# yaml-language-server: $schema=${path.relative(path.dirname(file), schema)}\n${text}`;
}

/** What an image of Caisson's own says, with all that it extends. */
async function ownImage({ home }: CommandContext, name: string): Promise<{ name: string; value: unknown }> {
  const search = { kind: 'image', project: home, home, schema: imageSchema(STAGES) } as const;
  return sound(name, await readExtending(fileOf(home, 'image', name), search));
}

async function ownLayout({ home }: CommandContext, name: string): Promise<{ name: string; value: unknown }> {
  return sound(name, await readDocument(fileOf(home, 'layout', name)));
}

function sound(name: string, { document, faults }: Reading): { name: string; value: unknown } {
  if (document === null || faults.length > 0) throw new ConfigFault(faults);
  return { name, value: document.value };
}

/** The document as it is written, under another name. */
async function copy(context: CommandContext, { kind, name, from }: NewOptions): Promise<string[]> {
  const search = { project: context.project, home: context.home };
  const source = from === null ? null : await findDocument(search, kind, from);
  if (source === null) {
    const hint = suggest(from ?? '', await knownNames(search, kind));
    throw new UsageFault(`no ${kind} "${from}" in ${whereSought(search, kind)}`, hint);
  }
  const target = fileOf(context.project, kind, name);
  if (kind === 'overlay') {
    await cp(source, target, { recursive: true, verbatimSymlinks: true, errorOnExist: true, force: false });
    return [target];
  }
  const text = (await readFile(source, 'utf8'))
    .replace(/^# yaml-language-server: .*\n/, '')
    .replace(/^name:.*$/m, `name: ${flowText(name)}`);
  await writeFile(target, await withSchema(target, { context, kind, text }), { flag: 'wx' });
  return [target];
}
