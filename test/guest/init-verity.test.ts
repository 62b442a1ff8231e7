/** How the initrd reads the command line, and opens the root by it. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { scratchDirectory } from '../disk/scratch.ts';

const folder = scratchDirectory();
const cmdline = path.join(folder, 'cmdline');

/** Functions of init, and then `script`, with these words as the kernel's command line. */
async function run(words: string, script: string): Promise<string> {
  const init = await readFile('overlays/initrd/init', 'utf8');
  const body = ['read_parameters', 'open_root', 'open_verity'].map(name => {
    const [found] = new RegExp(String.raw`^${name}\(\) \{\n[^]*?^\}$`, 'm').exec(init) ?? [];
    if (found === undefined) throw new Error(`init has no ${name}`);
    return found.replaceAll('/proc/cmdline', cmdline).replaceAll(' 2>/dev/null', '');
  });
  await writeFile(cmdline, `${words}\n`);
  const programs = 'veritysetup() { echo "veritysetup $*"; }\nblockdev() { echo "blockdev $*"; }';
  return (await execa('sh', ['-euc', `${programs}\n${body.join('\n')}\n${script}`])).stdout;
}

const ROOT = 'caisson.roothash=ab77 caisson.hash_offset=4096 caisson.fec_offset=8192 caisson.fec_roots=7';
const opened = async (verifiedBoot: string, words: string): Promise<string> =>
  run(
    `quiet ${ROOT} ${words}`,
    `verified_boot=${verifiedBoot} root_device=/dev/reef on_corruption=; read_parameters; open_root; echo "$root_node"`,
  );
const VERIFIED =
  'veritysetup open /dev/reef root /dev/reef ab77 --hash-offset=4096 --fec-device=/dev/reef --fec-offset=8192 --fec-roots=7';

it.each([
  ['switchable', 'blockdev --setro /dev/reef\n/dev/reef'],
  ['enforced', `${VERIFIED} --restart-on-corruption\n/dev/mapper/root`],
])('caisson.verity=off, where verification is %s', async (verifiedBoot, expected) => {
  expect(await opened(verifiedBoot, 'caisson.verity=off')).toBe(expected);
});

it('the first of a name counts: a hypervisor adds words behind those that are signed', async () => {
  const added = 'caisson.roothash=ff caisson.hash_offset=0 caisson.fec_offset=1 caisson.fec_roots=2 caisson.verity=off';
  expect(await opened('switchable', `caisson.verity=on ${added}`)).toBe(
    `${VERIFIED} --restart-on-corruption\n/dev/mapper/root`,
  );
});

it('what the kernel hands over as environment counts for nothing', async () => {
  const script = 'verified_boot=switchable; read_parameters; echo "[$slot][$root_hash][$verity]"';
  expect(await run('quiet', `slot=A root_hash=ff verity=off; ${script}`)).toBe('[][][]');
});

it.each([
  ['', ' --restart-on-corruption'],
  ['caisson.on_corruption=restart', ' --restart-on-corruption'],
  ['caisson.on_corruption=panic', ' --panic-on-corruption'],
  ['caisson.on_corruption=eio', ''],
  ['caisson.on_corruption=reef', ' --restart-on-corruption'],
])('%s gives veritysetup"%s"', async (word, option) => {
  for (const verifiedBoot of ['switchable', 'enforced'])
    expect(await opened(verifiedBoot, word)).toBe(`${VERIFIED}${option}\n/dev/mapper/root`);
});

it('a value may hold an equals sign, and words of others are left alone', async () => {
  const said = 'echo "$slot $root_hash ${rescue:-none}"';
  const words = 'caisson.slot=P=Q xcaisson.slot=R rescue=1 caisson.roothash=cd caisson.slot';
  expect(await run(words, `verified_boot=switchable; read_parameters; ${said}`)).toBe('P=Q cd none');
});
