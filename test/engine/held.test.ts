import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { askHolding } from '../../pipeline/engine/held.ts';
import type { Programs } from '../../pipeline/engine/programs.ts';
import { ProcessFailure, runProcess } from '../../pipeline/engine/run.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { packageOf } from '../plan/fixture.ts';
import { manifestOf } from '../stages/documents.ts';
import { aptThatHas } from './fake-apt.ts';

const folder = scratchDirectory();
let count = 0;
const { signal } = new AbortController();
const cargo = manifestOf({ keyring: fileURLToPath(import.meta.url) });

/** apt that refuses as long as its preferences hold a package of these; notes the preferences of each question. */
function aptThatNeeds(needs: Readonly<Record<string, string>>): Programs & { preferences: string[] } {
  const preferences: string[] = [];
  const apt = aptThatHas(['rope', 'sail']);
  return {
    preferences,
    run: (argv, options) => {
      if (!argv.includes('--print-uris')) return apt.run(argv, options);
      const own = readFileSync(join(options.directory, 'etc/preferences'), 'utf8');
      preferences.push(own);
      const refused = Object.entries(needs).find(([name]) => own.includes(`Package: ${name}\n`));
      if (refused === undefined) return apt.run(argv, options);
      const text = `The following packages have unmet dependencies:
${refused[1]}`;
      const refusal = ['sh', '-c', 'echo "$1"; exit 100', 'sh', text];
      return runProcess(refusal, { env: { PATH: '/usr/bin:/bin' }, signal: options.signal });
    },
  };
}

test('holds what it can: what a newer package needs is let go, one after the other', async () => {
  const apt = aptThatNeeds({
    hemp: ' rope : Depends: hemp (>= 4) but 3.1 is to be installed',
    seed: '2. hemp:amd64=4 Depends seed (>= 9)',
  });
  const held = ['hemp', 'seed', 'sail'].map(name => packageOf(name));
  const options = { apt: join(folder, `${count++}`), programs: apt, signal, held };
  const { packages } = await askHolding(cargo, options);
  expect(packages.map(each => each.name)).toEqual(['rope', 'sail']);
  const names = apt.preferences.map(text => [...text.matchAll(/^Package: (.+)$/gm)].map(match => match[1]));
  expect(names).toEqual([['hemp', 'seed', 'sail'], ['seed', 'sail'], ['sail']]);
});

test('what cannot be met though nothing holds it is apt’s refusal', async () => {
  const apt = aptThatNeeds({ sail: ' rope : Depends: kraken but it is not installable' });
  const options = { apt: join(folder, `${count++}`), programs: apt, signal, held: [packageOf('sail')] };
  await expect(askHolding(cargo, options)).rejects.toBeInstanceOf(ProcessFailure);
});

test('a version that the mirrors no longer have is offered from the index of held ones', async () => {
  const directory = join(folder, `${count++}`);
  const seen: Record<string, string> = {};
  const apt = aptThatHas(['rope']);
  const programs: Programs = {
    run: (argv, options) => {
      for (const name of ['sources.list', 'held/Packages', 'etc/preferences'])
        seen[name] = readFileSync(join(options.directory, name), 'utf8');
      return apt.run(argv, options);
    },
  };
  const held = [packageOf('sail', 'hemp', '1:2.0'), { ...packageOf('seed'), stanza: '' }];
  await askHolding(cargo, { apt: directory, programs, signal, held });
  expect(seen['sources.list']).toMatch(/^deb \[trusted=yes\] copy:\/mnt\/work\/held \.\/$/m);
  expect(seen['held/Packages']).toBe(
    'Package: sail\nVersion: 1:2.0\nDepends: hemp\nSize: 11\nSHA256: sail 1:2.0\nFilename: ./sail_2.0_amd64.deb\n',
  );
  expect(seen['etc/preferences']).toBe(
    'Package: sail\nPin: version 1:2.0\nPin-Priority: 1001\n\nPackage: seed\nPin: version 3.1\nPin-Priority: 1001\n',
  );
});
