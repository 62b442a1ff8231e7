/** caisson attach-signatures: finishes an image with signatures that were made where the key is. */
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../engine/files.ts';
import { BuildFault } from '../engine/fault.ts';
import type { Signer } from '../engine/signer/types.ts';
import { readCertificate } from '../engine/signer/certificate.ts';
import { FormatFault } from '../formats/fault.ts';
import { decodeRequestList, type RequestList } from '../formats/signature-requests.ts';
import { decodeSignedDigest } from '../formats/signed-data.ts';
import { build, type BuildOptions } from './build.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import type { Prepared } from './build/prepare.ts';
import { keySigner } from './signing/signing.ts';

export interface AttachOptions extends Omit<BuildOptions, 'signerOf'> {
  /** Folder with the requests and their answers. */
  requests: string;
}

/** Throws UsageFault, before anything is built, for a folder that is not of this image or not signed completely. */
export async function attachSignatures(
  context: CommandContext,
  { requests: folder, ...options }: AttachOptions,
): Promise<ExitCode> {
  const list = await readList(folder);
  return build(context, {
    ...options,
    signerOf: (context, prepared) => {
      mustBeOf(folder, list, prepared);
      // Bundles are made last, and signed by a key of their own.
      const key = keySigner(context, prepared);
      let opened: Promise<Signer> | null = null;
      return {
        get: async what => (what === 'bundles' ? key.get(what) : (opened ??= folderSigner(folder, list, prepared))),
        check: async what => (what === 'bundles' ? key.check(what) : undefined),
        close: key.close,
      };
    },
  });
}

async function readList(folder: string): Promise<RequestList> {
  const text = await readFile(path.join(folder, 'requests.json'), 'utf8').catch((error: unknown) => {
    throw new UsageFault(
      `${folder} has no requests.json${codeOf(error) === 'ENOENT' ? '' : ' that can be read'}`,
      'name a folder that caisson build --unsigned made',
    );
  });
  const list = listOf(text);
  const waiting: string[] = [];
  for (const { signed } of list.requests)
    if (!(await stat(path.join(folder, signed)).catch(() => null))?.isFile()) waiting.push(signed);
  if (waiting.length > 0)
    throw new UsageFault(
      `${waiting.length} of ${list.requests.length} programs are not signed yet: ${folder} has no ${waiting.join(', ')}`,
      `run ${path.join(folder, 'sign.sh')} where the key is`,
    );
  return list;
}

function listOf(text: string): RequestList {
  try {
    return decodeRequestList(text);
  } catch (error) {
    throw error instanceof FormatFault ? new UsageFault(error.message, error.hint) : error;
  }
}

type Signed = { project: Pick<Prepared['project'], 'image' | 'folder'> };

/**
 * Also where all signatures are in the store, or none are wanted, the folder must be of this image. And of its time:
 * signatures hold it, and the key of the step says that of the image.
 */
function mustBeOf(folder: string, list: RequestList, { project }: Signed): void {
  const { name, version, epoch } = project.image;
  if (list.image !== name || list.version !== version)
    throw new UsageFault(
      `${folder} is of ${list.image} ${list.version}, not of ${name} ${version}`,
      'name the folder that was exported for this image',
    );
  if (list.epoch !== epoch)
    throw new UsageFault(
      `the signatures in ${folder} are of the time ${list.epoch}, and ${name} has the epoch ${epoch}`,
      `export it again: caisson build ${name} --unsigned DIR`,
    );
}

/** Answers what was asked for before; the stage `sign` checks that an answer fits. Throws UsageFault for a folder that is not of the image. */
export async function folderSigner(folder: string, list: RequestList, prepared: Signed): Promise<Signer> {
  mustBeOf(folder, list, prepared);
  const { project } = prepared;
  const { epoch, signing } = project.image;
  if (signing === null) throw new Error(`${project.image.name} names no certificate`);
  // Judged as with the key at hand.
  const { pem } = await readCertificate(path.resolve(project.folder, signing.certificate), epoch);
  return {
    certificate: pem,
    sign: async ({ request, signed }) => {
      const sha256 = createHash('sha256')
        .update(await readFile(request))
        .digest('hex');
      const asked = list.requests.find(each => each.sha256 === sha256);
      if (asked === undefined)
        throw new BuildFault(
          `${path.basename(request)} was not asked for in ${folder}: the image has changed since`,
          `export it again: caisson build ${list.image} --unsigned DIR`,
        );
      const answer = await readFile(path.join(folder, asked.signed));
      mustBeOfTime(answer, { file: path.join(folder, asked.signed), epoch });
      await writeFile(signed, answer);
    },
  };
}

/** With another time it holds too, but the image would not have the bytes of a build with the key here. */
function mustBeOfTime(answer: Uint8Array, { file, epoch }: { file: string; epoch: number }): void {
  const digits = new Date(epoch * 1000).toISOString().replaceAll(/[-:T]|\.000/g, '');
  const time = timeOf(answer, file);
  if (time === digits || time === digits.slice(2)) return;
  throw new BuildFault(
    `${file} was signed ${time === null ? 'without a time' : `with the time ${time}`}, not with the image's, ${digits}`,
    'sign with the sign.sh of the folder, and without a server for time stamps',
  );
}

function timeOf(answer: Uint8Array, file: string): string | null {
  try {
    return decodeSignedDigest(answer).time;
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    throw new BuildFault(`${file} is no signature: ${error.message}`, 'sign again with the sign.sh of the folder');
  }
}
