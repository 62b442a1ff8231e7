import { expect, test } from 'vitest';
import { spdxId } from '../../pipeline/debian/spdx.ts';

test.each([
  ['GPL-2', 'GPL-2.0-only'],
  ['GPL-2+', 'GPL-2.0-or-later'],
  ['GPL-2.0+', 'GPL-2.0-or-later'],
  ['GPLv3+', 'GPL-3.0-or-later'],
  ['GPL-2.0-only', 'GPL-2.0-only'],
  ['LGPL-2.1+', 'LGPL-2.1-or-later'],
  ['LGPL-2', 'LGPL-2.0-only'],
  ['GFDL-1.3+', 'GFDL-1.3-or-later'],
  ['GFDL-NIV-1.3+', 'GFDL-1.3-no-invariants-or-later'],
  ['AGPL-3+', 'AGPL-3.0-or-later'],
  ['Expat', 'MIT'],
  ['Apache-2', 'Apache-2.0'],
  ['BSD-3-clause', 'BSD-3-Clause'],
  ['zlib', 'Zlib'],
  ['OpenLDAP-2.8', 'OLDAP-2.8'],
])('%s is %s', (name, id) => expect(spdxId(name)).toBe(id));

test.each(['GPL', 'GPL-9', 'Artistic', 'public-domain', 'GPL-2+ with Autoconf exception', 'GPL-1+ or Artistic', ''])(
  '"%s" is none',
  name => expect(spdxId(name)).toBeNull(),
);
