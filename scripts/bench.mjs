// The figures of docs/PERFORMANCE.md, measured in one run on one machine: `make bench`. Not a test: machines are noisy.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { cpus, homedir, release, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fixedEnvironment } from '../dist/engine/environment.js';
import { sandboxArgv } from '../dist/engine/sandbox.js';

const project = fileURLToPath(new URL('..', import.meta.url));
const cli = path.join(project, 'dist/cli.js');
const cacheHome =
  process.env.CAISSON_CACHE ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'caisson');
const scratch = mkdtempSync(path.join(tmpdir(), 'caisson-bench-'));
const copy = path.join(scratch, 'project');
const out = path.join(scratch, 'out');

try {
  // Packages in the pool and the trees of programs made: what a release engineer has after the first build.
  await run(cacheHome, path.join(scratch, 'warm'), project);
  mkdirSync(copy);
  for (const name of ['pipeline', 'layouts', 'overlays', 'rootfs-manifests', 'keys'])
    cpSync(path.join(project, name), path.join(copy, name), { recursive: true, verbatimSymlinks: true });
  // Roots of 150 MB are measured too.
  const definition = path.join(copy, 'pipeline/eflow.yaml');
  writeFileSync(definition, readFileSync(definition, 'utf8').replace(/^budgets: \{.*\}$/m, ''));

  const fromPool = sharedCache('from-pool', ['pool', 'resolutions', 'apt']);
  const rows = [];
  rows.push(['packages in the pool, nothing else: tools tree and image', ...(await run(fromPool, out, copy))]);
  const emptyStore = sharedCache('empty-store', ['pool', 'resolutions', 'apt', 'trees']);
  rmSync(out, { recursive: true, force: true });
  rows.push(['packages in the pool, tools tree made, empty store', ...(await run(emptyStore, out, copy))]);
  const stages = JSON.parse(readFileSync(path.join(out, 'eflow/build.json'), 'utf8')).stages;
  writeFileSync(path.join(copy, 'overlays/base/etc/motd'), 'changed\n');
  rows.push(['one overlay file changed', ...(await run(emptyStore, out, copy))]);
  rows.push(['nothing changed', ...(await run(emptyStore, out, copy))]);

  console.log(
    `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}, as ${process.geteuid() === 0 ? 'root' : 'a user'}\n`,
  );
  table(['build of eflow', 'wall s', 'CPU s', 'peak RSS of Node, MiB', 'largest program, MiB', 'written, MiB'], rows);
  console.log('');
  table(
    ['stage', 'step', 'seconds', 'MiB'],
    stages.map(each => [each.stage, each.id, each.seconds.toFixed(2), (each.bytes / 2 ** 20).toFixed(1)]),
  );
  console.log('');
  container();
  console.log('');
  verifiedBoot();
  console.log('');
  updates();
  console.log('');
  differences();
  console.log('');
  machine();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/**
 * Wall seconds; CPU seconds of the whole machine meanwhile (what ends in a PID namespace is in nobody's account, so
 * this wants an idle machine); peak RSS of Node, and of the largest program that it ran; MiB that reached the disk.
 */
async function run(cache, folder, cwd) {
  const report = path.join(scratch, 'rss');
  const hook = `data:text/javascript,import{writeFileSync}from"node:fs";process.on("exit",()=>writeFileSync(${JSON.stringify(report)},String(process.resourceUsage().maxRSS)))`;
  execFileSync('sync', ['--file-system', scratch]);
  const written = writtenMiB();
  const before = busySeconds();
  const start = performance.now();
  const child = spawn(process.execPath, ['--import', hook, cli, 'build', 'eflow', '--plain', '--out', folder], {
    cwd,
    env: { ...process.env, CAISSON_CACHE: cache },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const programs = new Map();
  const timer = setInterval(() => notePrograms(child.pid, programs), 50);
  const [status] = await once(child, 'exit');
  clearInterval(timer);
  const wall = (performance.now() - start) / 1000;
  const busy = busySeconds() - before;
  if (status !== 0) throw new Error('the build failed');
  execFileSync('sync', ['--file-system', scratch]);
  const [largest = ['none', 0]] = [...programs].sort(([, a], [, b]) => b - a);
  return [
    wall.toFixed(1),
    busy.toFixed(1),
    (Number(readFileSync(report, 'utf8')) / 1024).toFixed(0),
    `${(largest[1] / 1024).toFixed(0)} (${largest[0]})`,
    written === null ? 'unknown' : (writtenMiB() - written).toFixed(0),
  ];
}

/** Peak RSS in KiB (VmHWM, proc_pid_status(5)) of everything below a process, by name; a program of some ms is missed. */
function notePrograms(root, programs) {
  const parents = new Map();
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const text = readFileSync(`/proc/${pid}/status`, 'utf8');
      const value = name => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(text)?.[1] ?? '0';
      parents.set(Number(pid), { parent: Number(value('PPid')), name: value('Name'), peak: Number(value('VmHWM')) });
    } catch {
      // It ended meanwhile.
    }
  }
  const isBelow = pid => pid === root || (parents.has(pid) && isBelow(parents.get(pid).parent));
  for (const [pid, { name, peak }] of parents)
    if (pid !== root && isBelow(pid)) programs.set(name, Math.max(programs.get(name) ?? 0, peak));
}

/** Written so far to the device that holds the scratch folder (sectors of 512 bytes, sysfs block/stat); null without one. */
function writtenMiB() {
  const { dev } = statSync(scratch);
  try {
    const text = readFileSync(`/sys/dev/block/${dev >> 8}:${dev & 0xff}/stat`, 'utf8');
    return (Number(text.trim().split(/\s+/)[6]) * 512) / 2 ** 20;
  } catch {
    return null;
  }
}

/** user, nice, system, irq and softirq of all processors; see proc_stat(5). The tick is 1/100 s everywhere that counts. */
function busySeconds() {
  const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) / 100;
}

