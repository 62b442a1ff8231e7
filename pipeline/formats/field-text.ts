/** Text in a field of fixed length: it ends at its first NUL, or with the field. */
export function fieldText(field: Uint8Array, encoding: 'utf8' | 'latin1' = 'utf8'): string {
  const text = Buffer.from(field.buffer, field.byteOffset, field.length).toString(encoding);
  return text.split('\0')[0] ?? '';
}
