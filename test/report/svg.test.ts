import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { element, svgText } from '../../pipeline/report/svg.ts';

describe('svgText', () => {
  test.each([
    ['a < b & "c" > \'d\'', 'a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;'],
    ['</text><script>x</script>', '&lt;/text&gt;&lt;script&gt;x&lt;/script&gt;'],
    ['kélp 海', 'kélp 海'],
    ['half \ud800 a pair \udc00', 'half \ufffd a pair \ufffd'],
    ['\u{1f433} whole', '\u{1f433} whole'],
    ['not\uffffone\ufffe', 'not\ufffdone\ufffd'],
    ['\u0000bell\u0007and\u001b[31mred', 'bell andred'],
  ])('%j', (text, escaped) => expect(svgText(text)).toBe(escaped));

  test('of any text has no character that XML has no place for, and none that means something', () => {
    const units = fc.array(fc.nat(0xffff), { maxLength: 40 }).map(codes => String.fromCharCode(...codes));
    fc.assert(
      fc.property(units, text => {
        const escaped = svgText(text);
        expect(escaped).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
        // oxlint-disable-next-line no-control-regex
        expect(escaped).not.toMatch(/[\u0000-\u001f\ufffe\uffff]|\p{Cs}/u);
      }),
    );
  });
});

describe('element', () => {
  test('with attributes and children', () =>
    expect(element('g', { class: 'a"b', x: 7.5 }, [element('rect', {}), 'kelp'])).toBe(
      '<g class="a&quot;b" x="7.5"><rect/>kelp</g>',
    ));
});
