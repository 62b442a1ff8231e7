/** Colours of the texts that aren't drawn by listr2 (SGR codes of ECMA-48, the sixteen that every theme maps). */

const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof STYLES;
export type Paint = (style: Style, text: string) => string;

/** A function that colours a text, or leaves it as it is when `color` is false. */
export function painter(color: boolean): Paint {
  if (!color) return (_style, text) => text;
  const esc = String.fromCodePoint(0x1b);
  return (style, text) => {
    const [on, off] = STYLES[style];
    return text === '' ? '' : `${esc}[${on}m${text}${esc}[${off}m`;
  };
}
