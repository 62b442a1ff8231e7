// Caisson beside mkosi, measured in turn on one machine, into docs/PERFORMANCE.md: `make bench-peers`. As root, for mkosi.
//   --rounds N     how often (3)
//   --work DIR     keeps packages and results there, and goes on with what is in it
//   --lock FILE    others of this machine hold it while they work: each round waits for it
//   --dry          prints the section, and writes nothing
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { secondsToSsh } from './bench/boot.mjs';
import { container, partitionsOf, rootHashOf } from './bench/disks.mjs';
import { mib, replaceSection } from './bench/figures.mjs';
import { alone } from './bench/lock.mjs';
import { measured } from './bench/measure.mjs';
import { diskOf, prepareMkosi } from './bench/mkosi.mjs';
import { peerSection } from './bench/peer-report.mjs';
import { cacheHome, emptyStore, manifestAt, project, run, treeOf } from './bench/trees.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    lock: { type: 'string' },
    work: { type: 'string' },
    dry: { type: 'boolean', default: false },
  },
});
const lock = options.lock ?? null;
const cli = path.join(project, 'dist/cli.js');
const work =
  options.work === undefined ? mkdtempSync(path.join(tmpdir(), 'caisson-peers-')) : path.resolve(options.work);
const [copy, out, mkosiFolder, results] = ['project', 'out', 'mkosi', 'results.json'].map(name =>
  path.join(work, name),
);

try {
  mkdirSync(work, { recursive: true });
  const measurements = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : { rounds: [] };
  const tools = await prepare();
  while (measurements.rounds.length < Number(options.rounds)) {
    measurements.rounds.push(await alone(lock, async () => measureRound(tools)));
    writeFileSync(results, JSON.stringify(measurements));
  }
  measurements.sizes = sizes(tools.tree, measurements.rounds.at(-1));
  const section = peerSection({ host: host(), versions: run(tools.mkosi(['--version'])).trim(), ...measurements });
  console.log(section);
  const file = path.join(project, 'docs/PERFORMANCE.md');
  if (!options.dry) writeFileSync(file, replaceSection(readFileSync(file, 'utf8'), { name: 'bench-peers', section }));
} finally {
  if (options.work === undefined) rmSync(work, { recursive: true, force: true });
}

function host() {
  return `${cpus().length} cores (${cpus()[0]?.model.trim()}), Linux ${release()}`;
}

/** Packages and the trees of programs, for either. */
async function prepare() {
  rmSync(copy, { recursive: true, force: true });
  for (const name of ['pipeline', 'layouts', 'overlays', 'rootfs-manifests', 'keys'])
    cpSync(path.join(project, name), path.join(copy, name), { recursive: true, verbatimSymlinks: true });
  const { features } = await manifestAt('rootfs-manifests/base.yaml');
  const first = !existsSync(path.join(mkosiFolder, 'out/peer.raw'));
  const ready = async () => {
    if (first) await buildCaisson(cacheHome);
    return prepareMkosi(mkosiFolder, { features: features.updates.packages, first });
  };
  const mkosi = await (first ? alone(lock, ready) : ready());
  return {
    mkosi,
    tree: await treeOf('rootfs-manifests/tools.yaml'),
    vmTree: await treeOf('rootfs-manifests/vm-tools.yaml'),
  };
}

/** Everything once: builds, containers and boots of either, in turn. */
async function measureRound({ mkosi, tree, vmTree }) {
  const round = { load: loadavg()[0] };
  const cache = emptyStore(path.join(work, 'cache'));
  const both = async (name, force) => {
    const caisson = await buildCaisson(cache);
    const theirs = await measured(mkosi(['--incremental=yes', ...force, 'build']), { quiet: true });
    round[name] = { caisson, mkosi: theirs };
    console.error(`${name}: Caisson ${caisson.seconds.toFixed(1)} s, mkosi ${theirs.seconds.toFixed(1)} s`);
  };
  greet('');
  await both('full', ['--force', '--force']);
  round.rootHash = {
    caisson: record().rootHash,
    mkosi: rootHashOf(partitionsOf(diskOf(mkosiFolder), { work, tools: tree })),
  };
  greet('changed\n');
  await both('edit', ['--force']);
  await both('nothing', ['--force']);
  round.vhdx = container(diskOf(mkosiFolder), { work, tools: tree });
  // A machine that does not come up is told, and costs the other figures nothing.
  const boot = async image =>
    secondsToSsh(vmTree, work, { image, format: 'vhdx' }).catch(error => {
      console.error(String(error));
      return null;
    });
  round.boot = { caisson: await boot('out/eflow/eflow.vhdx'), mkosi: await boot('theirs.vhdx') };
  console.error(`boot: ${JSON.stringify(round.boot)} s`);
  return round;
}

async function buildCaisson(cache) {
  return measured([process.execPath, cli, 'build', 'eflow', '--plain', '--out', out], {
    cwd: copy,
    env: { ...process.env, CAISSON_CACHE: cache },
  });
}

/** The one file that changes, in both. */
function greet(text) {
  writeFileSync(path.join(copy, 'overlays/base/etc/motd'), text);
  writeFileSync(path.join(mkosiFolder, 'mkosi.extra/etc/motd'), text);
}

function record() {
  return JSON.parse(readFileSync(path.join(out, 'eflow/build.json'), 'utf8'));
}

function stageOf(id) {
  return record().stages.find(each => each.id === id);
}

/** Roots with their hash tree (and, of Caisson's, error correction); the UKIs, the disks. */
function sizes(tools, { vhdx: { theirsBytes, oursBytes } }) {
  const partitions = partitionsOf(diskOf(mkosiFolder), { work, tools });
  const theirs = name => partitions.find(each => each.name === name).size * 512;
  const file = name => statSync(path.join(mkosiFolder, 'out', name)).size;
  const bytes = id => stageOf(id).bytes;
  return [
    { what: 'root file system', caisson: mib(bytes('root')), mkosi: mib(theirs('root-a')) },
    {
      what: 'its hash tree (Caisson: and FEC)',
      caisson: mib(bytes('verity') - bytes('root')),
      mkosi: mib(theirs('verity-a')),
    },
    { what: 'initrd', caisson: mib(bytes('initrd')), mkosi: mib(file('peer.initrd')) },
    { what: 'UKI', caisson: mib(bytes('uki')), mkosi: mib(file('peer.efi')) },
    {
      what: 'disk as VHDX',
      caisson: mib(statSync(path.join(out, 'eflow/eflow.vhdx')).size),
      mkosi: `${mib(theirsBytes)} by qemu-img, ${mib(oursBytes)} by Caisson's writer`,
    },
  ];
}
