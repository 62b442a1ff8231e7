import { describe, expect, it } from 'vitest';
import {
  decodeSignatureLists,
  EFI_CERT_SHA256,
  EFI_CERT_X509,
  encodeSignatureLists,
} from '../../pipeline/formats/efi-signature-list.ts';
import { decodeEventLog } from '../../pipeline/formats/event-log.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import {
  measuredPolicy,
  measuredPrograms,
  type BootChain,
  type BootProgram,
  type FirmwareState,
} from '../../pipeline/formats/measured-boot.ts';
import { extendedPcr, type Measurement } from '../../pipeline/formats/pcr.ts';
import { captured, PCRS } from './captured.ts';

/** Of the programs that the captured machines ran, by `osslsigncode verify`. */
const SHIM = 'f4166948f7adafa71e45c7ca5d30d97f78f382ecf1e3c8e4767b1ec1770cd52f';
const GRUB = '7ae2c96d9b4dc21d2e96ebb282eb9834141feac7a39102dae7e5249f431fb81c';
const UKI = 'a3bd90d63e5d81c16ab6f2750142c319ac4c045c0ad3c063d4484257a1328f60';
const SBAT_LEVEL = 'sbat,1,2025021800\nshim,4\ngrub,5\n';
/** Of the machine of mok.log: Debian's variables without dbx, shim by Microsoft, the rest by a key in MokList. */
const MOK_PCR7 = '26f032323f5986d5bc6c26c7b67ef644f3e5122d1e0eefb00e25c08469a9037e';

/** Made by openssl: "tide root" issued "tide middle", that "tide leaf". */
const TIDE = {
  root: 'MIIBfjCCASWgAwIBAgIUFu5mQPAxMDPKR+fhsNEhmtpNl6swCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJdGlkZSByb290MCAXDTI2MTEyNzAwMDMyNVoYDzIxMjYxMTAzMDAwMzI1WjAUMRIwEAYDVQQDDAl0aWRlIHJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQe1jOJuPRCkfCpBUi4PLpVOCxnJQccjfzhEFazcLcbElphGbUhEyZAaaafEv3fFnJtwyJoQz67CHeudUkX4jA9o1MwUTAdBgNVHQ4EFgQUZRNCVNsCi7zwFv4xpgoD820WqOswHwYDVR0jBBgwFoAUZRNCVNsCi7zwFv4xpgoD820WqOswDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiB01rgyAj+gAtFiDvMvY6A31gmBoGv5VtUIyeaeqUU1oAIgW4UQ4VCHI7824k5WosCwZ385ctDSzfJS51LWQigm0tg=',
  middle:
    'MIIBgTCCASegAwIBAgIUfvF/mzMhVwh/bCSInOUa93XJ4s4wCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJdGlkZSByb290MCAXDTI2MTEyNzAwMDMyNVoYDzIxMjYxMTAzMDAwMzI1WjAWMRQwEgYDVQQDDAt0aWRlIG1pZGRsZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAtUFsnahCVzZwg+Ze67xYNvefkf/S7Kd/MLgGsC0xtdvnTAXoVofDKjRHkfmH5TIfveq2s5MCpRFlen4LGHZJ6jUzBRMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFGZ1pRKx2WJ+9H3g1g5YdsOTf690MB8GA1UdIwQYMBaAFGUTQlTbAou88Bb+MaYKA/NtFqjrMAoGCCqGSM49BAMCA0gAMEUCIQCpFfh9gaufUlzTakQqeAwsKXFPTtPScmYfBwwc8FzVvgIge7Mh5XvO+hwefHkMLI+82Xb7GzIE0acNwoLDCB8nPgA=',
  leaf: 'MIIBJjCBzQIUFEIrWeDOAmQcBQXczgmQ5GB6rI4wCgYIKoZIzj0EAwIwFjEUMBIGA1UEAwwLdGlkZSBtaWRkbGUwIBcNMjYxMTI3MDAwMzI1WhgPMjEyNjExMDMwMDAzMjVaMBQxEjAQBgNVBAMMCXRpZGUgbGVhZjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGi6jpCvoMXqHrq11XurEwC3kLyhfMpIRYOdSHsmmRiyHb966SB18buMfe4VNt0UnQdgxtEDm+rR14QAqXxAs7EwCgYIKoZIzj0EAwIDSAAwRQIgB818GUnM+c4utqH16Qcc9A1j5BQY/7Ex/7wCcVURossCIQDjHfW/QbncVe0kBwqDQUR95XXrhidCiJPw5eHMAhKtUQ==',
};
const der = (name: keyof typeof TIDE): Uint8Array => Buffer.from(TIDE[name], 'base64');

const OWNER = 'a0baa8a3-041d-48a8-bc87-c36d121b5e3d';
const NONE = new Uint8Array(0);
const listOf = (...certificates: Uint8Array[]): Uint8Array =>
  encodeSignatureLists(certificates.map(data => ({ type: EFI_CERT_X509, owner: OWNER, data })));
const digestsOf = (...values: string[]): Uint8Array =>
  encodeSignatureLists(values.map(value => ({ type: EFI_CERT_SHA256, owner: OWNER, data: Buffer.from(value, 'hex') })));
const certificatesIn = (list: Uint8Array): Uint8Array[] => decodeSignatureLists(list).map(({ data }) => data);

