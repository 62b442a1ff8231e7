import { type Command, CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { makeProgram } from '../../pipeline/cli/program.ts';
import { codeLines, PAGES, quotedWords } from './pages.ts';

/** What pages write for a word of the reader's own. */
const PLACEHOLDER = /^(?:…|\.\.\.)$/;
/** A text names a command without all that it needs, or with a letter for a number. */
const INCOMPLETE = [
  'commander.missingArgument',
  'commander.missingMandatoryOptionValue',
  'commander.optionMissingArgument',
  'commander.invalidArgument',
];

describe('every command that a page shows is one that Caisson takes', () => {
  const pages = PAGES.map(page => ({
    file: page.file,
    shown: commandsOf(codeLines(page)),
    named: commandsOf(quotedWords(page)),
  }));

  test.each(pages.filter(each => each.shown.length + each.named.length > 0))('$file', async ({ shown, named }) => {
    expect([...(await refused(shown)), ...(await refused(named, ...INCOMPLETE))]).toEqual([]);
  });

  test('some show many', () => {
    expect(pages.flatMap(each => each.shown).length).toBeGreaterThan(40);
    expect(pages.flatMap(each => each.named).length).toBeGreaterThan(60);
  });
});

describe('every example of --help is one that Caisson takes', () => {
  test.each(allCommands(program([])).map(command => ({ name: pathOf(command), command })))(
    '$name',
    async ({ command }) => {
      let help = '';
      command.configureOutput({ writeOut: text => void (help += text) });
      command.outputHelp();
      const examples = commandsOf((/\nExamples?:\n([\s\S]*)/.exec(help)?.[1] ?? '').split('\n'));
      expect(await refused(examples)).toEqual([]);
    },
  );
});

/** Those that start Caisson, with what starts it and what follows it left out. */
function commandsOf(lines: readonly string[]): string[][] {
  return lines.flatMap(line => {
    const [, rest] =
      /(?:^|[\s(&|;])(?:node dist\/cli\.js|caisson) +(\S.*)$/.exec(line.replace(/(?:^|\s)#.*$/, '')) ?? [];
    // A sentence or the name of something, not a command; and one of the machine's own.
    if (rest === undefined || !/^(?:--|[a-z])/.test(rest) || /^\s*(?:sudo|ssh)\s/.test(line)) return [];
    const words = wordsOf(rest);
    return IN_THE_MACHINE.has(words[0] ?? '') ? [] : [words];
  });
}

/** Commands of the program `caisson` in a machine that ours has not. */
const IN_THE_MACHINE = new Set(['health', 'update', 'overlay-report']);

/** As a shell would, up to what ends a command. */
function wordsOf(text: string): string[] {
  const [command = ''] = text.split(/ (?:&&|\|\||[|;>&]) | [<>]|\)\s*$|; /);
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|[^\s'"]+(?:'[^']*'|"[^"]*")?/g)].map(
    ([word, single, double]) => single ?? double ?? word.replaceAll(/['"]/g, ''),
  );
}

async function refused(commands: readonly string[][], ...allowed: string[]): Promise<string[]> {
  const faults: string[] = [];
  for (const words of commands) {
    try {
      await program(words).parseAsync(
        words.filter(word => !PLACEHOLDER.test(word)),
        { from: 'user' },
      );
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode !== 0 && !allowed.includes(error.code)) faults.push(`${words.join(' ')}: ${error.message}`);
    }
  }
  return faults;
}

function program(argv: readonly string[]): Command {
  const made = makeProgram(async () => undefined, {
    version: '0',
    argv,
    start: [],
    stdin: process.stdin,
    stdout: process.stdout,
    agent: undefined,
    term: undefined,
  });
  for (const each of allCommands(made))
    each.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  return made;
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
