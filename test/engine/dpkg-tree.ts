/** Trees with a package in them, and a bubblewrap that lets the host's own dpkg look at them. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExecuteOptions } from '../../pipeline/engine/context.ts';
import { putProgram } from './steps.ts';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** What dpkg counts as the administrator's own. */
const SETTINGS = ['etc/rope.conf', 'usr/lib/rope/knots.conf'];

/** A tree in which the package rope is installed, as dpkg keeps its records (dpkg-query(1), deb-md5sums(5)). */
export function dpkgTree(folder: string): void {
  const files = {
    'usr/bin/rope': 'a program',
    'usr/sbin/winch': 'another',
    'usr/lib/x86_64-linux-gnu/libhemp.so.1': 'a library',
    'usr/share/doc/rope/copyright': 'a text',
  };
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  for (const [file, text] of Object.entries(files)) write(file, text);
  for (const file of SETTINGS) write(file, 'knots=7');
  const stanza = [
    'Package: rope',
    'Status: install ok installed',
    'Maintainer: the mate <mate@mirror.example>',
    'Architecture: amd64',
    'Version: 3.1',
    `Conffiles:\n${SETTINGS.map(file => ` /${file} ${md5('knots=7')}`).join('\n')}`,
    'Description: holds things',
  ];
  write('var/lib/dpkg/status', `${stanza.join('\n')}\n\n`);
  write('var/lib/dpkg/info/rope.list', ['.', ...Object.keys(files), ...SETTINGS].map(file => `/${file}\n`).join(''));
  write(
    'var/lib/dpkg/info/rope.md5sums',
    Object.entries(files)
      .map(([file, text]) => `${md5(text)}  ${file}\n`)
      .join(''),
  );
}

/** In place of bubblewrap: the host's dpkg, with the tree for its root. */
export function putDpkgSandbox(shop: Pick<ExecuteOptions, 'environment'>): void {
  putProgram(shop, 'bwrap', 'while [ "$1" != --ro-bind ]; do shift; done\nexec dpkg --root="$2" --verify');
}
