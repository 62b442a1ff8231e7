/** Names that a command line may be completed by. */
import path from 'node:path';
import { documentKeys } from '../config/keys.ts';
import { knownNames, type DocumentKind } from '../config/places.ts';
import { CONTAINER_FORMATS } from '../stages/container.ts';
import { STAGES } from '../stages/index.ts';
import type { CommandContext } from './context.ts';

/** Those of one kind that a command finds, of the project or of the one that the command line names. */
export async function candidates(
  context: Pick<CommandContext, 'project' | 'home'>,
  kind: DocumentKind | 'key' | 'format',
  project: string | null,
): Promise<{ value: string; description: string }[]> {
  if (kind === 'key') return documentKeys(STAGES).map(key => ({ value: key.path, description: key.description }));
  const sought = { home: context.home, project: project === null ? context.project : path.resolve(project) };
  const names = kind === 'format' ? CONTAINER_FORMATS : await knownNames(sought, kind);
  return names.map(value => ({ value, description: kind }));
}