function sharedCache(name, shared) {
  const folder = path.join(scratch, name);
  mkdirSync(folder);
  for (const each of shared)
    if (existsSync(path.join(cacheHome, each))) symlinkSync(path.join(cacheHome, each), path.join(folder, each));
  return folder;
}

/** Our VHDX writer beside qemu-img's, on the same disk, in turn. Neither syncs. */
function container() {
  const image = path.join(out, 'eflow/eflow.vhdx');
  inTools(['qemu-img', 'convert', '-f', 'vhdx', '-O', 'raw', `/mnt/work/out/eflow/eflow.vhdx`, '/mnt/work/disk.raw']);
  const extents = JSON.parse(inTools(['qemu-img', 'map', '--format=raw', '--output=json', '/mnt/work/disk.raw']))
    .filter(each => each.data)
    .map(each => ({
      start: each.start,
      length: each.length,
      file: path.join(scratch, 'disk.raw'),
      offset: each.start,
    }));
  const size = statSync(path.join(scratch, 'disk.raw')).size;
  writeFileSync(
    path.join(scratch, 'map.json'),
    JSON.stringify({ size, logicalSectorSize: 512, physicalSectorSize: 4096, extents }),
  );
  const ours = [];
  const theirs = [];
  for (let round = 0; round < 6; round++) {
    for (const name of ['ours.vhdx', 'theirs.vhdx']) rmSync(path.join(scratch, name), { force: true });
    const text = execFileSync(
      process.execPath,
      [path.join(project, 'scripts/write-vhdx.mjs'), path.join(scratch, 'map.json'), path.join(scratch, 'ours.vhdx')],
      { encoding: 'utf8' },
    );
    const start = performance.now();
    inTools(['qemu-img', 'convert', '-f', 'raw', '-O', 'vhdx', '/mnt/work/disk.raw', '/mnt/work/theirs.vhdx']);
    // The first round warms the page cache.
    if (round > 0) {
      ours.push(Number(text));
      theirs.push((performance.now() - start) / 1000);
    }
  }
  const median = all => all.sort((a, b) => a - b)[Math.floor(all.length / 2)].toFixed(3);
  const mib = name => (statSync(path.join(scratch, name)).size / 2 ** 20).toFixed(0);
  table(
    ['raw disk -> VHDX, median of 5', 'seconds', 'MiB'],
    [
      ['Caisson, 1 MiB blocks', median(ours), mib('ours.vhdx')],
      ['qemu-img convert, its own block size (with its start: some 10 ms)', median(theirs), mib('theirs.vhdx')],
      ['non-zero MiB of the disk', '', String(nonZeroMiB(image))],
    ],
  );
}

