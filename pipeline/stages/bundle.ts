/** bundle: the update of one slot, as RAUC takes it: all that the slot holds, whatever it held before. Decision 0023. */
import { X509Certificate } from 'node:crypto';
import { payload } from './bundle/payload.ts';
import { sealBundle } from './bundle/seal.ts';
import { partitionOf } from './partition.ts';
import { OptionFault, type Stage } from './stage.ts';

interface Options {
  contents: string[];
  selector?: string;
}

interface Resolved {
  file: string;
  compatible: string;
  version: string;
  summary: string;
  downgrade: 'refuse' | 'allow';
  keyring: string;
  seed: string;
  contents: string[];
  /** Empty for none. */
  selector: string;
}

export const bundle: Stage<Options, Resolved, '*'> = {
  name: 'bundle',
  version: 1,
  summary: 'signed update of a slot, for RAUC, in the output folder',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['contents'],
    properties: {
      contents: {
        type: 'array',
        items: { type: 'string', description: 'A content of the layout.' },
        minItems: 1,
        uniqueItems: true,
        'x-exact': true,
        description: 'Contents of the slot, each wired to the input of its name, in the order of installation.',
        examples: [['rootfs', 'boot']],
      },
      selector: {
        type: 'string',
        description: 'Content with the selector, wired to the input of its name.',
        'x-default': 'the bundle brings none',
      },
    },
  },
  inputs: { '*': 'required' },
  tools: ['squashfs-tools', 'cryptsetup-bin', 'openssl'],
  signs: 'bundles',
  publishes: resolved => resolved.file,
  // Copies of what it reads, the squashfs of them, and the hash tree.
  room: (_, inputs) =>
    Object.values(inputs).reduce((sum, each) => sum + 2.1 * Number(each.facts.used ?? each.bytes), 2 ** 24),

  resolve({ contents, selector }, image) {
    const { updates, inputs } = image;
    if (updates === null || !updates.hasSigning)
      throw new OptionFault(
        '',
        updates === null ? 'the image takes no updates' : 'nothing says by which key',
        'add `updates: { keyring: FILE, signing: { key: FILE, certificate: FILE } }` to the definition; `caisson keys new` makes them',
      );
    const wanted = [...contents, ...(selector === undefined ? [] : [selector])];
    for (const [index, content] of wanted.entries()) {
      const place = index < contents.length ? `contents[${index}]` : 'selector';
      // It is a class of slots, in the name of a variable of the environment, and the name of a file.
      if (!/^[A-Za-z0-9_-]+$/.test(content) || (place !== 'selector' && content === 'selector'))
        throw new OptionFault(
          place,
          `RAUC has no slots by the name "${content}"`,
          'give the partitions a `content` of letters, digits, "_" and "-", other than "selector"',
        );
      if (partitionOf(image.layout, content).slot === null)
        throw new OptionFault(place, `"${content}" stands in no slot of layout "${image.layout.name}"`);
      if (!inputs.includes(content))
        throw new OptionFault(place, `nothing is wired to "${content}"`, `add \`${content}: STEP\` to the inputs`);
    }
    const spare = inputs.find(each => !wanted.includes(each));
    if (spare !== undefined)
      throw new OptionFault('', `input "${spare}" is named by no option`, 'add it to `contents`, or take it away');
    const { name, version, summary, seed } = image;
    const { compatible, downgrade, keyring } = updates;
    const file = `${name}-${version}.raucb`;
    return { file, compatible, version, summary, downgrade, keyring, seed, contents, selector: selector ?? '' };
  },

  async build(resolved, context) {
    const { compatible, version, summary, downgrade, seed, keyring } = resolved;
    const { inputs, signer } = context;
    if (signer === null) throw new Error('no signer');
    const files = await payload(resolved, context);
    const images = files.filter(each => each.content !== resolved.selector);
    const selector = files.find(each => each.content === resolved.selector) ?? null;
    const rootHash = images
      .map(each => inputs[each.content as '*']?.facts.rootHash)
      .find(each => typeof each === 'string');
    const described = { compatible, version, downgrade, images, selector, rootHash: rootHash ?? '' };
    await sealBundle({ ...described, description: summary, delta: null }, { seed, keyring }, context);
    const { fingerprint256 } = new X509Certificate(signer.certificate);
    return { ...described, certificate: fingerprint256.replaceAll(':', '').toLowerCase() };
  },
};
