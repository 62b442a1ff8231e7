import { describe, expect, test } from 'vitest';
import { DARK, LIGHT } from '../../pipeline/report/theme.ts';

const themes = [
  ['light', LIGHT],
  ['dark', DARK],
] as const;

type Rgb = readonly [number, number, number];

/** How people see who lack one kind of cones; none lacking: as it is (Machado, Oliveira, Fernandes 2009, severity 1). */
const SIGHTS: Readonly<Record<string, readonly [Rgb, Rgb, Rgb]>> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

describe.each(themes)('%s', (_, theme) => {
  test.each(['ink', 'muted', 'good', 'bad', 'warn', 'link'] as const)('text in %s is read on paper and cards', name => {
    for (const ground of [theme.paper, theme.card]) expect(contrast(theme[name], ground)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(Object.entries(theme.tones))(
    '%s is seen, and text is read on its light side',
    (_name, { plain, strong }) => {
      expect(contrast(strong, theme.paper)).toBeGreaterThanOrEqual(3);
      expect(contrast(strong, theme.card)).toBeGreaterThanOrEqual(3);
      for (const text of [theme.ink, theme.muted]) expect(contrast(text, plain)).toBeGreaterThanOrEqual(4.5);
    },
  );

  test.each(Object.entries(SIGHTS))('slots and what is in none are told apart with %s', (_name, sight) => {
    const seen = (['cyan', 'yellow', 'green'] as const).map(name =>
      lab(sight.map(row => dot(row, linear(theme.tones[name].strong)))),
    );
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const)
      expect(Math.hypot(...seen[a]!.map((value, at) => value - seen[b]![at]!))).toBeGreaterThan(25);
  });
});

function linear(color: string): Rgb {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map(at => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return [r, g, b];
}

function dot(row: Rgb, color: Rgb): number {
  return Math.min(1, Math.max(0, row[0] * color[0] + row[1] * color[1] + row[2] * color[2]));
}

const LUMINANCE: Rgb = [0.2126, 0.7152, 0.0722];

/** WCAG 2.2, "contrast ratio". */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [one, other].map(color => dot(LUMINANCE, linear(color))).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** CIELAB of a linear sRGB colour, D65. */
function lab(color: readonly number[]): number[] {
  const rgb = color as unknown as Rgb;
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f(dot([0.4124, 0.3576, 0.1805], rgb) / 0.95047);
  const y = f(dot(LUMINANCE, rgb));
  const z = f(dot([0.0193, 0.1192, 0.9505], rgb) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