/** The hash tree and correction of 150 MB, what signing takes, and how fast flipped bits are judged. */
function verifiedBoot() {
  const bytes = 150_000_000 - (150_000_000 % 4096);
  const format = ['veritysetup', 'format', '/mnt/work/root', '/mnt/work/root', `--hash-offset=${bytes}`, '--salt=00'];
  const trees = [];
  for (let round = 0; round < 4; round++) {
    writeFileSync(path.join(scratch, 'root'), randomBytes(bytes));
    const start = performance.now();
    // The tree takes less than a hundredth.
    inTools([...format, '--fec-device=/mnt/work/root', `--fec-offset=${bytes + 2 ** 21}`, '--fec-roots=2']);
    if (round > 0) trees.push((performance.now() - start) / 1000);
  }
  caisson('build', 'secure', '--out', out);
  const { stages } = JSON.parse(readFileSync(path.join(out, 'secure/build.json'), 'utf8'));
  const signing = stages.filter(each => each.stage === 'sign');
  const tampering = JSON.parse(
    caisson('prove', path.join(out, 'secure/secure.vhdx'), '--tamper', '100', '--report', scratch, '--json'),
  );
  const seconds = all => all.map(each => each.toFixed(2)).join(', ');
  table(
    ['verified boot', 'seconds'],
    [
      ['hash tree and FEC of 150 MB, three times', seconds(trees)],
      [`signing: ${signing.map(each => each.id).join(', ')}`, seconds(signing.map(each => each.seconds))],
      [
        `flipped bits: ${tampering.trials} in each of ${tampering.strata.length} parts, ${tampering.trialsPerSecond} trials a second`,
        tampering.seconds.toFixed(0),
      ],
    ],
  );
}

/** Bundles: of the image, of a root of 150 MB, and the differences that one other file makes. */
function updates() {
  const file = name => path.join(copy, 'overlays/base/opt/bench', name);
  mkdirSync(path.dirname(file('')), { recursive: true });
  const bundle = (version, folder) => {
    caisson('build', 'eflow', '--set', `version=${version}`, '--bundle', '--out', path.join(scratch, folder));
    const { stages } = JSON.parse(readFileSync(path.join(scratch, folder, 'eflow/build.json'), 'utf8'));
    const named = path.join(scratch, folder, `eflow/eflow-${version}.raucb`);
    return { path: named, bytes: statSync(named).size, stages: new Map(stages.map(each => [each.id, each])) };
  };
  const row = (what, { bytes, stages }) => [
    what,
    stages.get('bundle').seconds.toFixed(2),
    (stages.get('verity').bytes / 1e6).toFixed(1),
    (bytes / 1e6).toFixed(1),
  ];
  writeFileSync(file('library'), randomBytes(2 ** 17));
  const old = bundle('1.0.0', 'old');
  writeFileSync(file('library'), randomBytes(2 ** 17));
  const next = bundle('1.0.1', 'next');
  const start = performance.now();
  caisson('bundle', 'eflow', '--set', 'version=1.0.1', '--from', old.path, '--out', path.join(scratch, 'next'));
  const seconds = ((performance.now() - start) / 1000).toFixed(2);
  const differences = statSync(path.join(scratch, 'next/eflow/eflow-1.0.1-from-1.0.0.raucb')).size;
  writeFileSync(file('ballast'), randomBytes(98_000_000));
  const large = bundle('1.0.2', 'large');
  rmSync(path.dirname(file('')), { recursive: true });
  table(
    ['update', 'seconds', 'root, MB', 'bundle, MB'],
    [
      row('bundle of eflow', next),
      row('bundle of a root of 150 MB', large),
      ['differences, one file of 128 KiB is another', seconds, '', (differences / 1e6).toFixed(2)],
    ],
  );
}

