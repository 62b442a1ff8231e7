/** What the selector starts, by its environment blocks: stages/selector/grub.ts, read as GRUB runs it. */

export interface SelectorStart {
  /** Null when no slot starts. */
  slot: string | null;
  verified: boolean;
  /** Whose block says so, in the order in which they are read; null when none has an ORDER. */
  copy: number | null;
}

const SIGNATURE = '# GRUB Environment Block\n';
/** A slot that was tried so often is passed over; anything but 0, 1 and 2 counts as that. */
const TRIES = '3';

/**
 * `blocks`: grubenv of each state partition, in the selector's order; null where none can be read. `slots`: in the order
 * of the layout. `filled`: those that start. `switchable`: the kernel has profiles that verify nothing.
 */
export function selectorStart(
  blocks: readonly (Uint8Array | null)[],
  { slots, filled, switchable }: { slots: readonly string[]; filled: readonly string[]; switchable: boolean },
): SelectorStart {
  const states = blocks.map(block => (block === null ? {} : readBlock(block)));
  const copy = states.findIndex(state => (state.ORDER ?? '') !== '');
  // load_env of a copy without ORDER has set what else it holds; the next one's values replace them.
  const read = Object.assign({}, ...states.slice(0, copy === -1 ? undefined : copy + 1)) as Record<string, string>;
  const defaults = Object.fromEntries(slots.map(slot => [`${slot}_OK`, filled.includes(slot) ? '1' : '0'] as const));
  const state: Record<string, string | undefined> = copy === -1 ? { ...read, ...defaults } : read;
  const order = copy === -1 ? slots : (state.ORDER ?? '').split(/[ \t\n]+/).filter(word => word !== '');
  const good = (slot: string): boolean => slots.includes(slot) && state[`${slot}_OK`] === '1';
  const untried = (slot: string): boolean => copy === -1 || state[`${slot}_TRY`] !== TRIES;
  const chosen = order.find(slot => good(slot) && untried(slot)) ?? order.find(good);
  // A state by which nothing ever was good is no state: what the image was made with.
  const attempts = chosen === undefined ? slots.filter(slot => filled.includes(slot)) : [chosen, ...slots.filter(good)];
  return {
    slot: attempts.find(slot => filled.includes(slot)) ?? null,
    verified: !(switchable && state.VERITY === 'off'),
    copy: copy === -1 ? null : copy,
  };
}

/** As grub_envblk_iterate does: a name ends at the next `=`, wherever that is; what has no end of line is left out. */
function readBlock(block: Uint8Array): Record<string, string> {
  const text = Buffer.from(block).toString('latin1');
  const variables: Record<string, string> = {};
  if (!text.startsWith(SIGNATURE)) return variables;
  for (let at = SIGNATURE.length; at < text.length;) {
    if (text[at] !== '#') {
      const equals = text.indexOf('=', at);
      if (equals === -1) return variables;
      let end = equals + 1;
      while (end < text.length && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
      if (end >= text.length) return variables;
      variables[cString(text.slice(at, equals))] = cString(text.slice(equals + 1, end).replaceAll(/\\([\s\S])/g, '$1'));
      at = end;
    }
    const next = text.indexOf('\n', at);
    if (next === -1) return variables;
    at = next + 1;
  }
  return variables;
}

function cString(text: string): string {
  return text.split('\0')[0] ?? '';
}
