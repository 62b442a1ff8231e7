/** The frame of every HTML page: nothing fetched, no scripts. Pure. */
import { proofStyle } from './proof-style.ts';
import { svgText } from './svg.ts';

/** `body` is HTML; `style` comes behind the style that all pages share. */
export function htmlPage({ title, style, body }: { title: string; style: string; body: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${svgText(title)}</title>
<style>
${proofStyle()}${style}
</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}
