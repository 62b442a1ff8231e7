import { describe, expect, test } from 'vitest';
import { drawClaims, drawProof } from '../../pipeline/report/proof.ts';
import { proofHtml } from '../../pipeline/report/proof-html.ts';
import { danglingAnchors, outsideLinks, unclosedTags } from './html.ts';
import { ESC, PROOF } from './quagga-proof.ts';
import { columnsOf } from '../../pipeline/report/text.ts';

describe('in a terminal', () => {
  test.each([40, 80, 100, 160])('of %i columns no line is longer', width => {
    for (const line of drawProof(PROOF, { width, color: false }).split('\n'))
      expect(columnsOf(line)).toBeLessThanOrEqual(width);
  });

  test.each([60, 120])('no control characters of the guest get through, at %i columns', width => {
    const text = drawProof(PROOF, { width, color: false });
    expect(text).not.toContain(ESC);
    expect(text).not.toContain('\u202e');
    expect(text).toContain('gone');
  });

  test('says what does not fit, and how much does', () => {
    const text = drawProof(
      {
        ...PROOF,
        claims: PROOF.claims.map(each => ({
          ...each,
          facts: each.facts.map(one => ({ ...one, text: one.fits ? one.text : 'a leak' })),
        })),
      },
      { width: 400, color: false },
    );
    expect(text).toMatch(/^passed +dry-hull .*sand is dry; so is the rope$/m);
    expect(text).toMatch(/^failed +tight-hatches .*a leak; \(1 other as promised\)$/m);
    expect(text).toMatch(/^not tried +wind .*no flag here$/m);
    expect(text).toMatch(/^bug +rudder .*bug in caisson: TypeError/m);
    expect(text).toContain('first 17.0');
    expect(text).toMatch(/quagga 7\.3: 1 of 4 claims proven, 2 failed, 1 could not be tried here, in 3m 21s\.$/);
  });

  test('an image that changed is told', () => {
    const changed = { ...PROOF, file: { ...PROOF.file, sha256After: 'cd'.repeat(32) } };
    expect(drawProof(changed, { width: 100, color: false })).toContain('THE IMAGE CHANGED MEANWHILE');
  });

  test('claims that were not tried yet', () => {
    const text = drawClaims({ image: 'quagga', version: '7.3', claims: PROOF.claims }, { width: 100, color: false });
    expect(text).toMatch(/^dry-hull +The hull is dry\. +first$/m);
    expect(text).toMatch(/quagga 7\.3 promises 4 things\.$/);
  });
});

describe('as HTML', () => {
  const html = proofHtml(PROOF);

  test('text of the guest is escaped and without control characters', () => {
    expect(html).not.toContain('<script');
    expect(html).not.toContain(ESC);
    expect(html).not.toContain('\u202e');
    expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
  });

  test('nothing is fetched from elsewhere, and nothing may be', () => {
    expect(outsideLinks(html)).toEqual([]);
    expect(danglingAnchors(html)).toEqual([]);
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  test('every claim with its verdict, every fact with its mark', () => {
    for (const { name, verdict } of PROOF.claims)
      expect(html).toMatch(new RegExp(`<tr id="${name}"[^]*?>${verdict}</span>`));
    expect(html).toContain('<li class="fits">sand is dry</li>');
    expect(html.match(/<li class="wrong">/g)).toHaveLength(1);
    expect(html).toContain('<title>quagga 7.3: not proven</title>');
    expect(html).toContain('17.0 s');
  });

  test('tags are closed', () => {
    expect(unclosedTags(html)).toEqual([]);
  });
});
