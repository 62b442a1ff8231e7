// Roots of 150 MB, 600 MB and 2.4 GB: seconds and memory of each step, into docs/PERFORMANCE.md. Needs 20 GB in TMPDIR.
//   --sizes A,B    megabytes of root (150,600,2400)
//   --lock FILE    others of this machine hold it while they work: each build waits for it
//   --dry          prints the section, and writes nothing
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { curveSection, noteSample } from './bench/curve-report.mjs';
import { replaceSection } from './bench/figures.mjs';
import { alone } from './bench/lock.mjs';
import { measured } from './bench/measure.mjs';
import { emptyStore, project } from './bench/trees.mjs';

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '150,600,2400' },
    lock: { type: 'string' },
    dry: { type: 'boolean', default: false },
  },
});
const scratch = mkdtempSync(path.join(tmpdir(), 'caisson-curve-'));
const copy = path.join(scratch, 'project');
/** Of this run alone: what an earlier one built would not be measured. */
const store = path.join(scratch, 'cache');
/** What the root of eflow takes without payload. */
const BARE_MB = 51;
/** Of two bytes of payload one is random, the other one of a text that zstd makes nothing of. */
const FILE_BYTES = 2 ** 21;

try {
  for (const name of ['pipeline', 'layouts', 'overlays', 'rootfs-manifests', 'keys'])
    cpSync(path.join(project, name), path.join(copy, name), { recursive: true, verbatimSymlinks: true });
  const definition = path.join(copy, 'pipeline/eflow.yaml');
  writeFileSync(definition, readFileSync(definition, 'utf8').replace(/^budgets: \{.*\}$/m, ''));
  emptyStore(store);
  // Packages and what does not depend on the root are in the store then.
  await alone(options.lock ?? null, async () => build(new Map()));
  const runs = [];
  for (const megabytes of options.sizes.split(',').map(Number)) {
    addPayload(megabytes - BARE_MB);
    runs.push(await alone(options.lock ?? null, curvePoint));
    console.error(`${megabytes} MB: ${runs.at(-1).seconds.toFixed(1)} s`);
  }
  const section = curveSection({ host: `${cpus().length} cores (${cpus()[0]?.model.trim()})`, runs });
  console.log(section);
  const file = path.join(project, 'docs/PERFORMANCE.md');
  if (!options.dry) writeFileSync(file, replaceSection(readFileSync(file, 'utf8'), { name: 'bench-curve', section }));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function curvePoint() {
  const memory = new Map();
  const { seconds } = await build(memory);
  const { stages } = JSON.parse(readFileSync(path.join(scratch, 'out/eflow/build.json'), 'utf8'));
  const steps = stages
    .filter(each => !each.cached)
    .map(({ id, seconds: taken, bytes }) => ({ id, seconds: taken, bytes, ...memory.get(id) }));
  return { seconds, steps, rootBytes: stages.find(each => each.id === 'verity').bytes };
}

/** One step at a time, so that each program belongs to one. */
async function build(memory) {
  let running = null;
  let rest = '';
  const sizes = ['RootFSA', 'RootFSB'].flatMap(name => ['--set', `layout.partitions.${name}.size=8 GiB`]);
  const argv = ['build', 'eflow', '--bundle', '--jobs', '1', '--json', '--out', path.join(scratch, 'out'), ...sizes];
  return measured([process.execPath, path.join(project, 'dist/cli.js'), ...argv], {
    cwd: copy,
    env: { ...process.env, CAISSON_CACHE: store },
    onSample: sample => {
      if (running !== null) noteSample(memory, running, sample);
    },
    onOutput: data => {
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      for (const event of lines.map(line => JSON.parse(line))) {
        if (event.type === 'started') running = event.task.id;
        if (event.type === 'finished') running = null;
      }
    },
  });
}

/** Files of seeded bytes below /opt/bench; `megabytes` of the file system that they make. */
function addPayload(megabytes) {
  const folder = path.join(copy, 'overlays/base/opt/bench');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const count = Math.round((megabytes * 1e6 * 2) / FILE_BYTES);
  for (let file = 0; file < count; file++) writeFileSync(path.join(folder, `file-${file}`), payload(file));
}

function payload(seed) {
  const bytes = Buffer.alloc(FILE_BYTES, 'a line of text that is there again and again\n');
  // Blocks of 64 KiB, in turn: a cluster of erofs is one or the other.
  for (let block = 0; block < FILE_BYTES / 2 ** 17; block++)
    createHash('shake256', { outputLength: 2 ** 16 })
      .update(`${seed} ${block}`)
      .digest()
      .copy(bytes, block * 2 ** 17);
  return bytes;
}
