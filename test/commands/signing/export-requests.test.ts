/** Export, with a tree that is in the store already, and programs that only note what they were asked. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportRequests } from '../../../pipeline/commands/signing/export-requests.ts';
import { loadImage, planRecorded, toolsManifest } from '../../../pipeline/commands/build/prepare.ts';
import { cacheFolders } from '../../../pipeline/engine/environment.ts';
import { ensureResolution } from '../../../pipeline/engine/packages.ts';
import { putEntry } from '../../../pipeline/engine/store.ts';
import { decodeRequestList } from '../../../pipeline/formats/signature-requests.ts';
import { writeTar } from '../../../pipeline/tree/tar.ts';
import { place, textFile, type Tree } from '../../../pipeline/tree/tree.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { entryOf } from '../../engine/entries.ts';
import { aptThatHas } from '../../engine/fake-apt.ts';
import { certificate, rsa } from '../../engine/signer/certificates.ts';
import { putProgram, sha256 } from '../../engine/steps.ts';
import { raftProject, write, type RaftContext } from '../raft.ts';

const folder = scratchDirectory();
const PEM = certificate(rsa(2048), { from: '20240101000000Z', to: '20250101000000Z', extensions: [] });
const HEAD = `name: raft
version: "7"
layout: float
tools: chest
epoch: "2011-05-06T07:08:09Z"
`;
const LOGS = '  - { id: logs, stage: tree, options: { overlays: [deck] } }\n';
const SEAL = '  - { id: seal, stage: sign, inputs: { tree: logs }, options: { except: [/EFI/cox.efi] } }\n';
const SIGNING = 'signing: { key: none.key, certificate: db.crt }\n';
/** In place of bubblewrap: a request holds what it is of. */
const SANDBOX = String.raw`
while [ "$1" != -- ]; do
  case "$1 $3" in "--bind /mnt/work") work=$2 ;; esac
  shift
done
[ "$2" = osslsigncode ] || exit 9
{ printf 'asks for '; cat "$work/${'$'}{7#/mnt/work/}"; } >"$work/${'$'}{9#/mnt/work/}"
`;
let count = 0;

async function project(definition: string): Promise<RaftContext> {
  const context = raftProject(join(folder, `${count++}`));
  write(context.project, 'pipeline/raft.yaml', definition);
  write(context.project, 'db.crt', PEM);
  putProgram(context, 'bwrap', SANDBOX);
  const { environment, signal } = context;
  const options = { image: 'raft', sets: [], formats: [], compress: 'none', bundle: false } as const;
  const loaded = await loadImage(context, options);
  const manifest = toolsManifest(loaded);
  const tools = ['osslsigncode', 'sbsigntool', 'libarchive13t64', 'erofs-utils', 'e2fsprogs', 'squashfs-tools'];
  const quiet = { ...context, emit: () => undefined, update: false, offline: false, lock: null, mirrors: [] };
  const { digest } = await ensureResolution(manifest, aptThatHas(tools), quiet);
  // The tools tree is known by what it is made from; see ensureTree.
  const key = createHash('sha256')
    .update(JSON.stringify({ resolution: digest, manifest: { ...manifest, file: '' } }))
    .digest('hex');
  mkdirSync(join(cacheFolders(environment.cache).trees, `chest-${key.slice(0, 16)}`), { recursive: true });
  const logs = (await planRecorded(context, loaded)).plan.steps.find(step => step.id === 'logs');
  const tree: Tree = new Map();
  for (const name of ['pilot', 'cox', 'mate']) place(tree, `/EFI/${name}.efi`, textFile(name));
  const made = join(environment.cache, 'made.tar');
  await writeTar(tree, made, { epoch: 7, signal });
  const bytes = readFileSync(made);
  const own = { key: logs?.key ?? '', step: 'logs', image: 'raft', sha256: sha256(bytes), bytes: bytes.length };
  await putEntry(cacheFolders(environment.cache).store, entryOf(own), made);
  return context;
}

async function exported(context: RaftContext, name: string) {
  const requests = join(context.project, name);
  const options = {
    image: 'raft',
    sets: [],
    formats: [],
    compress: 'none',
    bundle: false,
    update: false,
    offline: true,
    mirrors: [],
  } as const;
  const signerOf = () => ({
    get: () => Promise.reject(new Error('nobody signs here')),
    check: async () => undefined,
    close: async () => undefined,
  });
  await exportRequests(context, {
    ...options,
    jobs: 1,
    check: 'always',
    out: join(context.project, 'out'),
    signerOf,
    requests,
  });
  return requests;
}

describe('export', () => {
  test('is a folder with a request for each program, the list of them and the recipe; nothing is signed', async () => {
    const context = await project(`${HEAD}${SIGNING}stages:\n${LOGS}${SEAL}`);
    const made = await exported(context, 'wanted');
    const list = decodeRequestList(readFileSync(join(made, 'requests.json'), 'utf8'));
    expect(list).toMatchObject({ image: 'raft', version: '7', epoch: Date.UTC(2011, 4, 6, 7, 8, 9) / 1000 });
    expect(list.requests.map(each => [each.step, each.program])).toEqual([
      ['seal', '/EFI/mate.efi'],
      ['seal', '/EFI/pilot.efi'],
    ]);
    for (const { program, file, sha256: digest, signed } of list.requests) {
      const text = readFileSync(join(made, file), 'utf8');
      expect(text).toBe(`asks for ${program.slice(5, -4)}`);
      expect([digest, signed]).toEqual([sha256(text), file.replace(/p7$/, 'signed.p7')]);
    }
    expect(readdirSync(made).toSorted()).toEqual(
      [...list.requests.map(each => each.file), 'requests.json', 'sign.sh'].toSorted(),
    );
    expect(statSync(join(made, 'sign.sh')).mode & 0o777).toBe(0o755);
    expect(context.printed).toContain('2 programs of raft wait for a signature');
    expect(readdirSync(context.project).filter(name => name.includes('part-'))).toEqual([]);
    await expect(exported(context, 'wanted')).rejects.toThrow('wanted is there already');
  });

  test('of an image that signs nothing is a fault, and leaves no folder', async () => {
    const context = await project(`${HEAD}stages:\n${LOGS}`);
    await expect(exported(context, 'wanted')).rejects.toMatchObject({
      name: 'UsageFault',
      message: 'raft signs nothing',
    });
    expect(existsSync(join(context.project, 'wanted'))).toBe(false);
    expect(readdirSync(context.project).filter(name => name.includes('part-'))).toEqual([]);
  });

  test('that cannot be finished leaves no folder', async () => {
    const context = await project(`${HEAD}${SIGNING}stages:\n${LOGS}${SEAL}`);
    writeFileSync(join(context.project, 'bin/bwrap'), '#!/bin/sh\nexit 3\n', { mode: 0o755 });
    await expect(exported(context, 'wanted')).rejects.toThrow('osslsigncode ended with exit code 3');
    expect(readdirSync(context.project).filter(name => name.includes('wanted'))).toEqual([]);
  });
});