/** Values in the UEFI_VARIABLE_DATA of the events of PCR 7, in order. */
function variables(log: string): Uint8Array[] {
  const events = decodeEventLog(captured(log)).filter(({ pcr, type }) => pcr === 7 && type !== 4);
  return events.map(({ data }) => data.subarray(32 + 2 * Number(Buffer.from(data).readBigUInt64LE(16))));
}

function firmwareOf(log: string, mok: Uint8Array): FirmwareState {
  const [, pk = NONE, kek = NONE, db = NONE, dbx = NONE] = variables(log);
  return { pk, kek, db, dbx, mok };
}

function program(name: string, digest: string, certificates: Uint8Array[]): BootProgram {
  return { name, digest, signatures: [{ digest: { algorithm: 'sha256', value: digest }, certificates, fault: null }] };
}

function chainOf(shim: Uint8Array, other: Uint8Array): BootChain {
  const [grub, uki] = [program('grubx64.efi', GRUB, [other]), program('slot.efi', UKI, [other])];
  return { shim: program('BOOTX64.EFI', SHIM, [shim]), grub, uki, sbatLevel: SBAT_LEVEL };
}

const pcr = (events: readonly Measurement[]): string => extendedPcr(events.map(({ digest }) => digest));

const OWN = firmwareOf('secure-boot.log', NONE);
const [OWN_KEY = NONE] = certificatesIn(OWN.db);
const CHAIN = chainOf(OWN_KEY, OWN_KEY);

describe('measuredPrograms', () => {
  it('make PCR 4 of the captured machine', () => {
    expect(pcr(measuredPrograms(CHAIN))).toBe(PCRS[4]);
  });
});

describe('measuredPolicy', () => {
  it("makes PCR 7 of a machine with keys of one's own", () => {
    expect(pcr(measuredPolicy(CHAIN, OWN))).toBe(PCRS[7]);
  });

  it('makes PCR 7 of a machine without dbx, whose shim is by Microsoft and the rest by a key in MokList', () => {
    const key = variables('mok.log').at(-1)?.subarray(16) ?? NONE;
    const firmware = firmwareOf('mok.log', listOf(key));
    const [, thirdParty = NONE] = certificatesIn(firmware.db);
    expect(firmware.dbx).toHaveLength(0);
    expect(pcr(measuredPolicy(chainOf(thirdParty, key), firmware))).toBe(MOK_PCR7);
  });

  it('measures each certificate that shim uses once', () => {
    const firmware = { ...OWN, db: listOf(OWN_KEY, der('root')) };
    const two = { ...CHAIN, uki: program('slot.efi', UKI, [der('root')]) };
    expect(
      measuredPolicy(two, firmware)
        .slice(-2)
        .map(({ what }) => what),
    ).toEqual(['certificate in db that signed grubx64.efi', 'certificate in db that signed slot.efi']);
    expect(measuredPolicy(CHAIN, firmware)).toHaveLength(9);
  });

  it.each(['leaf', 'middle', 'root'] as const)('finds %s of a chain in db', name => {
    const uki = program('slot.efi', UKI, [der('leaf'), der('root'), der('middle')]);
    const events = measuredPolicy({ ...CHAIN, uki }, { ...OWN, db: listOf(OWN_KEY, der(name)) });
    expect(events.at(-1)?.what).toBe('certificate in db that signed slot.efi');
  });

  it('finds the issuer of a signer whose chain is not in the signature, and nothing further up', () => {
    const chain = { ...CHAIN, uki: program('slot.efi', UKI, [der('leaf')]) };
    expect(measuredPolicy(chain, { ...OWN, db: listOf(OWN_KEY, der('middle')) })).toHaveLength(10);
    expect(() => measuredPolicy(chain, { ...OWN, db: listOf(OWN_KEY, der('root')) })).toThrow(FormatFault);
  });

  const unsound = { digest: null, certificates: [OWN_KEY], fault: 'it is bent' };
  it.each<[string, Partial<BootChain>, Partial<FirmwareState>, string]>([
    ['no key in db', {}, { db: listOf(der('root')) }, 'BOOTX64.EFI: no certificate in db has signed it'],
    [
      'shim by a key in MokList alone',
      {},
      { db: NONE, mok: listOf(OWN_KEY) },
      'BOOTX64.EFI: no certificate in db has signed it',
    ],
    [
      'GRUB by a key of nobody',
      { grub: program('grubx64.efi', GRUB, [der('leaf')]) },
      { mok: listOf(der('root')) },
      'grubx64.efi: no certificate in db or MokListRT has signed it',
    ],
    ['no signature', { uki: { name: 'slot.efi', digest: UKI, signatures: [] } }, {}, 'slot.efi: no certificate in db'],
    [
      'a signature that is not sound',
      { uki: { name: 'slot.efi', digest: UKI, signatures: [unsound] } },
      {},
      'slot.efi: no certificate in db',
    ],
    ['a digest in dbx', {}, { dbx: digestsOf(SHIM.replaceAll('f', '0'), UKI) }, 'slot.efi: dbx has its digest'],
    ['a certificate in dbx', {}, { dbx: listOf(OWN_KEY) }, 'BOOTX64.EFI: dbx has a certificate that signed it'],
  ])('refuses %s', (_, programs, keys, message) => {
    const predict = () => measuredPolicy({ ...CHAIN, ...programs }, { ...OWN, ...keys });
    expect(predict).toThrow(`would not start ${message}`);
    expect(predict).toThrow(FormatFault);
  });
});
