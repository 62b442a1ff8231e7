/** The colours of pages and drawn disks, for light and dark surroundings. Pure. */

/** What a part of a drawing is filled with. */
export interface Tone {
  /** Behind text, and for what is free. */
  plain: string;
  /** For what is used, and for the border. */
  strong: string;
}

export interface Theme {
  paper: string;
  /** A little apart from paper: tiles, bars without anything in them. */
  card: string;
  ink: string;
  muted: string;
  /** Lines between things. */
  rule: string;
  good: string;
  bad: string;
  warn: string;
  link: string;
  tones: Readonly<Record<'green' | 'magenta' | 'yellow' | 'cyan' | 'dim', Tone>>;
}

/**
 * Texts have a contrast of 4.5 and drawings of 3 to what is behind them (WCAG 2.2, 1.4.3 and 1.4.11); the strong tones
 * are told apart with any of the common colour blindnesses. test/report/theme.test.ts measures both.
 */
export const LIGHT: Theme = {
  paper: '#ffffff',
  card: '#f5f7f9',
  ink: '#1b2127',
  muted: '#57616c',
  rule: '#d5dbe1',
  good: '#0b7a63',
  bad: '#b3261e',
  warn: '#8a5a00',
  link: '#1660a8',
  tones: {
    green: { plain: '#ddf3ea', strong: '#12805a' },
    magenta: { plain: '#f8e3f2', strong: '#b5398f' },
    yellow: { plain: '#fdeccb', strong: '#b36b00' },
    cyan: { plain: '#dcebfa', strong: '#1f6fb8' },
    dim: { plain: '#f0f2f5', strong: '#7b8591' },
  },
};

export const DARK: Theme = {
  paper: '#0e1217',
  card: '#171d24',
  ink: '#e8edf2',
  muted: '#a0abb6',
  rule: '#2f3842',
  good: '#45c4a0',
  bad: '#ff8a80',
  warn: '#e0ab3c',
  link: '#7cb8f2',
  tones: {
    green: { plain: '#123228', strong: '#3bb58b' },
    magenta: { plain: '#3a1a32', strong: '#e07bc4' },
    yellow: { plain: '#3a2a0c', strong: '#e0a33c' },
    cyan: { plain: '#112c47', strong: '#5aa9ee' },
    dim: { plain: '#1c232b', strong: '#7b8794' },
  },
};

export const FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif';
