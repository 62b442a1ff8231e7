/** What a certificate says its key is for. Pure. */

/** id-ce-keyUsage (2.5.29.15), in DER. */
const KEY_USAGE = Buffer.from('0603551d0f', 'hex');
const [BOOLEAN, OCTET_STRING, BIT_STRING] = [0x01, 0x04, 0x03];

/**
 * A certificate in DER -> may its key sign? True without the extension key usage, for then it may do all (RFC 5280,
 * section 4.2.1.3: digitalSignature is bit 0, the highest of the first byte).
 */
export function maySign(der: Uint8Array): boolean {
  const bytes = Buffer.from(der);
  for (let at = bytes.indexOf(KEY_USAGE); at !== -1; at = bytes.indexOf(KEY_USAGE, at + 1)) {
    const critical = at + KEY_USAGE.length;
    // extnID, critical (absent when false), extnValue: an OCTET STRING with a BIT STRING inside, both short.
    const value = bytes[critical] === BOOLEAN ? critical + 3 : critical;
    if (bytes[value] === OCTET_STRING && bytes[value + 2] === BIT_STRING) return ((bytes[value + 5] ?? 0) & 0x80) !== 0;
  }
  return true;
}
