/** caisson schema: the JSON Schemas of the documents as files, for editors. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { allSchemas } from '../config/schemas.ts';
import { makeFolders } from '../engine/files.ts';
import { STAGES } from '../stages/index.ts';
import type { CommandContext, ExitCode } from './context.ts';

export async function writeSchemas(context: CommandContext, { out }: { out: string }): Promise<ExitCode> {
  await makeFolders(out);
  for (const [name, text] of Object.entries(schemaFiles())) {
    await writeFile(path.join(out, name), text);
    context.print(`${path.join(out, name)}\n`);
  }
  return 0;
}

/** File name -> text, as committed below schema/. */
export function schemaFiles(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(allSchemas(STAGES)).map(([name, schema]) => [name, `${JSON.stringify(schema, null, 2)}\n`]),
  );
}
