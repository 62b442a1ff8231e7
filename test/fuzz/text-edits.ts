/** Changes of a text by lines and bytes: what editors, version control and people do to a file, and what nobody does. */
import fc from 'fast-check';

type TextEdit = (text: Buffer) => Buffer;

const TOKENS = [
  '\t',
  ' ',
  '  ',
  '\n',
  '\r\n',
  '\r',
  '---\n',
  '...\n',
  '%YAML 1.1\n---\n',
  '%TAG ! x\n',
  '# ',
  ': ',
  '- ',
  '? ',
  '&a ',
  '*a',
  '!!str ',
  '!x ',
  '|\n',
  '>-\n',
  '"',
  "'",
  '[',
  ']',
  '{',
  '}',
  ',',
  '<<: *a\n',
  '\u0000',
  '\u0007',
  '\u001b[31m',
  '\u007f',
  '\u0085',
  '\u2028',
  '\uFEFF',
  '\u202e',
  'é',
  '💥',
  'null',
  '~',
  '.nan',
  '2020-01-01',
  '0x1f',
  '1e400',
  '__proto__: {}\n',
  'constructor: 1\n',
  'extends: eflow\n',
  'extends: skiff\n',
  'extends: base\n',
  'extends: ../kelp\n',
  '['.repeat(3000),
  '{a: '.repeat(2000),
  '- '.repeat(500),
  '? '.repeat(300),
  ' '.repeat(400),
  'x'.repeat(20_000),
  '&a '.repeat(50),
  '\n'.repeat(3000),
  '"\\u0000"',
  '"\\x1b"',
] as const;
const BYTES = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xfe, 0xff], [0x00], [0x80]] as const;

const places = fc.double({ min: 0, max: 1, noNaN: true });
const lineOf = (lines: readonly string[], place: number): number =>
  Math.min(lines.length - 1, Math.floor(place * lines.length));

const byLines = fc
  .record({
    kind: fc.constantFrom('twice', 'away', 'swap', 'indent', 'outdent', 'value'),
    place: places,
    other: places,
    token: fc.constantFrom(...TOKENS),
  })
  .map(({ kind, place, other, token }): TextEdit => text => {
    const lines = text.toString('utf8').split('\n');
    const at = lineOf(lines, place);
    const line = lines[at] ?? '';
    if (kind === 'twice') lines.splice(lineOf(lines, other), 0, line);
    if (kind === 'away') lines.splice(at, 1 + Math.floor(other * 3));
    if (kind === 'swap') [lines[at], lines[lineOf(lines, other)]] = [lines[lineOf(lines, other)] ?? '', line];
    if (kind === 'indent') lines[at] = `${' '.repeat(1 + Math.floor(other * 3))}${line}`;
    if (kind === 'outdent') lines[at] = line.replace(/^ {1,2}/, '');
    if (kind === 'value') lines[at] = line.replace(/: .*$/, `: ${token}`);
    return Buffer.from(lines.join('\n'));
  });
const byTokens = fc
  .tuple(
    places,
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...TOKENS).map(token => Buffer.from(token)) },
      fc.constantFrom(...BYTES).map(each => Buffer.from(each)),
    ),
  )
  .map(
    ([place, token]): TextEdit =>
      text =>
        insert(text, Math.floor(place * text.length), token),
  );
const byBytes = fc
  .tuple(places, fc.integer({ min: 1, max: 255 }), fc.nat(3))
  .map(([place, flip, length]): TextEdit => text => {
    const [copy, at] = [Buffer.from(text), Math.floor(place * text.length)];
    if (length > 0) return Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
    if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ flip;
    return copy;
  });
const asWhole = fc.constantFrom<TextEdit>(
  text => Buffer.from(text.toString('utf8').replaceAll('\n', '\r\n')),
  text => Buffer.from(text.toString('utf8').replaceAll('\n', '\r')),
  text => Buffer.from(text.toString('utf8').replaceAll('  ', '\t')),
  text => Buffer.from(`\uFEFF${text.toString('utf8')}`),
  text => Buffer.from(text.toString('utf8'), 'utf16le'),
  text => Buffer.concat([text, Buffer.from('---\n'), text]),
  text => Buffer.concat([text, text]),
  text => Buffer.from(text.toString('utf8').split('\n').toReversed().join('\n')),
  text => text.subarray(0, 0),
  text => Buffer.from(`a: &a\n${text.toString('utf8').replaceAll(/^/gm, '  ')}\nb: *a\n`),
);
const cut = places.map(
  (place): TextEdit =>
    text =>
      text.subarray(0, Math.floor(place * text.length)),
);

/** One to three of them, one after the other. */
export const textEdits: fc.Arbitrary<TextEdit> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: byLines },
      { weight: 4, arbitrary: byTokens },
      { weight: 3, arbitrary: byBytes },
      asWhole,
      cut,
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map(edits => text => edits.reduce((done, edit) => edit(done), text));

function insert(text: Buffer, at: number, token: Buffer): Buffer {
  return Buffer.concat([text.subarray(0, at), token, text.subarray(at)]);
}
