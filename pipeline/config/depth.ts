/** Finds what nests too deeply before the parser sees it: yaml's composer recurses, and V8 may abort the process there. */
import { Lexer } from 'yaml';

const MOST_FLOW = 100;
/** Block collections nest by columns: whatever begins left of this is at most twice as deep. */
const MOST_COLUMN = 160;

/** The offset at which text nests too deeply; null if it does not. */
export function deepNesting(text: string): number | null {
  let offset = 0;
  let lineStart = 0;
  let flow = 0;
  let isScalar = false;
  for (const token of new Lexer().lex(text)) {
    // The lexer's own marks: document, flow error, and "a scalar follows".
    if (token === '\u0002' || token === '\u0018' || token === '\u001f') {
      isScalar = token === '\u001f';
      continue;
    }
    if (!isScalar) {
      if (token === '[' || token === '{') flow++;
      if (token === ']' || token === '}') flow--;
      const column = offset - lineStart;
      const block = (token === '-' || token === '?') && column > MOST_COLUMN;
      const indent = column === 0 && token.startsWith(' ') && token.length > MOST_COLUMN;
      if (flow > MOST_FLOW || block || indent) return offset;
    }
    const lastBreak = token.lastIndexOf('\n');
    if (lastBreak >= 0) lineStart = offset + lastBreak + 1;
    offset += token.length;
    isScalar = false;
  }
  return null;
}
