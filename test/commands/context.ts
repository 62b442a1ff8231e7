/** What cli.ts would hand to a command, with what it printed. */
import { join } from 'node:path';
import type { CommandContext } from '../../pipeline/commands/context.ts';

export interface FakeCommandContext extends CommandContext {
  /** All that was printed. */
  readonly printed: string;
}

export function commandContext(project: string, own: Partial<CommandContext> = {}): FakeCommandContext {
  const parts: string[] = [];
  return {
    environment: {
      cache: join(project, 'cache'),
      root: true,
      uid: 4321,
      user: 'keel',
      path: '/usr/bin:/bin',
      proxies: {},
      inherited: {},
    },
    project,
    home: project,
    settle: async () => undefined,
    emit: () => undefined,
    print: text => void parts.push(text),
    json: false,
    color: false,
    unicode: true,
    width: 100,
    signal: new AbortController().signal,
    get printed() {
      return parts.join('');
    },
    ...own,
  };
}
