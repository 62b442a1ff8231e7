/** Kernel modules that the running system may load; modprobe.d(5). */
import { FormatFault } from '../../formats/fault.ts';
import { loadOrder, moduleName } from '../modules.ts';
import { readContent } from '../tar.ts';
import { lookup, matches, type Tree } from '../tree.ts';

export const BLACKLIST_PATH = '/usr/lib/modprobe.d/caisson-blacklist.conf';

/**
 * Names of `wanted` and of all they need, sorted, and the modprobe.d text that keeps all others of the tree's kernel
 * from being loaded: `blacklist` for what a device asks for, `install` for what asks by name. And where these others
 * stand in the tree. Throws FormatFault for a module that the kernel does not have.
 */
export async function allowedModules(
  tree: Tree,
  wanted: readonly string[],
): Promise<{ allowed: string[]; blacklist: string; refused: string[] }> {
  const [index, ...others] = matches(tree, '/usr/lib/modules/*/modules.dep');
  if (index === undefined || others.length > 0)
    throw new FormatFault(
      `the manifest names modules that may be loaded, but the tree has ${others.length === 0 ? 'no kernel' : `${others.length + 1} kernels`}`,
      'install one kernel package, or take `modules` out of the manifest',
    );
  const text = async (name: string): Promise<string> => {
    const found = lookup(tree, index.replace('modules.dep', name));
    return found === null ? '' : (await readContent(found.node)).toString('utf8');
  };
  const dependencies = await text('modules.dep');
  const order = loadOrder(wanted, {
    dependencies,
    builtin: await text('modules.builtin'),
    soft: await text('modules.softdep'),
  });
  const allowed = new Set(order.map(moduleName));
  const refused = dependencies
    .split('\n')
    .flatMap(line => (line.includes(':') ? [line.slice(0, line.indexOf(':'))] : []))
    .filter(each => !allowed.has(moduleName(each)));
  return {
    allowed: [...allowed].sort(),
    blacklist: blacklistText(refused.map(moduleName).sort()),
    refused: refused.map(each => index.replace('modules.dep', each)),
  };
}

function blacklistText(refused: readonly string[]): string {
  const lines = refused.map(name => `blacklist ${name}\ninstall ${name} /bin/false\n`);
  return `# Every module that \`modules\` of the manifest does not name, and that none of those needs.\n${lines.join('')}`;
}
