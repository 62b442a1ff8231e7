/**
 * An ordinary user who runs the command line of a copy of the project: everything that could leak into what is made is
 * different: who, on which day, umask, language, time zone, jobs. It is one that this makes, when root runs the tests;
 * otherwise the one who runs them.
 */
import path from 'node:path';
import { execa } from 'execa';
import { shiftedClock } from './shifted-clock.ts';

export interface OtherUser {
  /** Folder that everything of the user's is in; owned by the user from then on. */
  home: string;
  /** Folder of the project, with dist/ in it. */
  project: string;
  cache: string;
}

const USER = 'caisson-test';

/** `caisson ARGS --jobs 1`, its output where ours goes. Throws when it fails. */
export async function runAsOtherUser({ home, project, cache }: OtherUser, args: readonly string[]): Promise<void> {
  const clock = await shiftedClock(path.join(home, 'clock'), process.env.PATH ?? '');
  const variables = {
    ...clock,
    HOME: '/nonexistent',
    CAISSON_CACHE: cache,
    TZ: 'Pacific/Chatham',
    LC_ALL: 'de_DE.UTF-8',
  };
  const environment = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const script = 'umask 077; cd "$1" && exec "$2" dist/cli.js "${@:3}"';
  const argv = ['env', '-i', ...environment, 'bash', '-c', script, 'bash', project, process.execPath, ...args];
  const [program, ...rest] = [...(await asUser(home)), ...argv, '--jobs', '1'];
  await execa(program, rest, { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
}

/** Prefix that runs a command as the user, who owns `folder` from then on. */
async function asUser(folder: string): Promise<string[]> {
  if (process.geteuid?.() !== 0) return [];
  await execa('id', [USER]).catch(async () => execa('useradd', ['--create-home', '--shell', '/bin/bash', USER]));
  await execa('chown', ['--recursive', USER, folder]);
  return ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--init-groups'];
}
