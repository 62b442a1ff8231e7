import { expect, test } from 'vitest';
import { runRound } from '../../../pipeline/commands/dev/round.ts';
import { openSession, type Session } from '../../../pipeline/commands/dev/session.ts';
import type { Watch } from '../../../pipeline/commands/dev/watch.ts';
import { projectFolder } from '../../config/project-folder.ts';
import { commandContext } from '../context.ts';

const root = projectFolder({ 'pipeline/ketch.yaml': 'name: [\n' });

/** All that was read is other by now. */
const stale: Watch = {
  see: () => undefined,
  begin: () => undefined,
  settle: () => undefined,
  stale: () => true,
  next: () => Promise.reject(new Error('nobody waits here')),
  count: 1,
};

async function printedBy(once: boolean): Promise<string> {
  const context = commandContext(root.path);
  const options = { image: 'ketch', sets: [], formats: [], compress: 'none', bundle: false, once, version: '7.8.9' };
  const session = openSession(context, {
    options: options as unknown as Session['options'],
    watch: stale,
    scratch: '',
  });
  expect(await runRound(context, session)).not.toBe(0);
  return context.printed;
}

test('a fault of documents that changed meanwhile is not shown: the next round reads them anew', async () => {
  expect(await printedBy(false)).toBe('');
});

test('with --once no round follows, and it is shown', async () => {
  expect(await printedBy(true)).toMatch(/pipeline\/ketch\.yaml:\d/);
});
