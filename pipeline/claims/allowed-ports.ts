import type { AllowedPort } from '../formats/declaration.ts';
import type { ProvenFact } from '../formats/proof.ts';
import { addressIn } from './networks.ts';
import { claim, fact, outsideOf, type Subject, Untried } from './claim.ts';
import { scan } from './port-scan.ts';

export const allowedPorts = claim({
  name: 'allowed-ports',
  promise: ({ firewall }) =>
    `The firewall lets in ${(firewall?.allow ?? []).map(each => `${each.protocol}/${each.port}${each.from.length === 0 ? '' : ` from ${each.from.join(', ')}`}`).join('; ')}.`,
  tried: 'from another host: from each network that is named, and from an address that is in none',
  applies: ({ firewall }) => firewall?.input === 'drop' && firewall.allow.length > 0,
  prove: async subject => {
    const facts: ProvenFact[] = [];
    for (const each of subject.declaration.firewall?.allow ?? []) facts.push(...(await tryPort(subject, each)));
    return facts;
  },
});

async function tryPort(subject: Subject, allowed: AllowedPort): Promise<ProvenFact[]> {
  const stranger = await outsideOf(subject).take();
  const facts: ProvenFact[] = [];
  for (const network of allowed.from) {
    const source = addressIn(network);
    await addAddress(subject, source);
    facts.push(await judge(subject, { allowed, source, wanted: true, who: `${source} of ${network}` }));
  }
  for (const source of [stranger.v4, stranger.v6])
    facts.push(await judge(subject, { allowed, source, wanted: allowed.from.length === 0, who: source }));
  return facts;
}

/** Refused counts as let in: nothing need listen there, and only what was let in is refused. */
async function judge(
  subject: Subject,
  {
    allowed: { port, protocol },
    source,
    wanted,
    who,
  }: { allowed: AllowedPort; source: string; wanted: boolean; who: string },
): Promise<ProvenFact> {
  const outside = outsideOf(subject);
  const target = source.includes(':') ? outside.guest6 : outside.guest4;
  const answers =
    protocol === 'tcp'
      ? (await outside.tcp({ source, target, port, seconds: 3 })) !== 'no answer'
      : (await scan(outside, { source, target, protocol, ports: String(port) })).answered.includes(port);
  return fact(answers === wanted, `${protocol}/${port} from ${who}: ${answers ? 'let in' : 'dropped'}`);
}

/** The guest's way back to any address leads over the outside. */
async function addAddress(subject: Subject, address: string): Promise<void> {
  const length = address.includes(':') ? 128 : 32;
  const argv = ['ip', 'address', 'replace', `${address}/${length}`, 'dev', 'lo'];
  const { exitCode, stderr } = await outsideOf(subject).run(argv, { limitSeconds: 10 });
  if (exitCode !== 0) throw new Untried(`the address ${address} cannot be taken here: ${stderr.trim()}`);
}
