/** Questions to the guest as shell scripts, answers as lines `key=value`. */
import type { GuestMachine } from '../engine/machine/guest-machine.ts';
import { ClaimFault } from './fault.ts';

export interface Answers {
  /** The one value of a key. Throws ClaimFault when the guest said nothing, or several things. */
  one(key: string): string;
  /** All values of a key, in order. */
  all(key: string): string[];
}

/** Without a process for the usual case of one line: under emulation each takes milliseconds. */
const SAY = String.raw`
say() {
  key=$1; shift
  case "$*" in
    *'
'*) printf '%s=%s\n' "$key" "$(printf '%s' "$*" | tr '\n' ';')" ;;
    *) printf '%s=%s\n' "$key" "$*" ;;
  esac
}
tell() { key=$1; shift; say "$key" "$("$@" 2>&1)"; }
ends() { key=$1; shift; out=$("$@" 2>&1 </dev/null); say "$key" "$? $out"; }
`;

/**
 * Runs a script as root. It says its answers with `say KEY TEXT…`, `tell KEY COMMAND…` (what the command prints) and
 * `ends KEY COMMAND…` (its exit code, a blank, what it prints). Line ends in a value become `;`.
 */
export async function ask(machine: Pick<GuestMachine, 'sh'>, script: string, limitSeconds = 120): Promise<Answers> {
  const { exitCode, stdout, stderr } = await machine.sh(`${SAY}${script}\n`, { limitSeconds });
  if (exitCode !== 0)
    throw new ClaimFault(`the script in the guest ended with exit code ${exitCode}: ${lastLines(stderr || stdout)}`);
  return answersOf(stdout);
}

export function answersOf(text: string): Answers {
  const found = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/)) {
    const cut = line.indexOf('=');
    if (cut === -1) continue;
    const key = line.slice(0, cut);
    found.set(key, [...(found.get(key) ?? []), line.slice(cut + 1).trim()]);
  }
  return {
    one: key => {
      const [value, ...more] = found.get(key) ?? [];
      if (value === undefined) throw new ClaimFault(`the guest gave no answer to "${key}"`);
      if (more.length > 0) throw new ClaimFault(`the guest gave ${more.length + 1} answers to "${key}"`);
      return value;
    },
    all: key => found.get(key) ?? [],
  };
}

/** `0 text` of `ends` -> exit code and text. */
export function endOf(answer: string): { code: number; text: string } {
  const match = /^(\d+) ?(.*)$/s.exec(answer);
  if (match === null) throw new ClaimFault(`the guest did not say how a program ended: ${answer}`);
  return { code: Number(match[1]), text: match[2] ?? '' };
}

/** A word for a POSIX shell that means exactly this text. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join('; ') || 'it said nothing';
}
