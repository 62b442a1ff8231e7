/** Tells `caisson ssh` of a machine whose console is on a terminal, by what that console shows. */
import path from 'node:path';
import type { Environment } from '../../engine/environment.ts';
import { cleanLine, hostKeyOf, milestoneOf, readyOf, type ReadyLine } from '../../engine/machine/console-lines.ts';
import { followFile } from '../../engine/machine/follow.ts';
import { announce, type RunningMachine } from '../../engine/machine/running.ts';

export interface Announcement {
  running: Pick<RunningMachine, 'image' | 'tree' | 'user' | 'port'>;
  /** Host path of the file that receives what the console shows. */
  console: string;
}

/** Runs `work`; meanwhile the machine is written down. */
export async function withAnnouncement<T>(
  environment: Pick<Environment, 'cache'>,
  { running, console }: Announcement,
  work: () => Promise<T>,
): Promise<T> {
  const name = path.parse(running.image).name;
  const announced = await announce(environment, { ...running, name, hostKeys: [], state: 'booting' });
  const seen = { state: 'booting' as RunningMachine['state'], hostKeys: [] as readonly string[], user: running.user };
  const follower = followFile(console, raw => {
    const change = changeBy(cleanLine(raw), seen);
    if (change === null) return;
    Object.assign(seen, change);
    announced.update(seen).catch(() => undefined);
  });
  try {
    return await work();
  } finally {
    await follower.stop();
    await announced.withdraw();
  }
}

type Seen = Pick<RunningMachine, 'state' | 'hostKeys' | 'user'>;

/** What a line of the console changes; null for most. A machine that boots again is not ready any more. */
export function changeBy(line: string, seen: Seen): Partial<Seen> | null {
  const key = hostKeyOf(line);
  if (key !== null && !seen.hostKeys.includes(key)) return { hostKeys: [...seen.hostKeys, key] };
  const ready = readyOf(line);
  if (ready !== null) return { state: stateOf(ready), user: seen.user ?? ready.login?.user ?? null };
  const again = seen.state !== 'booting' && milestoneOf(line)?.reached === 'kernel';
  return again ? { state: 'booting', hostKeys: [] } : null;
}

function stateOf({ login }: ReadyLine): RunningMachine['state'] {
  return login !== null && 'address' in login ? 'ready' : 'closed';
}
