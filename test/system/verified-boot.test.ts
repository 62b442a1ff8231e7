/** The promises of an image whose verification is enforced, on machines with Secure Boot and a TPM: three of them. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Proof } from '../../pipeline/formats/proof.ts';
import { caisson, type CliResult } from '../support/caisson.ts';
import { digest } from '../support/provisioned.ts';
import { secureImage, type SecureImage } from '../support/secure.ts';
import { vmTools } from '../support/vm-tools.ts';

const builds = inject('builds');
const { own } = builds;
let secure: SecureImage;
const run = async (...args: string[]): Promise<CliResult> => caisson(args, { cwd: secure.project, cache: own.cache });

beforeAll(async () => {
  await vmTools(own.cache);
  secure = await secureImage(builds);
});

/** One machine for the first four, one for each of the others. All claims, and a report, for `make prove-all`. */
const SOME = ['secure-boot', 'fec-corrects', 'hostile-data', 'predicted-pcrs', 'root-beyond-correction', 'no-prompt'];
const report = process.env.CAISSON_PROVE_ALL;

describe('secure', () => {
  let proof: Proof;
  let before: string;
  beforeAll(async () => {
    before = await digest(secure.image);
    if (report !== undefined) await mkdir(report, { recursive: true });
    const wanted = report === undefined ? ['--only', SOME.join(',')] : ['--report', path.resolve(report)];
    const { stdout, stderr } = await run('prove', 'secure', '--secure-boot', 'keys', '--json', ...wanted);
    if (stdout === '') throw new Error(stderr);
    proof = JSON.parse(stdout) as Proof;
  }, 5_400_000);

  it('keeps these promises', () => {
    const others = proof.claims.filter(each => each.verdict !== 'passed');
    expect(others.map(({ name, verdict, reason, facts }) => ({ name, verdict, reason, facts }))).toEqual([]);
    expect(proof.claims.map(each => each.name)).toEqual(expect.arrayContaining(SOME));
  });

  it('on machines of its own, and the image is as it was', async () => {
    const scenarios = proof.boots.map(each => each.scenario);
    expect(scenarios.filter(each => each === 'attacked')).toHaveLength(1);
    expect(scenarios.filter(each => each === 'damaged').length).toBeGreaterThanOrEqual(2);
    if (report === undefined) expect(scenarios).toHaveLength(3);
    expect(await digest(secure.image)).toBe(before);
  });

  it('build.json says the PCRs that the machine shows', async () => {
    const { pcrs } = JSON.parse(await readFile(path.join(secure.out, 'build.json'), 'utf8')) as {
      pcrs: { pcr4: string; pcr7: string; pcr11: { value: string }[] };
    };
    const seen = (proof.claims.find(each => each.name === 'predicted-pcrs')?.facts ?? []).map(
      each => /is ([0-9a-f]{16})/.exec(each.text)?.[1] ?? each.text,
    );
    expect(seen.slice(0, 2)).toEqual([pcrs.pcr4.slice(0, 16), pcrs.pcr7.slice(0, 16)]);
    expect(pcrs.pcr11.map(each => each.value.slice(0, 16))).toContain(seen[2]);
  });
});

it('its shim trusts nobody by itself, whoever made it', async () => {
  const { tools } = builds;
  const made = await readFile(path.join(tools, 'usr/lib/shim/shimx64.efi'));
  expect(
    (await run('cat', secure.image, 'BootEFIA:/EFI/BOOT/BOOTX64.EFI', '--to', path.join(secure.project, 'shim')))
      .exitCode,
  ).toBe(0);
  const own = await readFile(path.join(secure.project, 'shim'));
  expect([made.includes('Debian Secure Boot CA'), own.includes('Debian Secure Boot CA')]).toEqual([true, false]);
});

describe('caisson verity', () => {
  it.each(['on', 'off'])('%s is refused, and nothing is written', async to => {
    const before = await digest(secure.image);
    const { exitCode, stderr } = await run('verity', to, secure.image);
    expect(stderr).toContain('verification of its root is enforced, and no state switches it off\n    hint: ');
    expect(exitCode).toBe(2);
    expect(await digest(secure.image)).toBe(before);
  });

  it('status says so', async () => {
    expect((await run('verity', 'status', secure.image)).stdout).toContain('the root is verified; that is enforced');
  });
});
