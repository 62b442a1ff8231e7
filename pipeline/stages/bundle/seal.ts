/**
 * A bundle in RAUC's format "verity" (docs/reference.rst and src/bundle.c of RAUC 1.13): [squashfs with the images | hash
 * tree | CMS with the manifest in it | length of the CMS]. Put together here because `rauc bundle` draws its salt at
 * random: the same key gives the same bytes.
 */
import { createHash } from 'node:crypto';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatSize } from '../../formats/bytes.ts';
import { MOST_SIGNATURE } from '../../formats/bundle-file.ts';
import { encodeBundleManifest, type BundleFile, type BundleManifest } from '../../formats/bundle-manifest.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { BuildContext } from '../stage.ts';
import { PAYLOAD } from './payload.ts';

const BLOCK = 4096;

/**
 * Makes `out` of the files in PAYLOAD and of what the manifest tells of them. `keyring`: PEM text of the certificates that
 * machines trust. Throws FormatFault for a signature that they would refuse.
 */
export async function sealBundle(
  described: Omit<BundleManifest, 'epoch' | 'verity'>,
  { seed, keyring }: { seed: string; keyring: string },
  context: BuildContext<'*'>,
): Promise<void> {
  const { images, selector } = described;
  await makeSquashfs(context);
  const files = selector === null ? images : [...images, selector];
  const verity = await appendHashTree(files, seed, context);
  const text = encodeBundleManifest({ ...described, epoch: context.epoch, verity });
  const signature = await sign(text, keyring, context);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(signature.length));
  await appendFile(context.out, Buffer.concat([signature, length]));
}

/**
 * Zstandard as fast as it is: the root is compressed already, and 128 KiB a block let a machine read what it wants of a
 * bundle in the network without the rest.
 */
async function makeSquashfs({ box, epoch, run, progress }: BuildContext<'*'>): Promise<void> {
  progress(null, 'mksquashfs');
  const times = ['-mkfs-time', '-all-time', '-root-time'].flatMap(each => [each, String(epoch)]);
  const owner = ['-all-root', '-root-mode', '0755', '-no-xattrs'];
  const how = ['-noappend', '-quiet', '-no-progress', '-comp', 'zstd', '-Xcompression-level', '3', '-b', '128K'];
  // Else it takes up to a quarter of the machine's memory for what it has not written yet; the bytes are the same.
  const memory = ['-mem', '256M'];
  // It refuses SOURCE_DATE_EPOCH beside the options that set all times.
  const program = ['--unset=SOURCE_DATE_EPOCH', 'mksquashfs', `${box.work}/${PAYLOAD}`, box.out];
  await run('env', [...program, ...how, ...memory, ...times, ...owner]);
}

/** dm-verity without superblock, right behind the squashfs; what the manifest tells of it. */
async function appendHashTree(
  files: readonly BundleFile[],
  seed: string,
  { box, out, work, run, progress }: BuildContext<'*'>,
): Promise<BundleManifest['verity']> {
  progress(null, 'veritysetup');
  const { size } = await stat(out);
  // mksquashfs fills its last block; RAUC takes no other length, and no tree of a single block.
  if (size % BLOCK !== 0 || size <= BLOCK) throw new Error(`a squashfs of ${size} bytes`);
  const salt = createHash('sha256')
    .update([seed, 'bundle salt', ...files.map(each => each.sha256)].join('\0'))
    .digest('hex');
  await run('veritysetup', [
    'format',
    box.out,
    box.out,
    '--no-superblock',
    '--hash=sha256',
    `--data-block-size=${BLOCK}`,
    `--hash-block-size=${BLOCK}`,
    `--data-blocks=${size / BLOCK}`,
    `--hash-offset=${size}`,
    `--salt=${salt}`,
    `--root-hash-file=${box.work}/bundle-hash`,
  ]);
  const hash = (await readFile(path.join(work, 'bundle-hash'), 'utf8')).trim();
  return { hash, salt, bytes: (await stat(out)).size - size };
}

/** The manifest in its CMS, checked by another reader against the certificates that machines trust. */
async function sign(text: string, keyring: string, context: BuildContext<'*'>): Promise<Buffer> {
  const { box, epoch, run, signal, signer, work } = context;
  const [manifest, signed] = ['manifest.raucm', 'manifest.cms'];
  await writeFile(path.join(work, manifest), text);
  await writeFile(path.join(work, 'keyring.pem'), keyring);
  await signer?.sign(manifest, signed);
  const read = ['-verify', '-binary', '-inform', 'DER', '-in', `${box.work}/${signed}`, '-out', `${box.work}/read`];
  const trust = ['-CAfile', `${box.work}/keyring.pem`, '-purpose', 'codesign', '-attime', String(epoch)];
  await run('openssl', ['cms', ...read, ...trust]).catch((error: Error) => {
    signal.throwIfAborted();
    throw new FormatFault(
      'the signature of the bundle is not one that the keyring trusts',
      `${error.message.split('\n')[0] ?? ''}; do key, certificate and keyring of \`updates\` belong together?`,
    );
  });
  if ((await readFile(path.join(work, 'read'), 'utf8')) !== text)
    throw new FormatFault('the signature of the bundle is one of another manifest', 'sign it again');
  const signature = await readFile(path.join(work, signed));
  if (signature.length > MOST_SIGNATURE)
    throw new FormatFault(
      `the signed manifest has ${formatSize(signature.length)}, and RAUC reads ${formatSize(MOST_SIGNATURE)} at the most`,
      'leave out of the file of the certificate those that do not lead to the keyring',
    );
  return signature;
}
