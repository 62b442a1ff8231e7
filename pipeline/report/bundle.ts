/** An update bundle, for programs and for a terminal. Pure. */
import { X509Certificate } from 'node:crypto';
import type { Bundle } from '../formats/bundle.ts';
import type { ReadManifest } from '../formats/bundle-manifest-read.ts';
import { roundSize, type Bytes } from '../formats/bytes.ts';
import { certificateName } from '../formats/certificate.ts';
import { drawFields } from './fields.ts';
import { painter } from './paint.ts';
import { plainText, wrapText } from './text.ts';

export interface DescribedBundle extends ReadManifest {
  /** The signer's first. */
  certificates: { name: string; from: string; to: string; sha256: string }[];
  faults: string[];
}

export function describeBundle({ manifest, signature }: Bundle): DescribedBundle {
  return {
    ...manifest,
    certificates: signature.certificates.map(each => describeCertificate(each)),
    faults: signature.fault === null ? [] : [`the signature does not hold: ${signature.fault}`],
  };
}

function describeCertificate(der: Uint8Array): DescribedBundle['certificates'][number] {
  const { validFrom, validTo, fingerprint256 } = new X509Certificate(der);
  const day = (text: string): string => new Date(text).toISOString().slice(0, 10);
  const sha256 = fingerprint256.replaceAll(':', '').toLowerCase();
  return { name: certificateName(der), from: day(validFrom), to: day(validTo), sha256 };
}

export function drawBundle(
  { file, size, found }: { file: string; size: Bytes; found: DescribedBundle },
  options: { width: number; color: boolean },
): string {
  const { compatible, version, from, selector } = found;
  const title = `${file}: update of ${compatible} ${from === null ? '' : `${from} `}to ${version}, ${roundSize(size)}`;
  const told = ({ bytes, sha256 }: { bytes: Bytes; sha256: string }): string => `${roundSize(bytes)}, sha256 ${sha256}`;
  const signers = found.certificates.map(each => `${each.name}, valid from ${each.from} to ${each.to}`);
  const fields: [string, string][] = [
    ['about', found.description],
    ...found.images.map((image): [string, string] => [image.content, told(image)]),
    ['selector', selector === null ? 'none' : told(selector)],
    ['root hash', found.rootHash],
    ['base', from === null ? '' : `${from}: it brings the differences alone`],
    ['downgrade', found.downgrade],
    ['signed', signers.join('; by way of ')],
  ];
  return [
    ...wrapText(plainText(title), options.width).map(line => painter(options.color)('bold', line)),
    ...drawFields(fields, options),
    ...found.faults.map(each => plainText(`FAULT: ${each}`)),
  ].join('\n');
}
