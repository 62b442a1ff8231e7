/** Command lines by profile, and options of the kernel's configuration. */

export interface WordChange {
  /** What stands before `=`; the whole word without one. Empty for a profile that only one of the two has. */
  word: string;
  /** Profiles in which it changes so; empty texts for a kernel image without profiles. */
  profiles: string[];
  /** Null for a word that is not there; all of one name, in order. Of a profile its whole command line. */
  old: string | null;
  new: string | null;
}

export interface OptionChange {
  option: string;
  /** `n` for one that is not set; null for one that this kernel does not have. */
  old: string | null;
  new: string | null;
}

export interface CommandLine {
  id: string;
  cmdline: string;
}

/** Profiles that are new or gone, then by word in those that both have. */
export function compareCommandLines(before: readonly CommandLine[], after: readonly CommandLine[]): WordChange[] {
  const found = new Map<string, WordChange>();
  for (const id of new Set([...before, ...after].map(each => each.id))) {
    const [one, other] = [before, after].map(all => all.find(each => each.id === id)?.cmdline ?? null);
    if (one == null || other == null) {
      found.set(JSON.stringify([id]), { word: '', profiles: [id], old: one ?? null, new: other ?? null });
      continue;
    }
    const [old, next] = [wordsOf(one), wordsOf(other)];
    for (const word of new Set([...old.keys(), ...next.keys()])) {
      const change = { word, profiles: [id], old: old.get(word) ?? null, new: next.get(word) ?? null };
      if (change.old === change.new) continue;
      const key = JSON.stringify([word, change.old, change.new]);
      const known = found.get(key);
      if (known === undefined) found.set(key, change);
      else known.profiles.push(id);
    }
  }
  return [...found.values()].toSorted((a, b) => (a.word < b.word ? -1 : a.word > b.word ? 1 : 0));
}

/** By option; null when one of the two is not known. Reads what Kconfig writes: `CONFIG_A=y`, `# CONFIG_B is not set`. */
export function compareConfigs(before: string | null, after: string | null): OptionChange[] | null {
  if (before === null || after === null) return null;
  const [old, next] = [optionsOf(before), optionsOf(after)];
  return [...new Set([...old.keys(), ...next.keys()])].toSorted().flatMap(option => {
    const change = { option, old: old.get(option) ?? null, new: next.get(option) ?? null };
    return change.old === change.new ? [] : [change];
  });
}

function wordsOf(cmdline: string): Map<string, string> {
  const words = new Map<string, string>();
  for (const word of cmdline.split(/\s+/).filter(each => each !== '')) {
    const name = word.split('=', 1)[0] ?? word;
    const known = words.get(name);
    words.set(name, known === undefined ? word : `${known} ${word}`);
  }
  return words;
}

function optionsOf(text: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, option, value] = /^(CONFIG_\w+)=(.*)$/.exec(line) ?? [];
    const [, unset] = /^# (CONFIG_\w+) is not set$/.exec(line) ?? [];
    if (option !== undefined) options.set(option, value ?? '');
    else if (unset !== undefined) options.set(unset, 'n');
  }
  return options;
}
