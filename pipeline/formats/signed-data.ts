/**
 * Signatures of Authenticode: SignedData of PKCS#7 (RFC 2315, section 9) around SpcIndirectDataContent (Microsoft's
 * "Windows Authenticode Portable Executable Signature Format"). And those of bundles: the same around plain data (CMS,
 * RFC 5652, section 5).
 */
import { createHash, timingSafeEqual, verify, X509Certificate } from 'node:crypto';
import { DER, derItems, derOf, derOid, type DerValue, readDer } from './der.ts';
import { FormatFault } from './fault.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const DATA = '1.2.840.113549.1.7.1';
const SPC_INDIRECT_DATA = '1.3.6.1.4.1.311.2.1.4';
const SIGNING_TIME = '1.2.840.113549.1.9.5';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
/** Names as node:crypto has them. */
const HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

interface Signature {
  /** DER of each certificate in the signature, the signer's first. */
  certificates: Uint8Array[];
  /** As its signer wrote it (PKCS#9, section 5.3): "261101000000Z"; null where he wrote none. */
  time: string | null;
  /** Why the signature does not hold for the digest; null when it does. */
  fault: string | null;
}

export interface SignedDigest extends Signature {
  /** What the signature says of the program. */
  digest: { algorithm: string; value: Uint8Array };
}

export interface SignedContent extends Signature {
  content: Uint8Array;
}

/**
 * The digest that a DER ContentInfo of SignedData names, and whether its one signer's certificate, which must be in it,
 * verifies it. Trust in that certificate is the caller's. Throws FormatFault for what cannot be read.
 */
export function decodeSignedDigest(bytes: Uint8Array): SignedDigest {
  const { content, ...signature } = decodeSigned(bytes, spcIndirectData);
  return { digest: digestInfo(content), ...signature };
}

/** As decodeSignedDigest, of a signature that holds what it signs. */
export function decodeSignedContent(bytes: Uint8Array): SignedContent {
  const { content, ...signature } = decodeSigned(bytes, plainData);
  return { content: content.content, ...signature };
}

function decodeSigned(
  bytes: Uint8Array,
  contentOf: (contentInfo: DerValue | undefined) => DerValue,
): Signature & { content: DerValue } {
  const [type, wrapped] = derItems(derOf(readDer(bytes), DER.sequence, 'a signature'));
  if (derOid(type) !== SIGNED_DATA) throw damaged('it is no SignedData');
  const [, , contentInfo, ...others] = derItems(derOf(inside(wrapped), DER.sequence, 'SignedData'));
  const content = contentOf(contentInfo);
  const known = others.filter(({ tag }) => tag === DER.context0).flatMap(derItems);
  const signers = derItems(derOf(others.at(-1), DER.set, 'the list of signers'));
  const [signer] = signers;
  if (signers.length !== 1 || signer === undefined) throw damaged(`${signers.length} signers where there is one`);
  const parts = signerParts(signer);
  const own = known.find(each => sameBytes(issuerAndSerial(each), parts.issuerAndSerial));
  return {
    content,
    certificates: [...(own === undefined ? [] : [own]), ...known.filter(each => each !== own)].map(each => each.bytes),
    time: signingTime(parts.attributes),
    fault: own === undefined ? 'the certificate of its signer is not in it' : check(content, parts, own.bytes),
  };
}

function inside(value: DerValue | undefined): DerValue {
  return readDer(derOf(value, DER.context0, 'wrapped content').content);
}

function spcIndirectData(contentInfo: DerValue | undefined): DerValue {
  const [type, content] = derItems(derOf(contentInfo, DER.sequence, 'the content'));
  if (derOid(type) !== SPC_INDIRECT_DATA) throw damaged('it signs something else than a program');
  return derOf(inside(content), DER.sequence, 'SpcIndirectDataContent');
}

function plainData(contentInfo: DerValue | undefined): DerValue {
  const [type, content] = derItems(derOf(contentInfo, DER.sequence, 'the content'));
  if (derOid(type) !== DATA) throw damaged('it signs no plain data');
  return derOf(inside(content), DER.octets, 'the signed data');
}

