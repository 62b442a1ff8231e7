import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Argument, Command, Option } from 'commander';
import { expect, test } from 'vitest';
import { complete, valueName, VALUES, type Listed } from '../../pipeline/cli/complete.ts';
import { PROJECT } from '../support/caisson.ts';

const program = new Command('ship').option('--project <dir>', 'which').option('--loud', 'shout');
program
  .command('load')
  .description('fill the hold')
  .argument('<image>')
  .argument('[documents...]')
  .option('-o, --out <dir>', 'where')
  .addOption(new Option('--with <what>', 'what').choices(['rope', 'rum', 'sail']))
  .addOption(new Option('--secret <n>', 'none').hideHelp());
const hold = program.command('hold').description('the hold');
hold.command('ls').description('list it');
hold.command('empty').description('empty it');
hold.command('__peek', { hidden: true });
program
  .command('steer')
  .description('turn')
  .addArgument(new Argument('<side>').choices(['port', 'starboard']));

async function completed(words: readonly string[]): Promise<string> {
  const list = async (kind: Listed, project: string | null): Promise<{ value: string; description: string }[]> =>
    [`${kind}-1`, `${kind}-2`].map(value => ({
      value: project === null ? value : `${project}:${value}`,
      description: kind,
    }));
  const { candidates, places } = await complete(program, words, list);
  return [...candidates.map(each => each.value), `:${places}`].join(' ');
}

test.each([
  [[''], 'load hold steer help :none'],
  [['st'], 'steer :none'],
  [['load', ''], 'image-1 image-2 :files'],
  [['--loud', 'load', 'image-1', 'b', 'c', 'image-2'], 'image-2 :files'],
  [['load', '--'], '--out --with --project --loud --help :none'],
  [['load', '--out', ''], ':folders'],
  [['load', '-o', 'x', ''], 'image-1 image-2 :files'],
  [['load', '--with', 'r'], 'rope rum :none'],
  // bash cuts at "=", others do not.
  [['load', '--with', '=', 's'], 'sail :none'],
  [['load', '--with', '='], 'rope rum sail :none'],
  [['load', '--with=ru'], '--with=rum :none'],
  [['load', '--', '-'], ':files'],
  [['hold', ''], 'ls empty help :none'],
  [['steer', ''], 'port starboard :none'],
  [['steer', 'port', ''], ':none'],
  [['--project', '/dock', 'load', ''], '/dock:image-1 /dock:image-2 :files'],
  [['load', '--project=/dock', ''], '/dock:image-1 /dock:image-2 :files'],
  [['sail', 'x', ''], 'load hold steer help :none'],
])('%j', async (words, line) => expect(await completed(words)).toBe(line));

/** What a command's file wants beside the program: whatever it is, it is needed only when the command runs. */
const OTHERS = { argv: [], agent: undefined, term: undefined };

test('each value of each command has choices, or VALUES says what it is', async () => {
  const all = new Command('caisson');
  const folder = path.join(PROJECT, 'pipeline/cli');
  for (const file of await readdir(folder)) {
    const module = (await import(path.join(folder, file))) as Record<string, unknown>;
    for (const [name, add] of Object.entries(module))
      if (/^add\w+Commands?$/.test(name) && typeof add === 'function') add(all, () => Promise.resolve(), OTHERS);
  }
  const commands = [...all.commands, ...all.commands.flatMap(each => each.commands)];
  const values = commands.flatMap(each => [
    ...each.registeredArguments,
    ...each.options.filter(option => option.required || option.optional),
  ]);
  const unknown = values.filter(each => each.argChoices === undefined && !Object.hasOwn(VALUES, valueName(each)));
  expect(unknown.map(valueName).filter(name => name !== 'words')).toEqual([]);
  expect(values.length).toBeGreaterThan(60);
});
