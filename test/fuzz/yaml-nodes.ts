/** YAML documents as nodes that can be made wrong: keys twice, values as raw text, anything anywhere. Written in flow style. */
import fc from 'fast-check';

export type YamlNode =
  | { map: readonly (readonly [string, YamlNode])[] }
  | { list: readonly YamlNode[] }
  | { raw: string };

const deep = (open: string, close: string, depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`;
const ten = (name: string): string => `[${Array.from({ length: 10 }, () => `*${name}`).join(', ')}]`;

/** As YAML reads them: of every kind that a schema might not expect, and some that end programs. */
const HOSTILE_VALUES = [
  'null',
  '~',
  '',
  'true',
  'yes',
  '-1',
  '0',
  '1',
  '1.5',
  '1e308',
  '1e999',
  '.nan',
  '.inf',
  '-.inf',
  '0x7fffffffffffffff',
  '0o17',
  '99999999999999999999999999',
  '9007199254740993',
  '2020-01-01',
  '2020-02-30T25:00:00Z',
  '12:30:45',
  '!!binary "AAAA"',
  '!!set {a}',
  '!!timestamp 2020-01-01',
  '!<tag:x> y',
  '*nobody',
  '&a b',
  '&a [*a]',
  '&a {b: *a}',
  '[&a 1, *a]',
  '{<<: {a: 1}}',
  '{? [a]: 1}',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '{"": 1}',
  '{__proto__: {x: 1}}',
  '{a: 1, a: 2}',
  '""',
  '" "',
  '"a\\nb"',
  '"\\0"',
  '"\\e[2J\\a"',
  '"\\u202egnp"',
  '"\\uD800"',
  '"\\U0001F4A5"',
  '"\uFEFF"',
  '"\u0085"',
  '"é\u0301"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"../../../etc/passwd"',
  '"/dev/zero"',
  '"/"',
  '"."',
  '".."',
  '"a/../b"',
  '"%s%n%x"',
  '"$(reboot)"',
  '"-rf"',
  '"a b"',
  '"*"',
  '"**/**/**/**"',
  '"1 GiB"',
  '"99999999 TiB"',
  '"0 B"',
  '"0.3 B"',
  '"1.0000000000000000001 KiB"',
  '"4095"',
  '"0777777"',
  '"99999999999"',
  '"99999:99999"',
  '"0.0.0.0/0"',
  '"::/0"',
  '"999.1.1.1/33"',
  '"fe80::1%eth0"',
  '"pkcs11:id=%zz"',
  '"http://"',
  '"https://u:p@h/"',
  `"${'x'.repeat(10_000)}"`,
  `"${'a.'.repeat(2000)}"`,
  `"${'a/'.repeat(3000)}"`,
  `"${'*'.repeat(60)}"`,
  deep('[', ']', 90),
  deep('[', ']', 5000),
  deep('{a: ', '}', 95),
  deep('{a: ', '}', 3000),
  `[${'[],'.repeat(3000)}]`,
  `[&b [x, x, x, x, x, x, x, x, x, x], &c ${ten('b')}, &d ${ten('c')}, &e ${ten('d')}, &f ${ten('e')}, &g ${ten('f')}]`,
];
const HOSTILE_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  '',
  ' ',
  '<<',
  '0',
  '-1',
  'null',
  'a.b',
  'a[0]',
  '~1/~0',
  '"',
  '\\',
  'name',
  'id',
  'stage',
  'options',
  'é',
  '\u202e',
  '\u001b[2J',
  '\u0000',
  '\n',
  'k'.repeat(2000),
  '[a]',
  '{',
  '*a',
  '&a',
  '!x',
  '#',
  '- x',
  '? x',
];

const strings = fc.string({ unit: 'binary', maxLength: 12 });
const rawValues = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...HOSTILE_VALUES) },
  strings.map(text => JSON.stringify(text)),
  fc.json({ maxDepth: 3 }),
  fc.double().map(String),
);
const keys = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...HOSTILE_KEYS) }, strings);

interface Change {
  /** Of all nodes, modulo their number. */
  pick: number;
  kind: 'value' | 'key' | 'twice' | 'away' | 'letter' | 'list' | 'map';
  raw: string;
  key: string;
}

const changes: fc.Arbitrary<Change> = fc.record({
  pick: fc.nat(10_000),
  kind: fc.constantFrom('value', 'value', 'value', 'key', 'key', 'twice', 'away', 'letter', 'list', 'map'),
  raw: rawValues,
  key: keys,
});

/** The document with none to four of its nodes made wrong. */
export function wrong(nodes: fc.Arbitrary<YamlNode>): fc.Arbitrary<YamlNode> {
  return fc.tuple(nodes, fc.array(changes, { maxLength: 4 })).map(([node, all]) => all.reduce(changed, node));
}

/** A JSON value as a node. */
export function nodeOf(value: unknown): YamlNode {
  if (Array.isArray(value)) return { list: value.map(nodeOf) };
  if (typeof value === 'object' && value !== null)
    return { map: Object.entries(value).map(([key, each]) => [key, nodeOf(each)] as const) };
  return { raw: JSON.stringify(value) ?? 'null' };
}

/** A line for each of the first keys, so that faults have places. */
export function textOf(node: YamlNode): string {
  if (!('map' in node)) return `${flow(node)}\n`;
  return node.map.map(([key, value]) => `${JSON.stringify(key)}: ${flow(value)}\n`).join('');
}

function flow(node: YamlNode): string {
  if ('raw' in node) return node.raw;
  if ('list' in node) return `[${node.list.map(flow).join(', ')}]`;
  return `{${node.map.map(([key, value]) => `${JSON.stringify(key)}: ${flow(value)}`).join(', ')}}`;
}

function changed(node: YamlNode, change: Change): YamlNode {
  const { at } = walk(node, { ...change, pick: change.pick % countOf(node) });
  return at;
}

function countOf(node: YamlNode): number {
  return childrenOf(node).reduce((sum, each) => sum + countOf(each), 1);
}

function childrenOf(node: YamlNode): readonly YamlNode[] {
  if ('map' in node) return node.map.map(([, value]) => value);
  return 'list' in node ? node.list : [];
}

/** Preorder; `left` is what of `pick` comes behind this node. */
function walk(node: YamlNode, change: Change): { at: YamlNode; left: number } {
  if (change.pick === 0) return { at: apply(node, change), left: -1 };
  let left = change.pick - 1;
  const inside = (each: YamlNode): YamlNode => {
    if (left < 0) return each;
    const done = walk(each, { ...change, pick: left });
    left = done.left;
    return done.at;
  };
  if ('map' in node) return { at: { map: node.map.map(([key, value]) => [key, inside(value)] as const) }, left };
  return 'list' in node ? { at: { list: node.list.map(inside) }, left } : { at: node, left };
}

function apply(node: YamlNode, { kind, raw, key }: Change): YamlNode {
  const value = { raw };
  if (kind === 'list') return { list: [node, node] };
  if (kind === 'map') return { map: [[key, node]] };
  if ('raw' in node || kind === 'value') return value;
  if ('list' in node)
    return kind === 'away' ? { list: node.list.slice(1) } : { list: [...node.list, ...node.list.slice(0, 1), value] };
  const [first, ...rest] = node.map;
  if (first === undefined || kind === 'key') return { map: [...node.map, [key, value]] };
  if (kind === 'twice') return { map: [...node.map, [first[0], value]] };
  return kind === 'away' ? { map: rest } : { map: [[`${first[0]}s`, first[1]], ...rest] };
}