/** `messageDigest` of SpcIndirectDataContent: algorithm and digest. */
function digestInfo(content: DerValue): SignedDigest['digest'] {
  const [algorithm, value] = derItems(derOf(derItems(content)[1], DER.sequence, 'DigestInfo'));
  return { algorithm: hashOf(algorithm), value: derOf(value, DER.octets, 'the digest').content };
}

function hashOf(identifier: DerValue | undefined): string {
  const oid = derOid(derItems(derOf(identifier, DER.sequence, 'an algorithm'))[0]);
  const name = HASHES[oid];
  if (name === undefined) throw damaged(`hash algorithm ${oid} is not known here`);
  return name;
}

interface SignerParts {
  /** The encoding of issuer and serial number, one behind the other. */
  issuerAndSerial: Uint8Array;
  algorithm: string;
  /** Null for a signature over the content itself. */
  attributes: DerValue | null;
  signature: Uint8Array;
}

function signerParts(signer: DerValue): SignerParts {
  const [, name, algorithm, ...rest] = derItems(derOf(signer, DER.sequence, 'SignerInfo'));
  const attributes = rest[0]?.tag === DER.context0 ? rest[0] : null;
  return {
    issuerAndSerial: derOf(name, DER.sequence, 'the name of the signer').content,
    algorithm: hashOf(algorithm),
    attributes,
    signature: derOf(rest[attributes === null ? 1 : 2], DER.octets, 'the signature of the signer').content,
  };
}

/** As IssuerAndSerialNumber has it, of a certificate (RFC 5280, section 4.1). */
function issuerAndSerial(certificate: DerValue): Uint8Array {
  const fields = derItems(derOf(derItems(certificate)[0], DER.sequence, 'a certificate'));
  const [serial, , issuer] = fields[0]?.tag === DER.context0 ? fields.slice(1) : fields;
  return Buffer.concat([
    derOf(issuer, DER.sequence, 'the issuer of a certificate').bytes,
    derOf(serial, DER.integer, 'the serial number of a certificate').bytes,
  ]);
}

/** RFC 2315, sections 9.3 and 9.4: the content is hashed without its tag and length; attributes are signed as a SET OF. */
function check(
  content: DerValue,
  { algorithm, attributes, signature }: SignerParts,
  certificate: Uint8Array,
): string | null {
  const signed =
    attributes === null ? content.content : Buffer.concat([Buffer.of(DER.set), attributes.bytes.subarray(1)]);
  if (attributes !== null) {
    const hash = createHash(algorithm).update(content.content).digest();
    if (!sameBytes(messageDigest(attributes), hash)) return 'it was made for other content';
  }
  try {
    const { publicKey } = new X509Certificate(certificate);
    return verify(algorithm, signed, publicKey, signature) ? null : 'it is not by the key of its certificate';
  } catch {
    return 'the key of its certificate cannot verify it';
  }
}

function messageDigest(attributes: DerValue): Uint8Array {
  const value = attributeOf(attributes, MESSAGE_DIGEST);
  if (value === undefined) throw damaged('it has no message digest');
  return derOf(value, DER.octets, 'a message digest').content;
}

/** UTCTime until 2049 and GeneralizedTime after that, both as text. */
function signingTime(attributes: DerValue | null): string | null {
  const value = attributes === null ? undefined : attributeOf(attributes, SIGNING_TIME);
  return value === undefined ? null : Buffer.from(value.content).toString('latin1');
}

/** The first value of the attribute. */
function attributeOf(attributes: DerValue, wanted: string): DerValue | undefined {
  for (const attribute of derItems(attributes)) {
    const [type, values] = derItems(attribute);
    if (derOid(type) === wanted) return derItems(derOf(values, DER.set, 'an attribute'))[0];
  }
  return undefined;
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function damaged(what: string): FormatFault {
  return new FormatFault(`damaged signature: ${what}`, 'sign the program again');
}
