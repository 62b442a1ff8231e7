import { describe, expect, test } from 'vitest';
import { buildHtml } from '../../pipeline/report/build-html.ts';
import { GALLEON, withTexts } from './galleon-report.ts';
import { danglingAnchors, outsideLinks, unclosedTags } from './html.ts';

const ESC = String.fromCodePoint(0x1b);
const EVIL = `</style></title><script>alert("1")</script><!--${ESC}[2J\u202e\u0000 & 'so' "x" onload=y`;
const html = buildHtml(GALLEON);
/** What a person reads. */
const text = textOf(html);

function textOf(page: string): string {
  return page
    .replace(/<style>[^]*?<\/style>/, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll(/\s+/g, ' ');
}

describe('the page', () => {
  test('fetches nothing, runs nothing, and every link leads somewhere', () => {
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(outsideLinks(html)).toEqual([]);
    expect(danglingAnchors(html)).toEqual([]);
    expect(unclosedTags(html)).toEqual([]);
  });

  test('no text becomes markup or moves the cursor, whatever it says', () => {
    const hostile = withTexts(GALLEON, old => (/^(files|warning|note|file|token|\d{4}-.*Z)$/.test(old) ? old : EVIL));
    const page = buildHtml(hostile);
    expect(page).not.toMatch(/<script|<!--|onload=y>/);
    // Of the page itself, each once.
    expect(page.match(/<\/style>/g)).toHaveLength(1);
    expect(page.match(/<\/title>/g)?.length).toBe(html.match(/<\/title>/g)?.length);
    expect(page).not.toMatch(/(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
    expect(unclosedTags(page)).toEqual([]);
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)');
  });
});

describe('what it tells', () => {
  test('first of all: which image, how long, from what', () => {
    expect(html).toContain('<title>galleon 7.3: build report</title>');
    expect(text).toContain('galleon 7.3 Built in 21.4s: 3 steps built, 1 reused');
    expect(text).toContain('A ship; built 2031-02-03 04:05:06 UTC');
    expect(text).toContain('35 packages');
  });

  test('partitions with what is used and free, an empty one as such', () => {
    expect(text).toMatch(/2 SystemX slot A erofs, root-x86-64 17 MiB 5103 MiB 700 MiB 4.3 GiB/);
    expect(text).toMatch(/3 SystemY slot B, empty/);
    expect(text).toMatch(/4 State grows ext4, root-x86-64 \/srv\/state/);
    expect(text).toContain('system SystemX and SystemY: 4.3 GiB free, 1 GiB of it reserved 700 MiB of 5 GiB');
  });

  test('where a step stands on the time of the build', () => {
    const [, x = '', width = ''] =
      /box<small>after hull, mast<\/small>.*?<rect class="strong" x="([\d.]+)%" width="([\d.]+)%"/.exec(html) ?? [];
    expect([Number(x), Number(width)]).toEqual([35.05, 60.75]);
    expect(html).toContain('<title>from 7.5 s to 20.5 s</title>');
    expect(html).toMatch(/mast<small>canvas<\/small>.*?<rect class="part1"/);
    expect(text).toContain('The end waited for hull → box: 18.5s of the 21.4s. The longest of them is box with 13.0s.');
  });

  test('what was reused is not on that time, but told, with what it once took', () => {
    expect(html).toMatch(/<summary>1 step reused<\/summary>[^]*parts<small>canvas, 7 B<\/small>.*class="hollow"/);
    expect(text).toContain('33.5s of work together');
  });

  test('a build that reused everything has no timeline, and shows what was reused', () => {
    const steps = GALLEON.steps.map(each => ({ ...each, cached: true, startedAt: null }));
    const page = buildHtml({ ...GALLEON, steps, beside: [], critical: [] });
    expect(page).not.toContain('class="axis"');
    expect(page).not.toContain('The end waited');
    expect(page).not.toContain('steps reused</summary>');
    expect(textOf(page)).toContain('Built in 21.4s: 0 steps built, 4 reused');
  });

  test('packages by size, the smaller ones behind a line', () => {
    expect(text).toContain('Packages 26 of cargo, 9 of chest');
    expect(text).toMatch(
      /linux-image 9.9 90 MiB Files of no package 41 of overlays, or made in the build 3 MiB plank-0/,
    );
    const [before, after = ''] = html.split('<summary>6 that are smaller</summary>');
    expect(before).toContain('plank-17<');
    expect(after).toContain('plank-23<');
    expect(before).not.toContain('plank-23<');
  });

  test.each([
    ['archive', 'by what Debian says'],
    ['none', 'not known'],
  ] as const)('says what sizes are: %s', (sizes, words) => {
    const page = buildHtml({ ...GALLEON, packages: { ...GALLEON.packages, sizes } });
    expect(textOf(page).toLowerCase()).toContain(words.toLowerCase());
  });

  test('hash tree, who signs, and what is predicted', () => {
    expect(text).toContain('sha256, 171000 blocks of 4 KiB, 5.5 MiB at byte 700416000');
    expect(text).toContain('7 roots (RS(255, 248))');
    expect(text).toContain('CN=Bosun , key in a token, until 2044-05-06');
    expect(text).toContain(`issued by CN=Admiralty; SHA-256 ${'de'.repeat(32)}`);
    expect(text).toContain('key in a file; keys/purser.crt is not there');
    expect(text).toMatch(/Update bundles no key is named/);
    expect(text).toMatch(/PCR 7 not predicted/);
    expect(text).toContain(`PCR 11, calm ${'11'.repeat(32)}`);
  });

  test('a budget that is nearly used up is marked', () => {
    expect(html).toMatch(/Root, with hash tree[^\n]*class="limit"[^\n]*760 MiB of 800 MiB/);
    expect(html).toMatch(/<li class="two"><span class="label">Packages[^\n]*class="part1"[^\n]*26 of 90/);
  });

  test('warnings and notes, with the way out', () => {
    expect(text).toContain('Warning "/srv/rum" matches nothing take it out');
    expect(text).toContain('Note There is no lock file');
    expect(html).toContain('<code>caisson lock galleon</code> makes one');
    expect(html).toMatch(/class="tile untried" href="#worth-knowing"><b>1<\/b> <span>warning</);
  });

  test('an image without disk, hash tree, root, budgets or anything to say', () => {
    const page = buildHtml({
      ...GALLEON,
      disk: null,
      budgets: [],
      headroom: [],
      largest: [],
      warnings: [],
      kernel: '',
      lock: '',
      packages: { sizes: 'none', rows: [], other: null, counts: [] },
      trust: { ...GALLEON.trust, verity: null, signers: [], pcrs: null, profiles: [] },
    });
    expect(page.match(/<h2 id="([^"]+)-title">/g)?.map(each => each.slice(8, -8))).toEqual([
      'steps',
      'verity-and-signatures',
      'files',
    ]);
    expect(danglingAnchors(page)).toEqual([]);
  });
});
