/** `caisson prove --tamper` on an image whose verification is enforced: 200 bits of each part, and one of them booted. */
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Tampering } from '../../pipeline/formats/tampering.ts';
import { digest, workplace } from '../support/provisioned.ts';
import { secureImage } from '../support/secure.ts';
import { vmTools } from '../support/vm-tools.ts';

const builds = inject('builds');
const { own } = builds;
const place = workplace(builds, 'tamper');
const { folder, at, cli } = place;
const TRIALS = 200;
/** Folder for the report of `make prove-all`. */
const kept = process.env.CAISSON_PROVE_ALL;
const all = kept !== undefined;

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  await copyFile(path.join(own.out, 'eflow.vhdx'), at('plain.vhdx'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function keepReport(): Promise<void> {
  await mkdir(kept ?? '', { recursive: true });
  await copyFile(at('signed.tamper.json'), path.join(kept ?? '', 'secure.tamper.json'));
}

async function tamper(image: string, ...args: string[]): Promise<{ exitCode: number | undefined; found: Tampering }> {
  const { exitCode } = await cli('prove', at(`${image}.vhdx`), '--tamper', ...args, '--json');
  const found = JSON.parse(await readFile(at(`${image}.tamper.json`), 'utf8')) as Tampering;
  return { exitCode, found };
}

describe('an image that enforces verification', () => {
  let found: Tampering;
  let exitCode: number | undefined;
  let before: string;
  beforeAll(async () => {
    await vmTools(own.cache);
    await copyFile((await secureImage(builds)).image, at('signed.vhdx'));
    before = await digest(at('signed.vhdx'));
    ({ found, exitCode } = await tamper('signed', String(TRIALS), '--seed', '5', '--boot', all ? '6' : '1'));
    if (all) await keepReport();
  }, 3_600_000);

  it('is proven, and never written', async () => {
    expect(exitCode).toBe(0);
    expect(await digest(at('signed.vhdx'))).toBe(before);
  });

  it('lets no wrong byte through, and other programs say the same', () => {
    expect(found).toMatchObject({ passed: true, failures: [], disagreements: [], seed: 5, trials: TRIALS });
    const tools = Object.fromEntries(found.repeated.map(({ tool, trials }) => [tool, trials]));
    expect(Object.keys(tools)).toEqual(['mtools', 'sbverify', 'sfdisk', 'sgdisk', 'veritysetup']);
    expect(tools.sbverify).toBeGreaterThanOrEqual(20);
  });

  it('tries every part but what the machine writes', () => {
    const tried = found.strata.filter(each => each.unprotected === '');
    expect(found.strata.filter(each => !tried.includes(each)).map(({ name }) => name)).toEqual(['Log', 'Data']);
    expect(tried.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'protective MBR',
        'GPT primary header',
        'GPT primary entries',
        'GPT backup header',
        'GPT backup entries',
        'boot file systems',
        'shim',
        'selector',
        'selector state',
        'unused space',
        'UKI .linux',
        'UKI .initrd',
        'UKI .cmdline',
        'UKI .osrel',
        'UKI .sbat',
        'UKI headers',
        'UKI signature',
        'verity superblock',
        'hash tree',
        'data',
        'FEC',
      ]),
    );
    for (const { trials, outcomes } of tried) {
      expect(trials).toBe(TRIALS);
      expect([outcomes.failed, outcomes.unprotected]).toEqual([0, 0]);
    }
  });

  it('corrects data and tree, refuses programs, falls back to the other copies', () => {
    const of = (name: string): Partial<Tampering['strata'][number]['outcomes']> =>
      found.strata.find(each => each.name === name)?.outcomes ?? {};
    expect([of('data').corrected, of('hash tree').corrected]).toEqual([TRIALS, TRIALS]);
    expect([of('shim')['fell back'], of('spare').harmless]).toEqual([TRIALS, TRIALS]);
    expect((of('selector').refused ?? 0) + (of('selector')['fell back'] ?? 0)).toBe(TRIALS);
    expect([of('UKI .linux')['fell back'], of('UKI .cmdline')['fell back']]).toEqual([TRIALS, TRIALS]);
    expect([of('FEC').harmless, of('unused space').harmless]).toEqual([TRIALS, TRIALS]);
    expect(of('GPT primary entries')['fell back']).toBe(TRIALS);
    expect(of('verity superblock')['fell back']).toBeGreaterThan(0);
  });

  it('and a machine does what was judged', () => {
    expect(found.boots.filter(each => !each.fits)).toEqual([]);
    expect(found.boots).toHaveLength(all ? 6 : 1);
    expect(found.boots[0]?.seen).toMatch(/^slot [AB] came up/);
  });
});

describe('the image as it is', () => {
  it('says what is unprotected, and does the same for the same seed', async () => {
    const [one, two, other] = [
      await tamper('plain', '30', '--seed', '7'),
      await tamper('plain', '30', '--seed', '7'),
      await tamper('plain', '30'),
    ];
    expect(one.exitCode).toBe(0);
    expect(two.found.strata).toEqual(one.found.strata);
    expect(other.found.strata).not.toEqual(one.found.strata);
    const why = (name: string): string => one.found.strata.find(each => each.name === name)?.unprotected ?? '';
    expect(why('shim')).toContain('has no signature');
    expect(why('UKI .cmdline')).toContain('has no signature');
    expect(why('data')).toContain('VERITY=off');
    expect(why('selector state')).toBe('');
  });
});

describe('bad usage', () => {
  it.each([
    [['--tamper', '0'], 'It is a number from 1 to'],
    [['--tamper', 'x'], 'It is a number from 1 to'],
    [['--tamper', '5', '--seed', '-1'], 'It is a number of at most 15 digits'],
    [['--tamper', '5', '--only', 'root-verity'], 'error: --tamper tries no claims\n    hint: leave out'],
    [['--tamper', '5', '--list'], 'error: --tamper tries no claims'],
    [['--seed', '5'], 'error: --seed and --boot are for --tamper'],
    [['--tamper', '5', '--report', '/nonexistent'], 'error: /nonexistent is no folder'],
  ])('%j is one sentence, exit 2', async (args, text) => {
    const { exitCode, stderr, stdout } = await cli('prove', at('plain.vhdx'), ...args);
    expect([exitCode, stderr, stdout]).toEqual([2, expect.stringContaining(text), '']);
  });
});
