/** What the user is told of a release that was made. */
import path from 'node:path';
import { roundSize } from '../../formats/bytes.ts';
import { quoteShell } from '../../report/errors.ts';
import { drawFields } from '../../report/fields.ts';
import type { CommandContext } from '../context.ts';
import type { ReleasedFile } from './fill.ts';

export interface Released {
  image: string;
  version: string;
  /** Host path. */
  folder: string;
  files: readonly ReleasedFile[];
  /** SHA-256 of the public key that signed. */
  keyid: string;
}

export function tellRelease(context: CommandContext, released: Released): void {
  const { image, version, folder, files, keyid } = released;
  if (context.json) {
    context.print(`${JSON.stringify(released, null, 2)}\n`);
    return;
  }
  const shown = path.relative('', folder) || folder;
  const fields = files.map(({ name, bytes }): [string, string] => [name, roundSize(bytes)]);
  context.print(
    [
      `Release ${image} ${version} in ${shown}, signed by ${keyid}:`,
      ...drawFields(fields, { width: context.width ?? 120, color: context.color }),
      '',
      'Who has the certificate of the key verifies it:',
      `  caisson verify ${quoteShell([shown])} --trust release.crt`,
      'or, with other programs, in the folder:',
      '  openssl x509 -in release.crt -noout -pubkey > release.pub',
      '  openssl dgst -sha256 -verify release.pub -signature SHA256SUMS.sig SHA256SUMS && sha256sum --check SHA256SUMS',
      '',
    ].join('\n'),
  );
}
