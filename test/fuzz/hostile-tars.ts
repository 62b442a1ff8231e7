/** Tars of strangers: names, links, owners and sizes that lead elsewhere, one entry in twenty wrong or more, and damage. */
import fc from 'fast-check';
import { base256, entry, octal, tarOf, type RawEntry } from './tar-bytes.ts';

const names = fc.oneof(
  { weight: 16, arbitrary: fc.constantFrom('a', 'a/', 'a/b', './a/b/c', 'b', 'lib', 'lib/x', 'c') },
  fc.constantFrom('', '.', '/', '..', '../x', 'a/../../x', '/etc/x', 'a/..', '//x', '../'.repeat(30), 'a\n\u001b[2Jb'),
  fc.string({ maxLength: 20 }),
  fc.constantFrom('x'.repeat(100), `${'y/'.repeat(49)}z`),
);
const nameBytes = fc.oneof(
  { weight: 24, arbitrary: names.map(text => Buffer.from(text)) },
  fc.uint8Array({ minLength: 1, maxLength: 100 }).map(bytes => Buffer.from(bytes)),
);
const numbers = (width: 8 | 12): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 80, arbitrary: fc.nat(0o7777).map(value => octal(value, width)) },
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(value => base256(value, width)),
    fc.constantFrom(base256(-1n, width), base256(10n * 2n ** 30n, width), base256(2n ** 53n, width)),
    fc.uint8Array({ minLength: width, maxLength: width }).map(bytes => Buffer.from(bytes)),
  );
const pax = fc.array(
  fc.tuple(
    fc.constantFrom(
      'path',
      'linkpath',
      'size',
      'uid',
      'gid',
      'GNU.sparse.major',
      'GNU.sparse.realsize',
      '__proto__',
      'SCHILY.xattr.user.a',
      'SCHILY.xattr.',
      'mtime',
      '',
    ),
    fc.oneof(names, fc.constantFrom('-1', '10737418240', 'NaN', '1e99', 'a\0b', 'n'.repeat(300), 'd/'.repeat(3000))),
  ),
  { maxLength: 3 },
);
const data = fc.oneof(
  { weight: 3, arbitrary: fc.constant(Buffer.alloc(0)) },
  fc.uint8Array({ maxLength: 1500 }).map(bytes => Buffer.from(bytes)),
);
const rawEntries: fc.Arbitrary<RawEntry> = fc
  .record({
    name: nameBytes,
    type: fc.oneof(
      { weight: 24, arbitrary: fc.constantFrom('0', '1', '2', '5', '0', '5') },
      fc.constantFrom('3', '4', '6', '7', 'S', 'x', 'g', 'L', 'K', 'D', 'M', 'V', '\0', 'z'),
    ),
    link: nameBytes,
    mode: numbers(8),
    uid: numbers(8),
    gid: numbers(8),
    data,
    pax: fc.oneof({ weight: 12, arbitrary: fc.constant([]) }, pax),
    honest: fc.integer({ min: 0, max: 9 }).map(value => value > 0),
    size: numbers(12),
  })
  .map(({ honest, size, ...fields }) => entry({ ...fields, size: honest ? octal(fields.data.length, 12) : size }));
const flips = fc.oneof(
  { weight: 4, arbitrary: fc.constant([]) },
  fc.array(fc.tuple(fc.nat(5000), fc.integer({ min: 1, max: 255 })), { maxLength: 2 }),
);
const cuts = fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true }));

/** The bytes of a file; `more` are names that some of its entries have. */
export function hostileTars(more: readonly string[] = []): fc.Arbitrary<Buffer> {
  const own = more.map(name => Buffer.from(name));
  const entries = fc
    .tuple(rawEntries, fc.nat(3), fc.nat(Math.max(0, own.length - 1)))
    .map(([each, chance, index]) => (chance === 0 && own[index] !== undefined ? { ...each, name: own[index] } : each));
  return fc.tuple(fc.array(entries, { minLength: 1, maxLength: 6 }), flips, cuts).map(([all, changes, cut]) => {
    const bytes = tarOf(all);
    for (const [at, flip] of changes) if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ flip;
    return bytes.subarray(0, Math.ceil(bytes.length * cut));
  });
}
