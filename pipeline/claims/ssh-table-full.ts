import { ask } from './ask.ts';
import { claim, fact, outsideOf } from './claim.ts';
import { limitsSsh } from './ssh-attempts.ts';

export const sshTableFull = claim({
  name: 'ssh-table-full',
  promise: ({ firewall }) =>
    `When more than ${firewall?.remembered ?? 0} addresses connect, the one seen longest ago is forgotten; nobody is locked out, and the limit goes on for all others.`,
  tried: 'the table of the kernel filled with other addresses; a new address and the newest remembered one tried',
  order: 'last',
  applies: limitsSsh,
  prove: async subject => {
    const { machine, declaration } = subject;
    const remembered = declaration.firewall?.remembered ?? 0;
    const limit = declaration.firewall?.ssh.limit?.connections ?? 0;
    const outside = outsideOf(subject);
    const [blocked, fresh] = [await outside.take(), await outside.take()];
    const connect = (source: string): ReturnType<typeof outside.tcp> =>
      outside.tcp({ source, target: outside.guest4, port: 22, seconds: 3 });
    for (let each = 0; each < limit; each++) await connect(blocked.v4);
    const dropped = await connect(blocked.v4);
    const filled = await ask(
      machine,
      String.raw`
for table in /proc/net/xt_recent/*; do
  grep -q -F 'src=${blocked.v4} ' "$table" || continue
  say table "$table"
  n=0; while [ "$n" -lt ${remembered} ]; do printf '+10.%d.%d.%d\n' "$((n / 65536))" "$((n / 256 % 256))" "$((n % 256))" >"$table" || break; n=$((n + 1)); done
  say entries "$(wc -l <"$table")"
  grep -q -F 'src=${blocked.v4} ' "$table" && say still yes || say still no
done`,
      240,
    );
    const forgotten = await connect(blocked.v4);
    let accepted = 0;
    for (let each = 0; each < limit; each++) if ((await connect(fresh.v4)) === 'open') accepted++;
    const over = await connect(fresh.v4);
    await ask(machine, `echo / >${filled.one('table')}`);
    return [
      fact(dropped === 'no answer', `before, connection ${limit + 1} of an address: ${dropped}`),
      fact(
        Number(filled.one('entries')) === remembered,
        `${filled.one('table')} holds ${filled.one('entries')} addresses`,
      ),
      fact(
        filled.one('still') === 'no' && forgotten === 'open',
        `that address is ${filled.one('still') === 'no' ? 'forgotten' : 'still there'}: ${forgotten}`,
      ),
      fact(accepted === limit && over === 'no answer', `a new one: ${accepted} of ${limit} accepted, then ${over}`),
    ];
  },
});
