/** SVG as text: elements, and what may stand in them. Pure. */
import { plainText } from './text.ts';

/** An element with its attributes; `children` are elements or the result of `svgText`. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  children: readonly string[] = [],
): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${svgText(String(value))}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

/**
 * One line of text, escaped, also for an attribute. What XML 1.0 (section 2.2) has no place for is replaced: halves of
 * surrogate pairs, as a damaged partition name may hold, and the two non-characters; controls as plainText does.
 */
export function svgText(text: string): string {
  return plainText(text)
    .replaceAll(/\p{Cs}|[\ufffe\uffff]/gu, '\ufffd')
    .replaceAll(/[&<>"']/g, character => ENTITIES[character] ?? character);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
