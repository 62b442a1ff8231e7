import { X509Certificate } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sign } from '../../pipeline/stages/sign.ts';
import { OptionFault, type StageSigner } from '../../pipeline/stages/stage.ts';
import { readContent, readTar, writeTar } from '../../pipeline/tree/tar.ts';
import { place, symlink, textFile, type Tree } from '../../pipeline/tree/tree.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { certificate, rsa } from '../engine/signer/certificates.ts';
import { contextOf, fileArtifact, type Call, type FakeContext } from './context.ts';
import { viewOf } from './documents.ts';

const folder = scratchDirectory();
const PEM = certificate(rsa(2048), { from: '20240101000000Z', to: '20250101000000Z', extensions: [] });
const { signal } = new AbortController();
let count = 0;

const PROGRAMS: Tree = new Map();
place(PROGRAMS, '/EFI/reef/pilot.efi', textFile('pilot'));
place(PROGRAMS, '/EFI/BOOT/COXX64.EFI', textFile('cox'));
place(PROGRAMS, '/EFI/reef/link.efi', symlink('pilot.efi'));
place(PROGRAMS, '/EFI/reef/pilot.efi.txt', textFile('about the pilot'));

/** Each request holds what it is of; its signature is `by me: ` and that. */
async function contextWith(
  tree: Tree,
  own: { signer?: StageSigner | null; verify?: (call: Call) => string } = {},
): Promise<FakeContext> {
  const file = join(folder, `tree-${count++}.tar`);
  await writeTar(tree, file, { epoch: 7, signal });
  const { verify = () => '', signer } = own;
  const context = contextOf(folder, {
    inputs: { tree: fileArtifact(file, { id: 'hull', facts: { slots: ['Q'] } }) },
    run: (call, { work }) => {
      const { program, args } = call;
      const at = (name = ''): string => join(work, name.replace('/mnt/work/', ''));
      if (program === 'osslsigncode') writeFileSync(at(args[6]), `asks for ${readFileSync(at(args[4]), 'utf8')}`);
      else if (program === 'sbattach') appendFileSync(at(args[2]), ` + ${readFileSync(at(args[1]), 'utf8')}`);
      else return verify(call);
      return '';
    },
  });
  const files: StageSigner = {
    certificate: PEM,
    sign: async (request, signed) => {
      const text = readFileSync(join(context.work, request), 'utf8');
      writeFileSync(join(context.work, signed), `by me: ${text}`);
    },
  };
  context.signer = signer === undefined ? files : signer;
  return context;
}

async function madeBy(context: FakeContext): Promise<Record<string, string>> {
  const tree = await readTar(context.out, signal);
  const files = [...tree].filter(([, node]) => node.type === 'file');
  return Object.fromEntries(
    await Promise.all(files.map(async ([name, node]) => [name, (await readContent(node)).toString('latin1')] as const)),
  );
}

const linesOf = ({ calls }: FakeContext, program: string): string[] =>
  calls.filter(call => call.program === program).map(call => call.args.join(' '));