/** What `caisson diff` takes for two roots of 150 MB, the files of the second half others. */
function differences() {
  const folder = path.join(copy, 'overlays/base/opt/bench');
  const build = (name, changed) => {
    mkdirSync(folder, { recursive: true });
    for (let file = 0; file < 1200; file++)
      if (file >= changed) writeFileSync(path.join(folder, `file-${file}`), randomBytes(82_000));
    caisson('build', 'eflow', '--out', path.join(scratch, name));
    const { stages } = JSON.parse(readFileSync(path.join(scratch, name, 'eflow/build.json'), 'utf8'));
    return stages.find(each => each.id === 'verity').bytes / 1e6;
  };
  const roots = [build('diff-old', 0), build('diff-new', 600)].map(each => each.toFixed(1));
  rmSync(folder, { recursive: true });
  const seconds = [];
  for (let round = 0; round < 4; round++) {
    const start = performance.now();
    caisson('diff', path.join(scratch, 'diff-old/eflow'), path.join(scratch, 'diff-new/eflow'));
    if (round > 0) seconds.push(((performance.now() - start) / 1000).toFixed(1));
  }
  table([`caisson diff, roots of ${roots.join(' and ')} MB`, 'seconds'], [['three times', seconds.join(', ')]]);
}

/** A copy for one deployment, its first boot until it can be logged in to, and every promise of the image. */
function machine() {
  const image = path.join(out, 'eflow/eflow.vhdx');
  const prove = (...args) => JSON.parse(caisson('prove', image, '--report', scratch, '--json', ...args));
  const copies = [];
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    caisson('provision', image, '--out', path.join(scratch, `copy-${round}.vhdx`), '--generate-key');
    copies.push((performance.now() - start) / 1000);
  }
  const boots = [1, 2, 3].map(() => prove('--only', 'ssh-keys').boots[0].readySeconds);
  const whole = prove();
  const seconds = all => all.map(each => each.toFixed(1)).join(', ');
  table(
    [`machine under ${whole.host.accelerator}, ${whole.host.cpus} processors`, 'seconds'],
    [
      ['a copy for one deployment, five times', seconds(copies)],
      ['first boot of a copy to SSH, three times', seconds(boots)],
      [`every promise (${whole.claims.length} claims, ${whole.boots.length} boots)`, whole.seconds.toFixed(0)],
      [
        `its boots to SSH: ${whole.boots.map(each => each.scenario).join(', ')}`,
        seconds(whole.boots.map(each => each.readySeconds)),
      ],
    ],
  );
}

/** `caisson ARGS` in the copy of the project; gives its output. */
function caisson(...args) {
  return execFileSync(process.execPath, [cli, ...args], {
    cwd: copy,
    env: { ...process.env, CAISSON_CACHE: cacheHome },
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
  });
}

/** A program of the tools tree, on the scratch folder; gives its output. */
function inTools(program) {
  const tree = path.join(
    cacheHome,
    'trees',
    readdirSync(path.join(cacheHome, 'trees')).find(name => name.startsWith('tools-')),
  );
  const sandbox = {
    tree,
    binds: [{ host: scratch, inside: '/mnt/work', writable: true }],
    env: fixedEnvironment(0),
    cwd: '/mnt/work',
    network: false,
    identities: 'one',
    devices: [],
  };
  const [file, ...args] = sandboxArgv(sandbox, program, { root: process.geteuid() === 0 });
  return execFileSync(file, args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
}

function nonZeroMiB(image) {
  const text = execFileSync(process.execPath, [path.join(project, 'scripts/write-vhdx.mjs'), '--blocks', image], {
    encoding: 'utf8',
  });
  return Number(text);
}

function table(titles, rows) {
  console.log(`| ${titles.join(' | ')} |\n|${titles.map(() => '---').join('|')}|`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}
