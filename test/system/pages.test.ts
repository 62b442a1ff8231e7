/** The pages in a browser: nothing is fetched, nothing complains, nothing is wider than a phone or a sheet of paper. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { buildHtml } from '../../pipeline/report/build-html.ts';
import { differenceHtml } from '../../pipeline/report/difference-html.ts';
import { proofHtml } from '../../pipeline/report/proof-html.ts';
import { GALLEON, withTexts } from '../report/galleon-report.ts';
import { PROOF } from '../report/quagga-proof.ts';
import { voyage } from '../report/voyage-difference.ts';

const { own, scratch } = inject('builds');

/** Long words without a place to break, markup, and letters from right to left. */
const AWKWARD = `${'unbreakable'.repeat(9)}</style><script>document.title="run"</script> مرحبا`;
const awkward = withTexts(GALLEON, old =>
  /^(files|warning|note|file|token|root|image|esp|\d{4}-.*Z)$/.test(old) ? old : AWKWARD,
);

const PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  'report.html of the shared build': () => readFile(path.join(own.out, 'report.html'), 'utf8'),
  'a report with something of everything': () => buildHtml(GALLEON),
  'a report of awkward texts': () => buildHtml(awkward),
  'a proof': () => proofHtml(PROOF),
  'a difference': () => differenceHtml(voyage),
};

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium' });
});
afterAll(async () => {
  await browser.close();
});

describe.each(Object.entries(PAGES))('%s', (_name, html) => {
  it('is quiet, alone, and fits phone, screen and paper, with everything opened', async () => {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on('console', each => said.push(each.text()));
    page.on('pageerror', each => said.push(String(each)));
    page.on('request', each => said.push(`request ${each.url()}`));
    const file = path.join(scratch, 'page.html');
    await writeFile(file, await html());
    const url = pathToFileURL(file).href;
    await page.goto(url);
    await page.evaluate(`document.querySelectorAll('details').forEach(each => (each.open = true))`);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [400, 800, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await widest(page), `${width} px, ${colorScheme}`).toBeLessThanOrEqual(width);
      }
    }
    // A4 without its margins, at 96 px an inch.
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 680, height: 1000 });
    expect(await widest(page), 'paper').toBeLessThanOrEqual(680);
    expect(await page.title()).not.toBe('run');
    expect(said).toEqual([`request ${url}`]);
    await page.close();
  });
});

describe('report.html of the shared build', () => {
  it('shows each partition, each step, and the root hash', async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(pathToFileURL(path.join(own.out, 'report.html')).href);
    const text = await page.locator('main').innerText();
    for (const { name } of own.record.partitions) expect(text).toContain(name);
    const steps = await page.locator('#steps .label').allTextContents();
    for (const { id } of own.record.stages) expect(steps.some(each => each.startsWith(id))).toBe(true);
    expect(text).toContain(own.record.rootHash);
    expect(await page.locator('#packages .label').count()).toBeGreaterThan(100);
    const [largest = ''] = await page.locator('#packages .value').allTextContents();
    expect(largest).toMatch(/ MiB$/);
    await page.close();
  });
});

/** Right edge of what reaches farthest, cut off or not; pixels. What an SVG draws is cut off by it. */
async function widest(page: Page): Promise<number> {
  return page.evaluate<number>(`Math.max(
    document.documentElement.scrollWidth,
    ...[...document.querySelectorAll('body :not(svg *)')].map(each => Math.floor(each.getBoundingClientRect().right)),
  )`);
}
