/** Are the rule files of an image rules? iptables of the tools tree says so; the bytes do not depend on it. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Firewall } from '../../formats/declaration.ts';
import type { Family, FirewallFiles } from '../../tree/firewall.ts';
import type { BuildContext } from '../stage.ts';

/** A line of `firewall.rules` that iptables refuses: the user's fault, by its path in the image definition. */
export class RuleFault extends Error {
  readonly path: string;
  readonly hint: string;
  constructor(place: string, message: string, hint: string) {
    super(message);
    this.name = 'RuleFault';
    this.path = place;
    this.hint = hint;
  }
}

type Context = Pick<BuildContext, 'run' | 'work' | 'box' | 'warn'>;

const RESTORE = { v4: 'iptables-nft-restore', v6: 'ip6tables-nft-restore' } as const;
const HINT = '`caisson prove` loads them in the image itself';

/**
 * Reads each file with `iptables-restore --test`, then loads it into the sandbox's own network, which ends with it.
 * Throws RuleFault for a line of the user's that iptables cannot read, and an Error for one of ours. What only the
 * kernel refuses is a warning: it is this machine's kernel, not the image's.
 */
export async function checkRules(context: Context, files: FirewallFiles, firewall: Firewall): Promise<void> {
  for (const family of ['v4', 'v6'] as const)
    for (const kind of ['closed', 'rules'] as const) {
      const name = `${kind}.${family}` as const;
      await writeFile(path.join(context.work, name), files[name]);
      const own = kind === 'rules' ? firewall.rules[family] : [];
      if (!(await checkFile(context, { name, family, text: files[name], own }))) return;
    }
}

interface RuleFile {
  name: keyof FirewallFiles;
  family: Family;
  text: string;
  /** Lines of the user's among those of the file. */
  own: readonly string[];
}

/** False when nothing more can be found out here. */
async function checkFile(context: Context, file: RuleFile): Promise<boolean> {
  const restore = async (...options: string[]): Promise<string | null> =>
    context
      .run(RESTORE[file.family], [...options, `${context.box.work}/${file.name}`], { identities: 'own-network' })
      .then(() => null, outputOf);
  const unread = await restore('--test');
  if (unread !== null) {
    const line = lineOf(unread, file);
    if (line !== null) throw refusal(file, line, reasonOf(unread));
    context.warn(`the firewall rules could not be tried on this machine: ${reasonOf(unread)}`, HINT);
    return false;
  }
  const refused = await restore();
  if (refused === null) return true;
  const index = file.own.indexOf(lineOf(refused, file) ?? '');
  const what = index === -1 ? file.name : `firewall.rules.${file.family}[${index}]`;
  context.warn(`the kernel of this machine refuses ${what}: ${reasonOf(refused)}`, HINT);
  return true;
}

function refusal({ name, family, own }: RuleFile, line: string, reason: string): Error {
  const index = own.indexOf(line);
  if (index === -1) return new Error(`iptables refuses a line of ${name} that Caisson wrote: ${line}: ${reason}`);
  return new RuleFault(
    `firewall.rules.${family}[${index}]`,
    `iptables refuses ${JSON.stringify(line)}: ${reason}`,
    'iptables-extensions(8) tells what a rule may say',
  );
}

/** The line that iptables names; null when it names none, or one that is no rule. */
function lineOf(output: string, { text }: RuleFile): string | null {
  const number = /^Error occurred at line: ([0-9]+)$|\bline ([0-9]+)(?::| failed)/m.exec(output);
  const line = text.split('\n')[Number(number?.[1] ?? number?.[2]) - 1] ?? '';
  return /^[-:]/.test(line) ? line : null;
}

/** The sentence of iptables, without its own name and where it looked. */
function reasonOf(output: string): string {
  const sentences = output
    .split('\n')
    .map(line => line.replace(/^ip6?tables-nft-restore( v\S+ \(nf_tables\))?: */, '').trim())
    .filter(line => line !== '' && !/^(Error occurred at line|Try |# Warning)/.test(line))
    .map(line => line.replace(/^line [0-9]+(?: failed)?: */, ''));
  return sentences.join('; ') || 'it does not say why';
}

/** What a program said that ended badly; anything else that was thrown goes on. Stages do not know engine/run.ts. */
function outputOf(error: unknown): string {
  const { name, output } = error as { name?: unknown; output?: unknown };
  if (name === 'ProcessFailure' && Array.isArray(output)) return output.join('\n');
  throw error;
}
