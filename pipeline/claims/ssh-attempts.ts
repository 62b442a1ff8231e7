/** Logins from outside, each with a connection of its own from an address of its own. */
import type { Ran, SshAttempt } from '../engine/machine/guest-machine.ts';
import type { Declaration } from '../formats/declaration.ts';
import { outsideOf, type Subject } from './claim.ts';

export interface Attempt {
  /** The shell answered. */
  loggedIn: boolean;
  /** What the server offered when it said no; empty when it did not say. */
  methods: string[];
  /** The last thing that ssh(1) said. */
  said: string;
}

const WORD = 'caisson-prove-logged-in';

/** Rate limits count by address: each attempt comes from a new one. */
export async function attempt(
  subject: Subject,
  login: Partial<Pick<SshAttempt, 'user' | 'key' | 'certificate' | 'extra'>> & { family: 4 | 6 },
): Promise<Attempt> {
  const outside = outsideOf(subject);
  const { v4, v6 } = await outside.take();
  const { family, ...rest } = login;
  const ran = await outside.ssh({
    source: family === 4 ? v4 : v6,
    user: subject.declaration.ssh?.user ?? '',
    key: null,
    certificate: null,
    extra: [],
    ...rest,
    command: `echo ${WORD} $(id -un)`,
  });
  return parseAttempt(ran);
}

export function parseAttempt({ exitCode, stdout, stderr }: Ran): Attempt {
  const methods = /Permission denied \(([^)]*)\)/.exec(stderr)?.[1] ?? '';
  const lines = stderr.split(/\r?\n/).filter(line => line.trim() !== '');
  return {
    loggedIn: exitCode === 0 && stdout.includes(WORD),
    methods: methods === '' ? [] : methods.split(','),
    said: lines.at(-1) ?? '',
  };
}

/** SSH can be tried from outside only where it uses TCP. */
export function overTcp({ ssh }: Pick<Declaration, 'ssh'>): boolean {
  return ssh !== null && ssh.transport !== 'vsock';
}

/** The firewall limits SSH by address, for everybody. */
export function limitsSsh({ firewall, ssh }: Pick<Declaration, 'firewall' | 'ssh'>): boolean {
  return (
    overTcp({ ssh }) && firewall?.input === 'drop' && firewall.ssh.limit !== null && firewall.ssh.from.length === 0
  );
}
