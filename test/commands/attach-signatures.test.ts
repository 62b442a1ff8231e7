import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { attachSignatures, folderSigner } from '../../pipeline/commands/attach-signatures.ts';
import { UsageFault } from '../../pipeline/commands/context.ts';
import { BuildFault } from '../../pipeline/engine/fault.ts';
import type { RequestList } from '../../pipeline/formats/signature-requests.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { certificate, rsa } from '../engine/signer/certificates.ts';
import { sha256 } from '../engine/steps.ts';
import { imageOf } from '../stages/documents.ts';
import { commandContext } from './context.ts';

const scratch = scratchDirectory();
const PEM = certificate(rsa(2048), { from: '20150101000000Z', to: '20160101000000Z', extensions: [] });
writeFileSync(join(scratch, 'db.crt'), PEM);
const signing = { key: 'nowhere', certificate: 'db.crt', module: '', pinFile: '', firmware: '' };
const project = { folder: scratch, image: imageOf({ signing }) };

const request = (name: string) => ({
  step: 'seal',
  program: `/${name}.efi`,
  file: `${name}.p7`,
  sha256: sha256(`asks for ${name}`),
  signed: `${name}.signed.p7`,
});
const LIST: RequestList = {
  format: 1,
  image: 'galleon',
  version: '7.3',
  epoch: 1_444_444_444,
  requests: [request('pilot'), request('cox')],
};
let count = 0;

function folderWith(list: string, signed: readonly string[] = []): string {
  const folder = join(scratch, `wanted-${count++}`);
  mkdirSync(folder);
  if (list !== '') writeFileSync(join(folder, 'requests.json'), list);
  for (const name of signed) writeFileSync(join(folder, `${name}.signed.p7`), `signed ${name}`);
  return folder;
}

describe('a folder is refused, before anything is built,', () => {
  const attach = (requests: string) =>
    attachSignatures(commandContext(scratch), {
      image: 'none',
      sets: [],
      formats: [],
      compress: 'none',
      bundle: false,
      update: false,
      offline: true,
      mirrors: [],
      jobs: 1,
      check: 'always',
      out: join(scratch, 'out'),
      requests,
    });

  test('without a list', async () => {
    const folder = folderWith('');
    await expect(attach(folder)).rejects.toMatchObject({
      name: 'UsageFault',
      message: `${folder} has no requests.json`,
    });
    mkdirSync(join(folder, 'requests.json'));
    await expect(attach(folder)).rejects.toThrow(`${folder} has no requests.json that can be read`);
  });

  test.each(['{', '{}', JSON.stringify({ ...LIST, requests: [{ ...request('pilot'), signed: '../../pilot.p7' }] })])(
    'with the list %s',
    async list => {
      await expect(attach(folderWith(list))).rejects.toMatchObject({
        name: 'UsageFault',
        message: 'requests.json is no list of requests',
      });
    },
  );

  test('with answers that are missing, which are named', async () => {
    const folder = folderWith(JSON.stringify(LIST), ['pilot']);
    const missing = `1 of 2 programs are not signed yet: ${folder} has no cox.signed.p7`;
    await expect(attach(folder)).rejects.toThrow(UsageFault);
    mkdirSync(join(folder, 'cox.signed.p7'));
    await expect(attach(folder)).rejects.toThrow(missing);
  });
});

describe('a folder that is signed', () => {
  const folder = folderWith(JSON.stringify(LIST), ['pilot', 'cox']);
  const put = (text: string): { request: string; signed: string } => {
    const files = { request: join(scratch, `request-${count}`), signed: join(scratch, `answer-${count++}`) };
    writeFileSync(files.request, text);
    return files;
  };
  test('is judged as with the key at hand', async () => {
    const old = { ...LIST, epoch: 1_700_000_000 };
    const image = imageOf({ signing, epoch: old.epoch });
    await expect(folderSigner(folder, old, { project: { ...project, image } })).rejects.toThrow(
      'is expired at 2023-11-14',
    );
  });

  const sign = async (files: { request: string; signed: string }): Promise<void> => {
    const signer = await folderSigner(folder, LIST, { project });
    expect(signer.certificate).toBe(PEM);
    await signer.sign({ ...files, work: scratch, epoch: LIST.epoch });
  };

  test('is looked into by what is asked, not by its name; and what is no signature is told', async () => {
    for (const name of ['cox', 'pilot'])
      await expect(sign(put(`asks for ${name}`))).rejects.toThrow(
        `${join(folder, `${name}.signed.p7`)} is no signature`,
      );
  });

  test('has no answer to another request', async () => {
    await expect(sign(put('asks for the mate'))).rejects.toThrow(BuildFault);
    await expect(sign(put('asks for the mate'))).rejects.toThrow('the image has changed since');
  });

  test.each<[Partial<RequestList>, string]>([
    [{ image: 'sloop' }, 'is of sloop 7.3, not of galleon 7.3'],
    [{ version: '7.4' }, 'is of galleon 7.4, not of galleon 7.3'],
    [{ epoch: 1_555_555_555 }, 'are of the time 1555555555, and galleon has the epoch 1444444444'],
  ])('is of no use to another image: %j', async (own, message) => {
    const opened = folderSigner(folder, { ...LIST, ...own }, { project });
    await expect(opened).rejects.toMatchObject({
      name: 'UsageFault',
      message: expect.stringContaining(message) as string,
    });
  });
});
