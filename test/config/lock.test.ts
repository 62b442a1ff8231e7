import { createHash } from 'node:crypto';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../pipeline/config/diagnostic.ts';
import { lockFaults, missingInLock, surplusInLock } from '../../pipeline/config/lock-faults.ts';
import { lockQuestion, lockText, parseLock, type Lock } from '../../pipeline/config/lock.ts';
import type { Manifest } from '../../pipeline/config/types.ts';
import { manifestOf } from '../stages/documents.ts';

const FILE = 'rootfs-manifests/galleon.lock.yaml';
const cargo = manifestOf({ name: 'cargo', packages: ['rope', 'anchor'] });
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function lockOf(own: Partial<Lock['manifests'][string]> = {}): Lock {
  return {
    image: 'galleon',
    file: path.resolve(FILE),
    manifests: {
      cargo: {
        architecture: cargo.architecture,
        suite: cargo.suite,
        question: lockQuestion(cargo),
        asks: ['anchor', 'rope'],
        sources: [{ url: 'http://mirror.example/x', suite: 'sid', sha256: sha256('index'), date: 'Sat, 1 May 2027' }],
        packages: [packageOf('anchor', '1:9~rc1+b2'), packageOf('rope', '3.1')],
        ...own,
      },
    },
  };
}

const packageOf = (name: string, version: string) => ({
  name,
  version,
  architecture: 'all',
  path: `pool/a/${name}/${name}_${version.replace('1:', '')}_all.deb`,
  bytes: 77,
  sha256: sha256(name),
});

/** With the digest that fits. */
function sealed(text: string): string {
  const body = text.replace(/^digest: .*\n$/m, '');
  return `${body}digest: "${sha256(body)}"\n`;
}
const good = lockText(lockOf());
const changed = (from: string | RegExp, to: string): string => sealed(good.replace(from, to));

describe('a lock as text', () => {
  test('is read back as it was', () => {
    const { value, faults } = parseLock(good, FILE);
    expect(faults).toEqual([]);
    expect(value).toEqual(lockOf());
  });

  test('does not depend on the order of what it is made of', () => {
    const { manifests, ...lock } = lockOf();
    const { cargo: entry } = manifests;
    if (entry === undefined) throw new Error('no entry');
    const turned = { ...entry, packages: entry.packages.toReversed(), asks: entry.asks.toReversed() };
    const two = (first: string, second: string): Lock => ({ ...lock, manifests: { [first]: turned, [second]: entry } });
    expect(lockText(two('b', 'a'))).toBe(lockText(two('a', 'b')));
  });

  test('has one package a line', () => {
    expect(good.split('\n').filter(line => line.includes('.deb'))).toHaveLength(2);
  });
});

test('a question is the same for other mirrors and another keyring, and for another order', () => {
  const own: Partial<Manifest> = { mirrors: [{ url: 'http://other.example', suites: ['s'] }], keyring: '/k' };
  expect(lockQuestion({ ...cargo, ...own, packages: ['anchor', 'rope'] })).toBe(lockQuestion(cargo));
  for (const each of [{ suite: 'other' }, { packages: ['rope'] }, { variant: 'extract' }] as Partial<Manifest>[])
    expect(lockQuestion({ ...cargo, ...each })).not.toBe(lockQuestion(cargo));
});

const rows: [title: string, text: string, faults: number][] = [
  ['sound', good, 0],
  ['empty', '', 1],
  ['cut off in the middle of a package', good.slice(0, good.indexOf('"3.1"')), 1],
  ['cut off before its last line', good.replace(/^digest.*\n$/m, ''), 1],
  ['cut off in its last line', good.slice(0, -7), 1],
  ['one version changed by hand', good.replace('"3.1"', '"3.2"'), 1],
  ['another format', changed('lock: 1', 'lock: 2'), 1],
  ['a format that is a word', changed('lock: 1', 'lock: one'), 1],
  ['not YAML', sealed('{ rope\n'), 1],
  ['of another image', changed('image: "galleon"', 'image: "skiff"'), 1],
  ['a path that leaves the mirror', changed('pool/a/rope/', '../../etc/'), 1],
  ['an absolute path', changed('"pool/a/rope', '"/pool/a/rope'), 1],
  ['a path with a step that is one dot', changed('pool/a/rope', 'pool/./rope'), 1],
  ['a path that a URL reads otherwise', changed('pool/a/rope', 'pool/%2e%2e/rope'), 1],
  ['a short digest', changed(`sha256: "${sha256('rope')}"`, 'sha256: "abc"'), 1],
  ['no bytes', changed('bytes: 77', 'bytes: 0'), 1],
  ['an unknown key', changed('    asks:', '    ask: []\n    asks:'), 1],
  ['another architecture', lockText(lockOf({ architecture: 'arm64' })), 1],
  ['another suite', lockText(lockOf({ suite: 'woody' })), 1],
  ['other packages', lockText(lockOf({ question: sha256('q'), asks: ['rope', 'sail'] })), 1],
  ['a package of another architecture', changed('architecture: "all"', 'architecture: "arm64"'), 1],
  ['a package twice', changed(/^( +- \{ name: "rope".*\n)/m, '$1$1'), 1],
  ['another variant', lockText(lockOf({ question: sha256('q') })), 1],
];

const found = rows.map(([title, text, faults]) => {
  const { value, document, faults: own } = parseLock(text, FILE);
  const all = value === null || document === null ? own : lockFaults(document, value, [cargo]);
  return { title, faults, lines: all.map(formatDiagnostic) };
});

describe('faulty lock files', () => {
  test.each(found)('$title: $faults', ({ faults, lines }) => expect(lines.length, lines.join('\n')).toBe(faults));

  test('texts are the golden ones', async () => {
    const text = found.map(({ title, lines }) => `# ${title}\n${lines.join('\n')}\n`).join('\n');
    await expect(text).toMatchFileSnapshot(path.join(import.meta.dirname, 'golden/lock.txt'));
  });
});

test('a manifest that the lock lacks', () => {
  const [fault] = missingInLock(lockOf(), manifestOf({ name: 'constructor' }));
  if (fault === undefined) throw new Error('nothing is missing');
  expect(formatDiagnostic(fault)).toBe(
    `${FILE}:1:1: has no packages for rootfs-manifests/constructor.yaml, which the image needs (bring it up to date: caisson lock galleon)`,
  );
  expect(missingInLock(lockOf(), cargo)).toEqual([]);
});

test('a manifest that the image does not need', () => {
  const [fault] = surplusInLock(lockOf(), [manifestOf({ name: 'ballast' })]);
  if (fault === undefined) throw new Error('nothing is too much');
  expect(formatDiagnostic(fault)).toBe(
    `${FILE}:1:1: has packages for rootfs-manifests/cargo.yaml, which the image does not need (bring it up to date: caisson lock galleon)`,
  );
  expect(surplusInLock(lockOf(), [cargo, manifestOf({ name: 'ballast' })])).toEqual([]);
});
