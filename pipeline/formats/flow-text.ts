/** A value as one line of YAML, with quotes where the documents here have them: sizes, versions, modes. */
export function flowText(value: unknown): string {
  if (typeof value === 'string') return isPlain(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value).map(([key, each]) => `${flowText(key)}: ${flowText(each)}`);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

/** A word that neither YAML reads as something else nor a person takes for a number. */
function isPlain(text: string): boolean {
  return /^[A-Za-z/][A-Za-z0-9/._-]*(?:=[A-Za-z0-9]+)?$/.test(text) && !/^(?:true|false|null)$/i.test(text);
}
