/** A key of the YAML documents, as `caisson explain` tells of it. */

export interface DocumentKey {
  kind: 'image' | 'layout' | 'manifest' | 'overlay';
  /** Without places in lists; `*` stands for any name: `partitions.size`, `stages.uki.options.cmdline`, `entries.*.mode`. */
  path: string;
  /** What may be written, in words: `one of: on, off`. */
  form: string;
  needed: boolean;
  /** What it is when left out: a value as YAML, or words. Empty for what is needed. */
  leftOut: string;
  /** Values as YAML. */
  examples: readonly string[];
  description: string;
}
