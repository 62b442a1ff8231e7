import { expect, test } from 'vitest';
import { licencesOf } from '../../pipeline/debian/copyright.ts';

const HEADER = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: galleon\n';

test('those of the files, each once, sorted', () => {
  const text = `${HEADER}
Files: *
Copyright: 1588 Medina Sidonia
License: GPL-2+

Files: rigging/*
Copyright: 1588 Drake
License: Expat

Files: debian/*
Copyright: 1589 Drake
License: GPL-2+
`;
  expect(licencesOf(text)).toEqual({ basis: 'declared', licences: [{ id: 'GPL-2.0-or-later' }, { id: 'MIT' }] });
});

test('not those of paragraphs that hold a text alone', () => {
  const text = `${HEADER}\nFiles: *\nCopyright: x\nLicense: Sail-1\n\nLicense: Mast-3\n Words of it.\n`;
  expect(licencesOf(text).licences).toEqual([{ name: 'Sail-1' }]);
});

test('that of the first paragraph, which is about all', () => {
  expect(licencesOf(`${HEADER}License: ISC\n Words.\n`).licences).toEqual([{ id: 'ISC' }]);
});

test.each([
  ['Expat and ISC', [{ id: 'ISC' }, { id: 'MIT' }]],
  ['GPL-1+ or Artistic', [{ name: 'GPL-1+ or Artistic' }]],
  ['GPL-2+ or AFL-2.1, and Expat', [{ name: 'GPL-2+ or AFL-2.1' }, { id: 'MIT' }]],
  ['GPL-3+ with Autoconf exception', [{ name: 'GPL-3+ with Autoconf exception' }]],
  ['  BSD-2-Clause  ', [{ id: 'BSD-2-Clause' }]],
  ['and', [{ name: 'and' }]],
])('"%s"', (synopsis, licences) => {
  const text = `${HEADER}\nFiles: *\nCopyright: x\nLicense: ${synopsis}\n Words.\n`;
  expect(licencesOf(text).licences).toEqual(licences);
});

test('a licence without a name is that of no one; lines may end as in DOS', () => {
  const text = `${HEADER}\nFiles: *\nCopyright: x\nLicense:\n Words.\n\nFiles: hull\nCopyright: y\nLicense: ISC\n`;
  expect(licencesOf(text.replaceAll('\n', '\r\n')).licences).toEqual([{ id: 'ISC' }]);
});

test('prose: the texts that it points to; which versions of the GPL it means is not guessed', () => {
  const text = "See `/usr/share/common-licenses/GPL-2', and /usr/share/common-licenses/Apache-2.0.\n";
  expect(licencesOf(text)).toEqual({ basis: 'mentioned', licences: [{ id: 'Apache-2.0' }, { name: 'GPL-2' }] });
});

test('prose that points to none, and no file at all', () => {
  expect(licencesOf('Do as you like. /usr/share/common-licenses/ has others.')).toEqual({
    basis: 'unknown',
    licences: [{ name: 'see copyright file' }],
  });
  expect(licencesOf(null)).toEqual({ basis: 'unknown', licences: [{ name: 'no copyright file' }] });
});
