/**
 * sign: every EFI program of a tree, with the key of the definition. What is to be signed goes out as a request and
 * comes back as a signature, so that a key in a token, or on a machine without network, makes the same bytes as a file.
 */
import { X509Certificate } from 'node:crypto';
import { copyFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FormatFault } from '../formats/fault.ts';
import { readContent, readTar, writeTar } from '../tree/tar.ts';
import { hostFile, place, textFile, type Tree } from '../tree/tree.ts';
import { OptionFault, type BuildContext, type Stage } from './stage.ts';

interface Options {
  except?: string[];
  certificate?: string;
}

interface Resolved {
  except: string[];
  /** Empty for nowhere. */
  certificate: string;
}

/** A program of the tree, and the file in `work` that asks for its signature (PKCS #7, as osslsigncode makes it). */
export interface SignatureRequest {
  /** In the tree. */
  program: string;
  request: string;
}

export const sign: Stage<Options, Resolved, 'tree'> = {
  name: 'sign',
  version: 1,
  summary: 'signatures of the EFI programs of a tree (Authenticode)',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      except: {
        type: 'array',
        items: { type: 'string', pattern: '^/' },
        uniqueItems: true,
        description: 'Programs that stay as they are, e.g. one that its maker has signed.',
        default: [],
      },
      certificate: {
        type: 'string',
        pattern: '^/',
        description: 'Path in the tree where the certificate stands (DER), for who must enrol it.',
        'x-default': 'it stands nowhere',
      },
    },
  },
  inputs: { tree: 'required' },
  tools: ['osslsigncode', 'sbsigntool'],
  signs: 'programs',
  publishes: () => null,

  resolve({ except, certificate }, image) {
    if (!image.hasSigning)
      throw new OptionFault(
        '',
        'nothing says by which key',
        'add `signing: { key: FILE, certificate: FILE }` to the definition; `caisson keys new` makes a pair',
      );
    return { except: except ?? [], certificate: certificate ?? '' };
  },

  async build({ except, certificate }, context) {
    const { box, run, signer, signal, work } = context;
    if (signer === null) throw new Error('no signer');
    const { tree, requests } = await signatureRequests(except, context);
    await writeFile(path.join(work, 'certificate.pem'), signer.certificate);
    for (const { program, request } of requests) {
      const [signed, made] = [`${request}.signed`, `${request}.efi`];
      await signer.sign(request, signed);
      await copyFile(path.join(work, request.replace(/\.p7$/, '')), path.join(work, made));
      const refuse = (what: string) => (error: unknown) => {
        signal.throwIfAborted();
        throw new FormatFault(
          `the signature of ${program} ${what}`,
          `${(error as Error).message.split('\n')[0] ?? ''}; ask for it again`,
        );
      };
      await run('sbattach', ['--attach', `${box.work}/${signed}`, `${box.work}/${made}`]).catch(
        refuse('is damaged, or none'),
      );
      // By another reader: a signature that came from elsewhere may be of another program, or by another key.
      await run('sbverify', ['--cert', `${box.work}/certificate.pem`, `${box.work}/${made}`]).catch(
        refuse('is not one of it by the certificate'),
      );
      place(tree, program, hostFile(path.join(work, made), (await stat(path.join(work, made))).size));
    }
    if (certificate !== '') {
      const { raw } = new X509Certificate(signer.certificate);
      place(tree, certificate, { ...textFile(''), content: { data: raw } });
    }
    await writeTar(tree, context.out, context);
    return { ...context.inputs.tree?.facts, signed: requests.map(each => each.program) };
  },
};

/** The tree, and a request for each program in it but `except`, in order of paths. Throws FormatFault for a tree without any. */
export async function signatureRequests(
  except: readonly string[],
  { inputs, work, box, run, signal }: Pick<BuildContext<'tree'>, 'inputs' | 'work' | 'box' | 'run' | 'signal'>,
): Promise<{ tree: Tree; requests: SignatureRequest[] }> {
  if (inputs.tree === undefined) throw new Error('no input tree');
  const tree = await readTar(inputs.tree.path, signal);
  const requests: SignatureRequest[] = [];
  const programs = [...tree]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .filter(([name, { type }]) => type === 'file' && /\.efi$/i.test(name));
  for (const [program, node] of programs) {
    if (except.includes(program)) continue;
    // Numbered: what differs in a slash alone would share a file. It ends in a script for a shell too.
    const name = `${requests.length + 1}.${program.slice(1).replaceAll(/[^A-Za-z0-9._-]/g, '-')}`;
    await writeFile(path.join(work, name), await readContent(node));
    const request = `${name}.p7`;
    await run('osslsigncode', [
      'extract-data',
      '-h',
      'sha256',
      '-in',
      `${box.work}/${name}`,
      '-out',
      `${box.work}/${request}`,
    ]);
    requests.push({ program, request });
  }
  const unknown = except.find(each => !programs.some(([program]) => program === each));
  if (unknown !== undefined)
    throw new FormatFault(
      `"${unknown}" of \`except\` is no EFI program of the tree`,
      `its programs: ${programs.map(([program]) => program).join(', ')}`,
    );
  if (requests.length === 0)
    throw new FormatFault('the tree has no EFI program to sign', 'take the step away, or give it another tree');
  return { tree, requests };
}