describe('sign', () => {
  test('every EFI program of the tree and nothing else, in order of paths', async () => {
    const context = await contextWith(PROGRAMS);
    const facts = await sign.build({ except: [], certificate: '' }, context);
    expect(facts).toEqual({ slots: ['Q'], signed: ['/EFI/BOOT/COXX64.EFI', '/EFI/reef/pilot.efi'] });
    expect(await madeBy(context)).toEqual({
      '/EFI/BOOT/COXX64.EFI': 'cox + by me: asks for cox',
      '/EFI/reef/pilot.efi': 'pilot + by me: asks for pilot',
      '/EFI/reef/pilot.efi.txt': 'about the pilot',
    });
    expect((await readTar(context.out, signal)).get('/EFI/reef/link.efi')?.target).toBe('pilot.efi');
  });

  test('by programs that get the files of one program at a time', async () => {
    const context = await contextWith(PROGRAMS);
    await sign.build({ except: ['/EFI/BOOT/COXX64.EFI'], certificate: '' }, context);
    const [asked = '', ...more] = linesOf(context, 'osslsigncode');
    expect(more).toEqual([]);
    const [, program = '', request = ''] = /^extract-data -h sha256 -in (\S+) -out (\S+)$/.exec(asked) ?? [];
    expect(readFileSync(join(context.work, program.replace('/mnt/work/', '')), 'utf8')).toBe('pilot');
    expect(request).toBe(`${program}.p7`);
    const [made = ''] = linesOf(context, 'sbverify');
    expect(linesOf(context, 'sbattach')).toEqual([`--attach ${request}.signed ${request}.efi`]);
    expect(made).toBe(`--cert /mnt/work/certificate.pem ${request}.efi`);
    expect(readFileSync(join(context.work, 'certificate.pem'), 'utf8')).toBe(PEM);
  });

  test('two programs whose paths differ in a slash alone, and one with a name that a shell would read', async () => {
    const tree: Tree = new Map();
    place(tree, '/EFI/keel/oak.efi', textFile('oak'));
    place(tree, '/EFI/keel-oak.efi', textFile('ash'));
    place(tree, "/EFI/a b;'$(c).efi", textFile('elm'));
    const context = await contextWith(tree);
    await sign.build({ except: [], certificate: '' }, context);
    expect(await madeBy(context)).toEqual({
      '/EFI/keel/oak.efi': 'oak + by me: asks for oak',
      '/EFI/keel-oak.efi': 'ash + by me: asks for ash',
      "/EFI/a b;'$(c).efi": 'elm + by me: asks for elm',
    });
    for (const { args } of context.calls) expect(args.join('')).toMatch(/^[A-Za-z0-9._/-]+$/);
  });

  test('all but those of `except`', async () => {
    const context = await contextWith(PROGRAMS);
    const facts = await sign.build({ except: ['/EFI/reef/pilot.efi'], certificate: '' }, context);
    expect(facts.signed).toEqual(['/EFI/BOOT/COXX64.EFI']);
    expect(await madeBy(context)).toMatchObject({ '/EFI/reef/pilot.efi': 'pilot' });
  });

  test('and puts the certificate where it is wanted, as DER', async () => {
    const context = await contextWith(PROGRAMS);
    await sign.build({ except: [], certificate: '/EFI/reef/me.cer' }, context);
    const placed = (await madeBy(context))['/EFI/reef/me.cer'] ?? '';
    expect(Buffer.from(placed, 'latin1')).toEqual(new X509Certificate(PEM).raw);
  });
});

describe('sign refuses', () => {
  test.each([['/EFI/reef/none.efi'], ['/EFI/reef/pilot.efi.txt'], ['/EFI/reef/link.efi']])(
    '%s of `except`, which is no program of the tree',
    async except => {
      const built = sign.build({ except: [except], certificate: '' }, await contextWith(PROGRAMS));
      await expect(built).rejects.toMatchObject({
        name: 'FormatFault',
        message: `"${except}" of \`except\` is no EFI program of the tree`,
        hint: 'its programs: /EFI/BOOT/COXX64.EFI, /EFI/reef/pilot.efi',
      });
    },
  );

  test.each<[string, Tree, string[]]>([
    ['without a program', new Map([['/note.txt', textFile('efi')]]), []],
    ['whose only program stays as it is', new Map([['/oar.efi', textFile('oar')]]), ['/oar.efi']],
  ])('a tree %s', async (_, tree, except) => {
    const built = sign.build({ except, certificate: '' }, await contextWith(tree));
    await expect(built).rejects.toMatchObject({ name: 'FormatFault', message: 'the tree has no EFI program to sign' });
  });

  test('a signature that another reader does not accept, and names its program', async () => {
    const verify = ({ args }: Call): string => {
      if (!/pilot/.test(args.join(' '))) return '';
      throw new Error('sbverify ended with exit code 1\nand more');
    };
    const built = sign.build({ except: [], certificate: '' }, await contextWith(PROGRAMS, { verify }));
    await expect(built).rejects.toMatchObject({
      name: 'FormatFault',
      message: 'the signature of /EFI/reef/pilot.efi is not one of it by the certificate',
      hint: 'sbverify ended with exit code 1; ask for it again',
    });
  });

  test('to work without a signer, or without a tree', async () => {
    const options = { except: [], certificate: '' };
    await expect(sign.build(options, await contextWith(PROGRAMS, { signer: null }))).rejects.toThrow('no signer');
    const signer: StageSigner = { certificate: PEM, sign: async () => undefined };
    await expect(sign.build(options, contextOf(folder, { signer }))).rejects.toThrow('no input tree');
  });

  test('a definition that names no key', () => {
    expect(() => sign.resolve({}, viewOf())).toThrow(OptionFault);
    expect(() => sign.resolve({}, viewOf())).toThrow('nothing says by which key');
    expect(sign.resolve({}, viewOf({ hasSigning: true }))).toEqual({ except: [], certificate: '' });
    const options = { except: ['/oar.efi'], certificate: '/me.cer' };
    expect(sign.resolve(options, viewOf({ hasSigning: true }))).toEqual(options);
  });
});
