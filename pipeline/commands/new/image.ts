/** A new image: it extends another, and offers what that one says. */
import { isMapping, listAt, mappingAt, valueAt } from '../../config/paths.ts';
import { flowText } from '../../formats/flow-text.ts';
import { yamlLines, type Start } from '../../report/start.ts';

/** What most people change first, in the order of the schema. */
const OFFERED = ['layout', 'ssh', 'features', 'verifiedBoot', 'updates', 'release', 'budgets', 'firewall'];

/** `base`: the value of the definition that it extends, with all that this one extends. */
export function startImage(name: string, base: { name: string; value: unknown }): Start {
  const said = mappingAt(base.value, []);
  return {
    head: [
      `The image "${name}": all that ${base.name} says, and what stands here instead.`,
      `A line that begins with "#" and a key is what ${base.name} says: take the "#" away and change it. \`caisson explain KEY\` tells more.`,
    ],
    written: { name, extends: base.name, version: '0.1.0', summary: `${name}, made from ${base.name}` },
    offered: {
      ...Object.fromEntries(
        OFFERED.filter(key => said[key] !== undefined).map(key => [key, yamlLines(key, said[key])]),
      ),
      stages: offeredSteps(name, listAt(base.value, ['stages'])),
    },
    told: [],
  };
}

/** One's own packages, files and script, in the steps of the base that make the root file system. */
function offeredSteps(name: string, steps: readonly unknown[]): string[] {
  const tree = steps.filter(isMapping).find(each => valueAt(each, ['options', 'system']) !== undefined);
  const packages = steps.filter(isMapping).find(each => each['id'] === valueAt(tree, ['inputs', 'tree']));
  const reader = steps.filter(isMapping).find(each => valueAt(each, ['inputs', 'tree']) === tree?.['id']);
  if (tree === undefined || packages === undefined || reader === undefined) return [];
  const script = `${name}-script`;
  return [
    'stages:',
    `  # Your own packages, users and units: \`caisson new manifest ${name}\`.`,
    `  - ${flowText({ id: packages['id'], options: { manifest: name } })}`,
    `  # The same, and your own files on top of those of the base: \`caisson new overlay ${name}\`.`,
    `  - ${flowText({ id: tree['id'], options: { manifest: name, overlays: [name] } })}`,
    '  # A step of your own: a script changes the tree before it becomes a file system.',
    `  - ${flowText({ id: script, stage: 'command', inputs: { tree: tree['id'] }, options: { script: `scripts/${name}.sh` } })}`,
    `  - ${flowText({ id: reader['id'], inputs: { tree: script } })}`,
  ];
}
