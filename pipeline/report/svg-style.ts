/** The style of a drawn disk that is a file of its own. Pure. */
import { DARK, FONTS, LIGHT, type Theme } from './theme.ts';

/** Text of a style element. Plain class rules, no custom properties: not every SVG reader knows those. */
export function svgStyle(): string {
  return [
    `text { font-family: ${FONTS}; font-size: 13px; }`,
    '.heading { font-size: 16px; font-weight: 600; }',
    '.name, .title { font-weight: 600; }',
    '.number { font-variant-numeric: tabular-nums; }',
    '.part { stroke-width: 1; }',
    '.dim .part { stroke-dasharray: 4 3; }',
    ...rules(LIGHT),
    `@media (prefers-color-scheme: dark) { ${rules(DARK).join(' ')} }`,
  ].join('\n');
}

function rules({ paper, ink, muted, tones }: Theme): string[] {
  return [
    `.paper { fill: ${paper}; }`,
    `text { fill: ${ink}; }`,
    `.muted { fill: ${muted}; }`,
    `.rule { stroke: ${muted}; stroke-opacity: 0.35; }`,
    ...Object.entries(tones).flatMap(([name, { plain, strong }]) => [
      `.${name} .part, .${name} .free { fill: ${plain}; stroke: ${strong}; }`,
      `.${name} .used { fill: ${strong}; }`,
    ]),
  ];
}
