/** The colours of a drawn disk, for light and dark surroundings. Pure. */
import type { Style } from './paint.ts';

/** What a part of the disk is drawn with. */
interface Tone {
  /** Behind the text, and for what is free. */
  plain: string;
  /** For what is used, and for the border. */
  strong: string;
}

interface Theme {
  paper: string;
  ink: string;
  muted: string;
  tones: Readonly<Partial<Record<Style, Tone>>>;
}

const LIGHT: Theme = {
  paper: '#ffffff',
  ink: '#1f2328',
  muted: '#59636e',
  tones: {
    green: { plain: '#dff6e4', strong: '#2a8f4a' },
    magenta: { plain: '#f7e3f6', strong: '#a03c9b' },
    yellow: { plain: '#fdf2cb', strong: '#a87b00' },
    cyan: { plain: '#dcf1f8', strong: '#0b7fa0' },
    dim: { plain: '#f3f5f7', strong: '#87909a' },
  },
};

const DARK: Theme = {
  paper: '#0d1117',
  ink: '#e6edf3',
  muted: '#9aa5b1',
  tones: {
    green: { plain: '#12331e', strong: '#3fb45a' },
    magenta: { plain: '#371a37', strong: '#cf6cca' },
    yellow: { plain: '#382d08', strong: '#d0a32a' },
    cyan: { plain: '#0d3140', strong: '#38b2d3' },
    dim: { plain: '#1a2028', strong: '#68737f' },
  },
};

const FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif';

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
