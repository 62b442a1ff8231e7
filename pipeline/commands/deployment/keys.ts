/** Who may log in: public keys out of files, looked at by us and by ssh-keygen; and a key pair of a deployment's own. */
import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text as wholeText } from 'node:stream/consumers';
import { codeOf } from '../../engine/files.ts';
import { ProcessFailure } from '../../engine/run.ts';
import { toolRunner, WORK, type ToolOptions } from '../../engine/tool-runner.ts';
import { roundSize, type Bytes } from '../../formats/bytes.ts';
import { FormatFault } from '../../formats/fault.ts';
import { ALLOWED_KEYS, decodePublicKeys, type PublicKey } from '../../formats/ssh-key.ts';
import { plainText } from '../../report/text.ts';
import { UsageFault } from '../context.ts';

export interface KeyText {
  /** For messages: the file, or the option. */
  name: string;
  text: string;
}

/** More than this is no list of keys. */
const LONGEST: Bytes = 2 ** 20;
/** The guest leaves a longer file out. */
const MOST_TAKEN: Bytes = 2 ** 16;

/** Files of public keys, or what a shell makes of `<(…)`. Throws UsageFault for what cannot be read. */
export async function readKeyFiles(files: readonly string[]): Promise<KeyText[]> {
  return Promise.all(files.map(async file => ({ name: file, text: await readKeyFile(file) })));
}

/**
 * The keys of all texts, each key once. Throws UsageFault for one that is weak, damaged, private, a certificate, or that
 * ssh-keygen does not take.
 */
export async function checkKeys(texts: readonly KeyText[], options: ToolOptions): Promise<PublicKey[]> {
  const all = texts.flatMap(({ name, text }) => decode(name, text));
  const keys = all.filter((key, index) => all.findIndex(each => each.fingerprint === key.fingerprint) === index);
  if (keys.length === 0) return keys;
  if (Buffer.byteLength(keyLines(keys)) > MOST_TAKEN)
    throw new UsageFault(
      `${keys.length} keys are more than a machine takes: ${roundSize(MOST_TAKEN)} in all`,
      'leave some out, or let an authority certify them: --ca-key',
    );
  await writeFile(path.join(options.work, 'keys'), keyLines(keys));
  const seen = await listKeys(options);
  const refused = keys.find(key => !seen.includes(`${key.bits} ${key.fingerprint}`));
  if (refused !== undefined)
    throw new UsageFault(
      plainText(`ssh-keygen does not take the key ${refused.fingerprint} (${refused.type} ${refused.comment})`),
      `copy it again, whole; allowed are ${ALLOWED_KEYS}`,
    );
  return keys;
}

/** As authorized_keys(5) and TrustedUserCAKeys want it. */
export function keyLines(keys: readonly PublicKey[]): string {
  return keys.map(key => `${key.line}\n`).join('');
}

/** Makes `key` (0600) and `key.pub` in the scratch folder of `options`; nothing of the private one is logged. */
export async function generateKeys(comment: string, options: ToolOptions): Promise<KeyText> {
  const run = toolRunner(options, { binds: [], log: null });
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', `${WORK}/key`]);
  const file = path.join(options.work, 'key.pub');
  return { name: file, text: await readKeyFile(file) };
}

/** For `--json`. */
export function keyDocument({ type, bits, fingerprint, comment }: PublicKey): Omit<PublicKey, 'line'> {
  return { type, bits, fingerprint, comment };
}

/** One line for people, as ssh-keygen -l writes it. */
export function keyTitle({ bits, fingerprint, comment, type }: PublicKey): string {
  return [String(bits), fingerprint, comment, `(${type})`].filter(word => word !== '').join(' ');
}

async function readKeyFile(file: string): Promise<string> {
  if (/^(ssh|ecdsa|sk)-\S+ +AAAA/.test(file))
    throw new UsageFault('a key itself was given where its file is wanted', 'write it into a file, and name that');
  const found = await stat(file).catch(error => {
    throw new UsageFault(
      `${file} cannot be read (${codeOf(error)})`,
      'check the path: a file of public keys is wanted',
    );
  });
  if (found.isDirectory()) throw new UsageFault(`${file} is a folder`, 'name a file of public keys in it');
  try {
    const text = await wholeText(createReadStream(file, { end: LONGEST }));
    if (Buffer.byteLength(text) <= LONGEST) return text;
  } catch (error) {
    throw new UsageFault(`${file} cannot be read (${codeOf(error)})`, 'check who may read it');
  }
  throw new UsageFault(`${file} is longer than a list of keys can be`, 'name a file of OpenSSH public keys');
}

function decode(name: string, text: string): PublicKey[] {
  try {
    return decodePublicKeys(text, name);
  } catch (error) {
    throw error instanceof FormatFault ? new UsageFault(error.message, error.hint) : error;
  }
}

/** `256 SHA256:…` for each line that ssh-keygen takes; it passes over others in silence, and fails when it took none. */
async function listKeys(options: ToolOptions): Promise<string[]> {
  const run = toolRunner(options, { binds: [], log: null });
  try {
    const listed = await run('ssh-keygen', ['-l', '-E', 'sha256', '-f', `${WORK}/keys`]);
    return listed.split('\n').map(line => line.split(' ').slice(0, 2).join(' '));
  } catch (error) {
    if (error instanceof ProcessFailure && error.exitCode === 255) return [];
    throw error;
  }
}
