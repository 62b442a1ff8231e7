import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { firmwareOf } from '../../../pipeline/commands/machine/firmware-keys.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

const folder = scratchDirectory();
const GUID = '0a0b0c0d-0e0f-4001-8203-040506070809';
const NAMES = ['PK.crt', 'KEK.crt', 'db.crt'] as const;
let count = 0;

function keys(): string {
  const made = join(folder, `keys-${count++}`);
  mkdirSync(made);
  for (const name of NAMES) writeFileSync(join(made, name), name);
  return made;
}

test('without a name no Secure Boot; `microsoft` is no folder', async () => {
  expect(await firmwareOf(null)).toEqual({ kind: 'open' });
  expect(await firmwareOf('microsoft')).toEqual({ kind: 'microsoft', mok: [] });
});

test.each([
  [`${GUID}\n`, GUID],
  ['no GUID', '63616973-736f-6e00-0000-000000000000'],
  [null, '63616973-736f-6e00-0000-000000000000'],
])('a folder of certificates, with the owner of the file GUID: %j', async (text, owner) => {
  const made = keys();
  if (text !== null) writeFileSync(join(made, 'GUID'), text);
  const [pk, kek, db] = NAMES.map(name => join(made, name));
  expect(await firmwareOf(made)).toEqual({ kind: 'keys', owner, pk, kek, db: [db] });
});

test.each(NAMES)('a folder without %s', async name => {
  const made = keys();
  rmSync(join(made, name));
  const fault = { name: 'UsageFault', message: `${made} has no ${name}` };
  await expect(firmwareOf(made)).rejects.toMatchObject(fault);
  mkdirSync(join(made, name));
  await expect(firmwareOf(made)).rejects.toMatchObject(fault);
});
