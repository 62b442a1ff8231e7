/** What may stand next on a command line, from commander's own tree. */
import type { Argument, Command, Option } from 'commander';

/** What the shell finds by itself. */
export type Places = 'none' | 'files' | 'folders';

/** What Caisson can list: documents of the project, keys of the YAML files, formats of containers. */
export type Listed = 'image' | 'layout' | 'manifest' | 'overlay' | 'key' | 'format';

export interface Candidate {
  value: string;
  description: string;
}

export interface Completion {
  candidates: Candidate[];
  places: Places;
}

interface Values {
  listed: readonly Listed[];
  places: Places;
}

/**
 * What a value is, by what the usage of its command calls it: `<image>`, `--out <dir>`. One with choices needs no line
 * here; a test asks for all others.
 */
export const VALUES: Readonly<Record<string, Values>> = {
  ...named(['image', 'documents', 'old', 'new'], { listed: ['image'], places: 'files' }),
  ...named(['target'], { listed: ['image', 'layout'], places: 'files' }),
  ...named(['document'], { listed: ['image', 'layout', 'manifest', 'overlay'], places: 'none' }),
  ...named(['key'], { listed: ['key'], places: 'none' }),
  ...named(['list'], { listed: ['format'], places: 'none' }),
  ...named(['dir', 'folder', 'release', 'place'], { listed: [], places: 'folders' }),
  ...named(['file', 'copy', 'bundle'], { listed: [], places: 'files' }),
  ...named(
    [
      'command',
      'MiB',
      'k',
      'n',
      'name',
      'names',
      'number',
      'package',
      'path=value',
      's',
      'size',
      'step',
      'uri',
      'version',
    ],
    { listed: [], places: 'none' },
  ),
};

/**
 * Candidates for the last of `words`, which stand behind the program's name; it may be empty. `list` gives names of one
 * kind; those of the project that `--project` of these words names, if any.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  list: (kind: Listed, project: string | null) => Promise<Candidate[]>,
): Promise<Completion> {
  // bash makes three words of `--out=dir`.
  const split = words.filter(word => word !== '=');
  const typed = words.at(-1) === '=' ? '' : (split.pop() ?? '');
  const [, assigned, part] = /^(--[^=]+=)(.*)$/s.exec(typed) ?? [];
  if (assigned !== undefined)
    return assignedValue(await complete(program, [...split, assigned.slice(0, -1), part ?? ''], list), assigned);
  const place = follow(program, split);
  const { candidates, places } = await nextAt(place, typed, kind => list(kind, place.project));
  return { candidates: candidates.filter(({ value }) => value.startsWith(typed)), places };
}

/** Other shells keep `--out=dir` as one word, and replace all of it: no file that they know begins so. */
function assignedValue({ candidates }: Completion, option: string): Completion {
  return { candidates: candidates.map(each => ({ ...each, value: `${option}${each.value}` })), places: 'none' };
}

/** Where the words before have led to. */
interface Place {
  command: Command;
  /** Arguments of the command that stand there. */
  given: number;
  /** An option whose value comes next. */
  awaiting: Option | null;
  /** Behind `--`. */
  ended: boolean;
  project: string | null;
}

function follow(program: Command, words: readonly string[]): Place {
  let place: Place = { command: program, given: 0, awaiting: null, ended: false, project: null };
  for (const word of words) place = step(place, word);
  return place;
}

function step(place: Place, word: string): Place {
  if (place.awaiting !== null) {
    const project = place.awaiting.long === '--project' ? word : place.project;
    return { ...place, awaiting: null, project };
  }
  if (place.ended) return { ...place, given: place.given + 1 };
  if (word === '--') return { ...place, ended: true };
  if (word.startsWith('-')) {
    const option = optionsOf(place.command).find(each => each.long === word || each.short === word);
    const project = word.startsWith('--project=') ? word.slice('--project='.length) : place.project;
    return { ...place, awaiting: option?.required === true ? option : null, project };
  }
  const inner = place.command.commands.find(each => each.name() === word || each.aliases().includes(word));
  return inner === undefined ? { ...place, given: place.given + 1 } : { ...place, command: inner, given: 0 };
}

async function nextAt(
  { command, given, awaiting, ended }: Place,
  typed: string,
  list: (kind: Listed) => Promise<Candidate[]>,
): Promise<Completion> {
  if (awaiting !== null) return valuesOf(awaiting, list);
  if (!ended && typed.startsWith('-')) {
    const options = optionsOf(command).filter(each => !each.hidden);
    const shown = options.map(each => ({ value: each.long ?? each.short ?? '', description: each.description }));
    return { candidates: [...shown, { value: '--help', description: 'what the command does' }], places: 'none' };
  }
  const inner = command.commands.length === 0 ? [] : command.createHelp().visibleCommands(command);
  if (inner.length > 0) {
    const candidates = inner.map(each => ({ value: each.name(), description: each.description() }));
    return { candidates, places: 'none' };
  }
  const declared = command.registeredArguments;
  const last = declared.at(-1);
  const argument = declared[given] ?? (last?.variadic === true ? last : undefined);
  return argument === undefined ? { candidates: [], places: 'none' } : valuesOf(argument, list);
}

async function valuesOf(place: Argument | Option, list: (kind: Listed) => Promise<Candidate[]>): Promise<Completion> {
  if (place.argChoices !== undefined)
    return { candidates: place.argChoices.map(value => ({ value, description: '' })), places: 'none' };
  const { listed, places } = VALUES[valueName(place)] ?? { listed: [], places: 'files' };
  return { candidates: (await Promise.all(listed.map(list))).flat(), places };
}

/** `image` of `<image>`, `dir` of `--out <dir>`. */
export function valueName(place: Argument | Option): string {
  if ('flags' in place) return /[<[]([^>\].]+)(?:\.\.\.)?[>\]]/.exec(place.flags)?.[1] ?? '';
  return place.name();
}

/** A command takes the options of those around it too. */
function optionsOf(command: Command): Option[] {
  return [...command.options, ...(command.parent === null ? [] : optionsOf(command.parent))];
}

function named(names: readonly string[], values: Values): Record<string, Values> {
  return Object.fromEntries(names.map(name => [name, values]));
}
