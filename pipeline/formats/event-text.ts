/** Events of a TPM's log in words: names and structures of the TCG PC Client Platform Firmware Profile 1.06, section 10. */
import type { Bytes } from './bytes.ts';
import { certificateName } from './certificate.ts';
import { decodeSignatureLists, EFI_CERT_X509 } from './efi-signature-list.ts';
import type { LoggedEvent } from './event-log.ts';
import { readU64 } from './read-at.ts';

const TYPES: Readonly<Record<number, string>> = {
  0x00000001: 'POST_CODE',
  0x00000003: 'NO_ACTION',
  0x00000004: 'SEPARATOR',
  0x00000005: 'ACTION',
  0x00000006: 'EVENT_TAG',
  0x00000007: 'S_CRTM_CONTENTS',
  0x00000008: 'S_CRTM_VERSION',
  0x0000000a: 'PLATFORM_CONFIG_FLAGS',
  0x0000000d: 'IPL',
  0x80000001: 'EFI_VARIABLE_DRIVER_CONFIG',
  0x80000002: 'EFI_VARIABLE_BOOT',
  0x80000003: 'EFI_BOOT_SERVICES_APPLICATION',
  0x80000004: 'EFI_BOOT_SERVICES_DRIVER',
  0x80000005: 'EFI_RUNTIME_SERVICES_DRIVER',
  0x80000006: 'EFI_GPT_EVENT',
  0x80000007: 'EFI_ACTION',
  0x80000008: 'EFI_PLATFORM_FIRMWARE_BLOB',
  0x80000009: 'EFI_HANDOFF_TABLES',
  0x8000000a: 'EFI_PLATFORM_FIRMWARE_BLOB2',
  0x8000000b: 'EFI_HANDOFF_TABLES2',
  0x8000000c: 'EFI_VARIABLE_BOOT2',
  0x800000e0: 'EFI_VARIABLE_AUTHORITY',
};
const VARIABLE_HEADER: Bytes = 32;
const LOADED_IMAGE_HEADER: Bytes = 32;
/** Most characters of a text that come from the log. */
const MOST_TEXT = 120;

/** "PCR 7 EFI_VARIABLE_AUTHORITY db: certificate CN=…, 9fbaa392…": one line, whatever the event holds. */
export function describeEvent({ pcr, type, digest, data }: LoggedEvent): string {
  const name = TYPES[type] ?? `0x${type.toString(16).padStart(8, '0')}`;
  const what = detailOf(name, data);
  return `PCR ${pcr} ${name}${what === '' ? '' : ` ${what}`}, ${digest.slice(0, 16)}…`;
}

function detailOf(name: string, data: Uint8Array): string {
  if (name.includes('_VARIABLE_')) return variableText(data);
  if (name.includes('_SERVICES_')) return programText(data);
  if (['ACTION', 'EFI_ACTION', 'IPL', 'S_CRTM_VERSION', 'NO_ACTION'].includes(name)) return plain(data);
  if (name === 'EVENT_TAG') return plain(data.subarray(8));
  return '';
}

/** UEFI_VARIABLE_DATA: GUID, lengths of name (in characters) and data, name, data. */
function variableText(data: Uint8Array): string {
  if (data.length < VARIABLE_HEADER) return 'damaged';
  const end = VARIABLE_HEADER + 2 * readU64(data, 16);
  const name = plain(data.subarray(VARIABLE_HEADER, end));
  const value = data.subarray(end);
  const certificates = [...listed(value), ...authorityText(value)].join(', ');
  return `${name}: ${certificates === '' ? valueText(value) : certificates}`;
}

function valueText(value: Uint8Array): string {
  if (value.length === 1) return String(value[0]);
  return /^[\x20-\x7e\n]+$/.test(Buffer.from(value).toString('latin1')) ? plain(value) : `${value.length} bytes`;
}

/** PK, KEK, db and dbx hold lists. */
function listed(value: Uint8Array): string[] {
  try {
    return decodeSignatureLists(value).map(({ type, data }) =>
      type === EFI_CERT_X509
        ? `certificate ${certificateName(data) || 'damaged'}`
        : `digest ${Buffer.from(data.subarray(0, 8)).toString('hex')}…`,
    );
  } catch {
    return [];
  }
}

/** An authority is one signature of a list: its owner, then the certificate. */
function authorityText(value: Uint8Array): string[] {
  const name = certificateName(value.subarray(16));
  return name === '' ? [] : [`certificate ${name}`];
}

/** UEFI_IMAGE_LOAD_EVENT: place and size in memory, then the device path, whose file paths (4, 4) are UTF-16. */
function programText(data: Uint8Array): string {
  const names: string[] = [];
  for (let at = LOADED_IMAGE_HEADER; at + 4 <= data.length;) {
    const length = (data[at + 2] ?? 0) + (data[at + 3] ?? 0) * 256;
    if (data[at] === 4 && data[at + 1] === 4) names.push(plain(data.subarray(at + 4, at + length)));
    at += Math.max(4, length);
  }
  return names.join('') || 'handed over in memory';
}

/** UTF-16 when every other byte of its beginning is 0, else bytes; nothing that moves a cursor. */
function plain(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString(bytes.length > 1 && bytes[1] === 0 ? 'utf16le' : 'latin1');
  return text
    .replaceAll('\0', '')
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, MOST_TEXT);
}
