/** What an update must not change: identity, data, and what the operator added. */
import type { Declaration } from '../formats/declaration.ts';
import type { ProvenFact } from '../formats/proof.ts';
import { ask, quoted } from './ask.ts';
import { fact, type Subject } from './claim.ts';

const MARK = 'caisson-prove-update';

/** Leaves a word in each place that keeps what is written, and says what of this deployment must stay: to be compared. */
export async function kept({ machine, declaration }: Subject): Promise<string> {
  const word = crypto.randomUUID();
  await ask(
    machine,
    `mkdir -p /var/lib/caisson/firewall.d
echo '# ${word}' >/var/lib/caisson/firewall.d/90-${MARK}.v4
${places(declaration)
  .map(path => `printf '%s' ${word} >${quoted(`${path}/${MARK}`)}`)
  .join('\n')}
sync`,
  );
  return JSON.stringify(await look({ machine, declaration }));
}

/** Compares with what `kept` gave before; takes its words away. */
export async function keptFacts({ machine, declaration, before }: Subject): Promise<ProvenFact[]> {
  const was = JSON.parse(before) as Record<string, string>;
  const is = await look({ machine, declaration });
  await ask(
    machine,
    `rm -f /var/lib/caisson/firewall.d/90-${MARK}.v4 ${places(declaration)
      .map(path => quoted(`${path}/${MARK}`))
      .join(' ')}`,
  );
  return Object.entries(was).map(([what, value]) => {
    const same = value !== '' && is[what] === value;
    return fact(same, `${what}: ${same ? 'as before' : `CHANGED, ${is[what] ?? 'gone'}`}`);
  });
}

function places({ overlays }: Pick<Declaration, 'overlays'>): string[] {
  const full = (overlays?.entries ?? []).filter(each => each.mode === 'full').map(each => each.path);
  return [...full, ...(overlays?.direct ?? []).map(each => each.path)];
}

async function look({
  machine,
  declaration,
}: Pick<Subject, 'machine' | 'declaration'>): Promise<Record<string, string>> {
  const lines = [
    'say \'host name\' "$(cat /proc/sys/kernel/hostname)"',
    'say \'machine id\' "$(cat /etc/machine-id)"',
    'say \'host keys\' "$(cat /var/lib/caisson/identity/ssh_host_*_key.pub)"',
    'say \'user keys and identity\' "$(cd /var/lib/caisson/identity && sha256sum -- * | sha256sum)"',
    'say \'firewall additions\' "$(cat /var/lib/caisson/firewall.d/* | sha256sum)"',
    ...places(declaration).map(
      path => `say ${quoted(`word in ${path}`)} "$(cat ${quoted(`${path}/${MARK}`)} 2>/dev/null)"`,
    ),
  ];
  const answers = await ask(machine, lines.join('\n'));
  const names = ['host name', 'machine id', 'host keys', 'user keys and identity', 'firewall additions'];
  const all = [...names, ...places(declaration).map(path => `word in ${path}`)];
  return Object.fromEntries(all.map(name => [name, answers.one(name)]));
}
