/** `firewall.rules`: lines of iptables-save(8), one by one. What they say is iptables' to judge. */
import { fault } from './document.ts';
import type { Document } from './document.ts';
import { listAt, valueAt } from './paths.ts';
import type { Diagnostic } from './types.ts';

const BUILT_IN = ['INPUT', 'FORWARD', 'OUTPUT'];

/** Chains of the limits begin so. */
const OURS = 'limit-';

/** Faults of both lists. Lines that the schema refuses are left alone. */
export function ruleFaults(document: Document): Diagnostic[] {
  const limits = limitNames(document);
  return ['v4', 'v6'].flatMap(family => {
    const lines = listAt(document.value, ['firewall', 'rules', family]);
    const declared = lines.flatMap(line => (typeof line === 'string' ? (/^:(\S+) /.exec(line)?.[1] ?? []) : []));
    return lines.flatMap((line, index) => {
      if (typeof line !== 'string' || line === '' || /[\n\r\t]/.test(line)) return [];
      const path = ['firewall', 'rules', family, index];
      const wrong =
        formFault(line) ??
        chainFault(line, { declared, before: declaredBefore(lines, index) }) ??
        nameFault(line, { family, limits });
      return wrong === null ? [] : [fault(document, path, ...wrong)];
    });
  });
}

type Wrong = [message: string, hint: string] | null;

function formFault(line: string): Wrong {
  const found = JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
  const hint = 'write "-A CHAIN …", "-I CHAIN …", or ":CHAIN - [0:0]"';
  if (line.startsWith('*')) return [`${found} begins a table`, 'rules are of the table "filter" alone: leave it out'];
  if (line === 'COMMIT') return [`${found} ends a table`, 'leave it out'];
  if (line.startsWith('#')) return [`${found} is a comment`, 'write it as a comment of the YAML'];
  if (/^(-P|--policy)\b/.test(line) || /^:(INPUT|FORWARD|OUTPUT)\b/.test(line))
    return [`${found} sets a policy`, '`firewall.input`, `firewall.forward` and `firewall.output` do'];
  if (line.startsWith(':')) {
    if (/^:[A-Za-z0-9_-]{1,28} - \[0:0\]$/.test(line)) return null;
    return [`${found} declares no chain`, 'write ":CHAIN - [0:0]", a name of at most 28 letters, digits, "_" and "-"'];
  }
  if (!/^-[AI] [A-Za-z0-9_-]{1,28}( |$)/.test(line)) return [`${found} is no rule that is added`, hint];
  const other = /(?:^| )(-t|--table)(?: |=|$)/.exec(line);
  if (other !== null) return [`${found} names a table`, 'rules are of the table "filter" alone: leave it out'];
  const shell = /[`$;|&<>\\]/.exec(line);
  if (shell !== null)
    return [`${found} has "${shell[0]}", which only a shell understands`, 'no shell reads these lines'];
  if ((line.split('"').length - 1) % 2 === 1) return [`${found} has a quotation mark without its other half`, ''];
  return null;
}

/** iptables itself names a wrong line when a chain is missing, and sees it only when the kernel does. */
function chainFault(line: string, chains: { declared: readonly string[]; before: readonly string[] }): Wrong {
  const [, own] = /^:(\S+)/.exec(line) ?? [];
  if (own !== undefined) {
    if (own.startsWith(OURS)) return [`chain names with "${OURS}" are those of the limits`, 'give it another name'];
    return chains.before.includes(own) ? [`chain "${own}" is declared already`, 'declare it once'] : null;
  }
  const [, chain = ''] = /^-[AI] (\S+)/.exec(line) ?? [];
  if (chain.startsWith(OURS))
    return [`chain "${chain}" is that of a limit`, 'change the limit, or add the rule to INPUT'];
  if (!BUILT_IN.includes(chain) && !chains.declared.includes(chain))
    return [`no chain "${chain}"`, `${BUILT_IN.join(', ')}, or declare it with ":${chain} - [0:0]"`];
  // Targets of extensions are in capitals.
  const [, target = 'ACCEPT'] = / (?:-j|-g|--jump|--goto)[ =](\S+)/.exec(line) ?? [];
  if (/^[A-Z0-9]+$/.test(target) || target.startsWith(OURS) || chains.declared.includes(target)) return null;
  return [`no chain or target "${target}"`, `declare the chain with ":${target} - [0:0]"`];
}

/** xt_recent knows its tables by name alone: a rule with one of ours would change what a limit remembers. */
function nameFault(line: string, { family, limits }: { family: string; limits: readonly string[] }): Wrong {
  const [, name = ''] = / --name[ =]"?([^ "]+)/.exec(line) ?? [];
  const limit = limits.find(each => name === `${each}-v4` || name === `${each}-v6`);
  if (!/ (?:-m|--match)[ =]recent /.test(line) || limit === undefined) return null;
  return [`"${name}" is the table of the limit "${limit}"`, `take another name, e.g. "my-${limit}-${family}"`];
}

function declaredBefore(lines: readonly unknown[], index: number): string[] {
  return lines.slice(0, index).flatMap(line => (typeof line === 'string' ? (/^:(\S+) /.exec(line)?.[1] ?? []) : []));
}

/** As tree/firewall.ts calls them; also those that are `none` today. */
function limitNames(document: Document): string[] {
  const ports = listAt(document.value, ['firewall', 'allow']).flatMap(entry => {
    const protocol = valueAt(entry, ['protocol']) ?? 'tcp';
    const port = valueAt(entry, ['port']);
    return typeof protocol === 'string' && typeof port === 'number' ? [`${protocol}-${port}`] : [];
  });
  return ['ssh', ...ports];
}
