import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleFrom } from '../../pipeline/commands/bundle.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { certificate, rsa } from '../engine/signer/certificates.ts';
import { commandContext } from './context.ts';

const folder = scratchDirectory();
for (const each of ['pipeline', 'layouts', 'overlays', 'rootfs-manifests', 'scripts'])
  symlinkSync(resolve(each), join(folder, each));
const out = join(folder, 'out');
const make = async (from: string, ...sets: string[]) =>
  bundleFrom(commandContext(folder), { image: 'eflow', sets: ['version=7.3', ...sets], from: join(folder, from), out });

describe('nothing is made', () => {
  it('without the certificates that machines trust', async () =>
    expect(make('old.raucb', 'updates.keyring=none.crt')).rejects.toThrow(
      'eflow takes updates by the certificates in none.crt, which is not there',
    ));

  it('without the full bundle of this release, and of the other one', async () => {
    mkdirSync(join(folder, 'keys'));
    const pem = certificate(rsa(2048), { from: '20240101000000Z', to: '20450101000000Z', extensions: [] });
    writeFileSync(join(folder, 'keys/update-ca.crt'), pem);
    const full = join(out, 'eflow/eflow-7.3.raucb');
    await expect(make('old.raucb')).rejects.toMatchObject({
      message: `there is no bundle ${full}`,
      hint: 'build it first: caisson build eflow --bundle',
    });
    mkdirSync(join(out, 'eflow'), { recursive: true });
    writeFileSync(full, 'hsqs');
    await expect(make('.')).rejects.toMatchObject({
      message: `there is no bundle ${folder}`,
      hint: 'name the full bundle of the release that runs on the machines',
    });
  });
});
