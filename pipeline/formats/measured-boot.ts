/**
 * What firmware with Secure Boot on and shim extend PCRs 4 and 7 with, for firmware -> shim -> GRUB -> UKI from the
 * first disk of the boot order: TCG PC Client Platform Firmware Profile 1.06, sections 3.3.4.5 and 3.3.4.8, as EDK2 of
 * February 2025 and shim 16.1 do it.
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { AuthenticodeSignature } from './authenticode.ts';
import { decodeSignatureLists, EFI_CERT_SHA256, EFI_CERT_X509, type EfiSignature } from './efi-signature-list.ts';
import { FormatFault } from './fault.ts';
import { encodeGuid } from './guid.ts';
import type { Measurement } from './pcr.ts';

const EFI_GLOBAL = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
const IMAGE_SECURITY = 'd719b2cb-3d3a-4596-a3bc-dad00e67656f';
const SHIM_LOCK = '605dab50-e046-4300-abb6-3dd810dd8b23';

/** Contents of the variables, EFI_SIGNATURE_LISTs; empty for one that is not there. */
export interface FirmwareState {
  pk: Uint8Array;
  kek: Uint8Array;
  db: Uint8Array;
  dbx: Uint8Array;
  /** MokList, shim's own list. */
  mok: Uint8Array;
}

export interface BootProgram {
  /** For people: its path. */
  name: string;
  /** SHA-256 as firmware measures it: authenticode.ts, measuredDigest. */
  digest: string;
  signatures: readonly AuthenticodeSignature[];
}

export interface BootChain {
  shim: BootProgram;
  grub: BootProgram;
  uki: BootProgram;
  /** shim.ts, shimSbatLevel. */
  sbatLevel: string;
}

/** In order; PCR 4 starts at zero. */
export function measuredPrograms({ shim, grub, uki }: BootChain): Measurement[] {
  const program = ({ name, digest }: BootProgram): Measurement => ({ what: name, digest });
  return [
    measure('Calling EFI Application from Boot Option', Buffer.from('Calling EFI Application from Boot Option')),
    SEPARATOR,
    program(shim),
    program(grub),
    // GRUB has shim verify the file before it asks shim to load it: each measures it.
    program(uki),
    program(uki),
  ];
}

/**
 * In order; PCR 7 starts at zero. Throws FormatFault for a program that would not be started: no certificate of db, or
 * of MokList for what shim starts, has signed it, or dbx names it. Keys inside of shim do not count.
 */
export function measuredPolicy(chain: BootChain, { pk, kek, db, dbx, mok }: FirmwareState): Measurement[] {
  const [inDb, inMok] = [
    { name: 'db', guid: IMAGE_SECURITY, signatures: decodeSignatureLists(db) },
    { name: 'MokListRT', guid: SHIM_LOCK, signatures: decodeSignatureLists(mok) },
  ];
  const refused = decodeSignatureLists(dbx);
  const shim = authority(chain.shim, { trusted: [inDb], refused });
  const others = [chain.grub, chain.uki].map(each => authority(each, { trusted: [inDb, inMok], refused }));
  // shim notes what it has measured itself, but does not know what firmware has.
  const byShim = others.filter((each, at) => others.findIndex(({ digest }) => digest === each.digest) === at);
  return [
    variable('SecureBoot', { guid: EFI_GLOBAL, data: Uint8Array.of(1) }),
    variable('PK', { guid: EFI_GLOBAL, data: pk }),
    variable('KEK', { guid: EFI_GLOBAL, data: kek }),
    variable('db', { guid: IMAGE_SECURITY, data: db }),
    variable('dbx', { guid: IMAGE_SECURITY, data: dbx }),
    SEPARATOR,
    shim,
    variable('SbatLevel', { guid: SHIM_LOCK, data: Buffer.from(chain.sbatLevel, 'latin1') }),
    ...byShim,
  ];
}

function measure(what: string, bytes: Uint8Array): Measurement {
  return { what, digest: createHash('sha256').update(bytes).digest('hex') };
}

const SEPARATOR = measure('separator', new Uint8Array(4));

/** UEFI_VARIABLE_DATA: GUID, characters of the name, bytes of the data, name in UTF-16, data. */
function variable(name: string, { guid, data }: { guid: string; data: Uint8Array }): Measurement {
  const lengths = Buffer.alloc(16);
  lengths.writeBigUInt64LE(BigInt(name.length), 0);
  lengths.writeBigUInt64LE(BigInt(data.length), 8);
  return measure(`variable ${name}`, Buffer.concat([encodeGuid(guid), lengths, Buffer.from(name, 'utf16le'), data]));
}

interface TrustedList {
  /** Of the variable that it is measured as. */
  name: string;
  guid: string;
  signatures: readonly EfiSignature[];
}

/** The first signature that a certificate of the lists stands behind; that one with its owner is what is measured. */
function authority(
  { name, digest, signatures }: BootProgram,
  { trusted, refused }: { trusted: readonly TrustedList[]; refused: readonly EfiSignature[] },
): Measurement {
  if (refused.some(({ type, data }) => type === EFI_CERT_SHA256 && Buffer.from(data).toString('hex') === digest))
    throw unstartable(name, 'dbx has its digest', { hint: 'build the image with a newer version of it' });
  if (signatures.some(signature => refused.some(each => standsBehind(each, signature))))
    throw unstartable(name, 'dbx has a certificate that signed it', {
      hint: 'sign it with a key that is still trusted',
    });
  for (const signature of signatures.filter(({ fault }) => fault === null))
    for (const list of trusted) {
      const found = list.signatures.find(each => standsBehind(each, signature));
      if (found === undefined) continue;
      const data = Buffer.concat([encodeGuid(found.owner), found.data]);
      const { digest: measured } = variable(list.name, { guid: list.guid, data });
      return { what: `certificate in ${list.name} that signed ${name}`, digest: measured };
    }
  const lists = trusted.map(each => each.name).join(' or ');
  throw unstartable(name, `no certificate in ${lists} has signed it`, {
    hint: 'sign the image with a key whose certificate the firmware has',
  });
}

/** The certificate is the signer's, or one above it: the others in the signature lead from one to the other. */
function standsBehind({ type, data }: EfiSignature, { certificates }: AuthenticodeSignature): boolean {
  const [signer, ...others] = certificates.map(each => new X509Certificate(each));
  if (type !== EFI_CERT_X509 || signer === undefined) return false;
  const anchor = new X509Certificate(data);
  let current: X509Certificate | undefined = signer;
  for (let steps = 0; current !== undefined && steps <= others.length; steps += 1) {
    if (current.raw.equals(anchor.raw) || isIssuedBy(current, anchor)) return true;
    const below: X509Certificate = current;
    current = others.find(each => isIssuedBy(below, each));
  }
  return false;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function unstartable(name: string, why: string, { hint }: { hint: string }): FormatFault {
  return new FormatFault(`firmware would not start ${name}: ${why}`, hint);
}
