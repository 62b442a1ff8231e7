/** A mirror on this machine that answers as a test says, and the host's own apt-helper, which asks it. */
import { createServer, type ServerResponse } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ResolvedPackage } from '../../pipeline/debian/stanza.ts';
import { fixedEnvironment } from '../../pipeline/engine/environment.ts';
import { WORKPLACE, type Programs } from '../../pipeline/engine/programs.ts';
import { runProcess } from '../../pipeline/engine/run.ts';
import { packageOf } from '../plan/fixture.ts';
import { sha256 } from './steps.ts';

export type Answer = (response: ServerResponse) => void;

export const gives =
  (text: string): Answer =>
  response =>
    void response.end(text);
export const refuses =
  (status: number): Answer =>
  response =>
    void response.writeHead(status).end();
/** Promises more than it sends. */
export const cutsOff: Answer = response => {
  response.writeHead(200, { 'Content-Length': 4000 });
  response.write('half a packa', () => response.socket?.destroy());
};
/** Takes the question and says nothing. */
export const hangs: Answer = () => undefined;

export interface Mirror {
  /** Where its files are, e.g. `http://127.0.0.1:4567`. */
  url: string;
  /** What was asked for, in order: file name, Cache-Control and Authorization as sent. */
  asked: { name: string; cacheControl: string; authorization: string }[];
}

/** Answers each file's n-th question with its n-th answer, later ones with the last; 404 for files it does not have. */
export async function openMirror(answers: Readonly<Record<string, readonly Answer[]>>): Promise<Mirror> {
  const asked: Mirror['asked'] = [];
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    const before = asked.filter(each => each.name === name).length;
    const own = answers[name] ?? [refuses(404)];
    asked.push({
      name,
      cacheControl: request.headers['cache-control'] ?? '',
      authorization: request.headers.authorization ?? '',
    });
    (own[before] ?? own.at(-1))?.(response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

/** The package NAME, whose right content is `NAME deb`, at this mirror. */
export function packageAt(mirror: { url: string }, name: string): ResolvedPackage {
  const content = contentOf(name);
  return { ...packageOf(name), uri: `${mirror.url}/${name}.deb`, bytes: content.length, sha256: sha256(content) };
}

export function contentOf(name: string): string {
  return `${name} deb`;
}

/** The programs of this machine, outside of any sandbox, without what its apt.conf may say of proxies. */
export function hostPrograms(folder: string): Programs {
  const configuration = join(folder, 'no-apt.conf');
  writeFileSync(configuration, 'Dir::Etc::main "/dev/null"; Dir::Etc::parts "/dev/null";\n');
  return {
    run: (argv, { directory, env, ...options }) =>
      runProcess(
        argv.map(each => each.replaceAll(WORKPLACE, directory)),
        { ...options, env: { ...fixedEnvironment(0), APT_CONFIG: configuration, ...env } },
      ),
  };
}
