/** A small project on the disk, whose steps no test builds: what is in its cache is put there. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadImage, planRecorded, toolsManifest } from '../../pipeline/commands/build/prepare.ts';
import { cacheFolders } from '../../pipeline/engine/environment.ts';
import { ensureResolution } from '../../pipeline/engine/packages.ts';
import { putEntry, type Entry } from '../../pipeline/engine/store.ts';
import type { Plan } from '../../pipeline/plan/plan.ts';
import type { Event } from '../../pipeline/report/events.ts';
import { entryOf } from '../engine/entries.ts';
import { aptThatHas } from '../engine/fake-apt.ts';
import { commandContext, type FakeCommandContext } from './context.ts';

const FILES: Record<string, string> = {
  'pipeline/raft.yaml': `name: raft
version: "7"
layout: float
tools: chest
epoch: "2011-05-06T07:08:09Z"
stages:
  - { id: logs, stage: tree, options: { overlays: [deck] } }
  - { id: pond, stage: filesystem, inputs: { tree: logs }, options: { content: pond, compression: zstd } }
  - { id: table, stage: disk, inputs: { pond: pond } }
  - { id: box, stage: container, inputs: { disk: table }, options: { format: raw } }
`,
  'layouts/float.yaml': `partitions:
  - { name: pond-of-raft, content: pond, size: "9 MiB", type: linux, filesystem: squashfs }
`,
  'rootfs-manifests/chest.yaml': `name: chest
source: debian
architecture: amd64
suite: sid
components: [main]
mirrors:
  - { url: "http://mirror.example/debian", suites: [sid] }
keyring: KEYRING
variant: essential
packages: [tar]
`,
  'overlays/deck/srv/sign.txt': 'no diving\n',
};

/** What the file system stage runs. */
const TOOLS = ['erofs-utils', 'e2fsprogs', 'libarchive13t64', 'squashfs-tools', 'dosfstools', 'mtools', 'qemu-utils'];

export interface RaftContext extends FakeCommandContext {
  events: Event[];
}

/** The project below `folder`, and a context of a command there; its packages are not resolved yet. */
export function raftProject(folder: string, own: Partial<FakeCommandContext> = {}): RaftContext {
  for (const [file, text] of Object.entries(FILES))
    write(folder, file, text.replace('KEYRING', join(folder, 'key.gpg')));
  write(folder, 'key.gpg', 'of nobody');
  const events: Event[] = [];
  const context = commandContext(folder, { emit: event => void events.push(event), ...own });
  const environment = { ...context.environment, path: `${join(folder, 'bin')}:/usr/bin:/bin` };
  return Object.assign(context, { environment, events });
}

/** A file below a folder, made or changed. */
export function write(folder: string, file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

/** The plan as it stands; every key is known, because the packages are resolved first. */
export async function planOfRaft(context: RaftContext): Promise<Plan> {
  const project = await loadImage(context, { image: 'raft', sets: [], formats: [], compress: 'none', bundle: false });
  await ensureResolution(toolsManifest(project), aptThatHas(TOOLS), {
    ...context,
    emit: () => undefined,
    update: false,
    offline: false,
    lock: null,
    mirrors: [],
  });
  return (await planRecorded(context, project)).plan;
}

/** Puts an entry for each step of the plan that stays in the store; each artifact holds `artful`. */
export async function putPlan(context: RaftContext, plan: Plan): Promise<void> {
  for (const { id, key, parts, stage, publishes } of plan.steps)
    if (key !== null && publishes === null)
      await put(context, { key, parts, step: id, stage: stage.name, image: 'raft' });
}

export async function put({ environment: { cache } }: RaftContext, own: Partial<Entry>): Promise<string> {
  const made = join(cache, 'made');
  write(cache, 'made', 'artful');
  return putEntry(cacheFolders(cache).store, entryOf(own), made);
}
