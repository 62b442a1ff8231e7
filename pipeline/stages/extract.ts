/** extract: one file out of a tree, e.g. the kernel out of the packages. */
import { writeFile } from 'node:fs/promises';
import { FormatFault } from '../formats/fault.ts';
import { readContent, readTar } from '../tree/tar.ts';
import { lookup, matches } from '../tree/tree.ts';
import type { Stage } from './stage.ts';

interface Options {
  path: string;
}

export const extract: Stage<Options, Options, 'tree'> = {
  name: 'extract',
  version: 1,
  summary: 'one file out of a tree',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['path'],
    properties: {
      path: {
        type: 'string',
        pattern: '^/',
        description: 'Absolute path or glob that matches exactly one file.',
        examples: ['/boot/vmlinuz-*'],
      },
    },
  },
  inputs: { tree: 'required' },
  tools: [],
  publishes: () => null,
  resolve: options => options,

  async build({ path }, { inputs, out, signal }) {
    if (inputs.tree === undefined) throw new Error('no input tree');
    const tree = await readTar(inputs.tree.path, signal);
    const found = matches(tree, path);
    const [first] = found;
    const file = first === undefined ? null : lookup(tree, first);
    if (found.length !== 1 || file === null || file.node.type !== 'file') {
      throw new FormatFault(
        `"${path}" matches ${found.length} paths in ${inputs.tree.id}, not one file`,
        found.slice(0, 5).join(', '),
      );
    }
    await writeFile(out, await readContent(file.node));
    return { name: file.path };
  },
};
