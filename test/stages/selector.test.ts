import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeGrubenv } from '../../pipeline/formats/grubenv.ts';
import { withoutVendor } from '../../pipeline/formats/shim.ts';
import { selector } from '../../pipeline/stages/selector.ts';
import { readContent, readTar } from '../../pipeline/tree/tar.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { made } from '../formats/made.ts';
import { contextOf, type FakeContext } from './context.ts';
import { viewOf } from './documents.ts';

const folder = scratchDirectory();
const { signal } = new AbortController();
const resolved = (shim?: 'own' | 'debian') =>
  selector.resolve({ boot: 'kern', state: 'state', ...(shim === undefined ? {} : { shim }) }, viewOf());

const UNSIGNED = '/usr/lib/shim/shimx64.efi';

/** GRUB is "grub", a copied file the path that it was copied from; but the unsigned shim is one. */
async function built(shim: 'own' | 'debian'): Promise<{ context: FakeContext; files: Record<string, string> }> {
  const context = contextOf(folder, {
    run: ({ program, args }, { work }) => {
      const [source = '', target = ''] = args;
      const output = args.find(each => each.startsWith('--output='))?.slice('--output='.length) ?? '';
      if (program === 'cp') writeFileSync(join(work, basename(target)), source === UNSIGNED ? made('vendor') : source);
      else if (program === 'grub-mkstandalone') appendFileSync(join(work, basename(output)), 'grub');
      else throw new Error(`no ${program}`);
    },
  });
  await selector.build(resolved(shim), context);
  const tree = await readTar(context.out, signal);
  const files = [...tree].filter(([, node]) => node.type === 'file');
  const read = files.map(async ([name, node]) => [name, (await readContent(node)).toString()] as const);
  return { context, files: Object.fromEntries(await Promise.all(read)) };
}

describe('a selector', () => {
  test('with a shim of one’s own that trusts nobody, and a second GRUB by the name that shim starts when it refuses the first', async () => {
    const { context, files } = await built('own');
    const { '/EFI/caisson/grubenv': state = '', ...programs } = files;
    expect(programs).toEqual({
      '/EFI/BOOT/BOOTX64.EFI': Buffer.from(await withoutVendor(made('vendor'))).toString(),
      '/EFI/BOOT/grubx64.efi': 'grub',
      '/EFI/BOOT/mmx64.efi': 'grub',
    });
    expect(decodeGrubenv(Buffer.from(state))).toEqual(resolved('own').state);
    expect(context.calls.filter(call => call.program === 'grub-mkstandalone')).toHaveLength(1);
  });

  test('with Debian’s shim and its MokManager, and nothing that writes boot entries', async () => {
    const { files } = await built('debian');
    expect(files).toMatchObject({
      '/EFI/BOOT/BOOTX64.EFI': '/usr/lib/shim/shimx64.efi.signed',
      '/EFI/BOOT/grubx64.efi': 'grub',
      '/EFI/BOOT/mmx64.efi': '/usr/lib/shim/mmx64.efi.signed',
    });
    expect(Object.keys(files)).toHaveLength(4);
  });

  test.each([
    ['own', ['shim-unsigned']],
    ['debian', ['shim-signed', 'shim-helpers-amd64-signed']],
  ] as const)('by the packages that bring the shim: %s', (shim, tools) => {
    expect(resolved(shim).tools).toEqual(tools);
    expect(selector.tools).toEqual(['grub-common', 'grub-efi-amd64-bin']);
  });

  test('with a shim of one’s own when nothing is said', () => expect(resolved()).toEqual(resolved('own')));

  test('whose GRUB has its configuration and its revocation data inside', async () => {
    const { context } = await built('own');
    const [grub] = context.calls;
    expect(grub?.program).toBe('grub-mkstandalone');
    expect(grub?.args).toContain('boot/grub/grub.cfg=/mnt/work/grub/grub.cfg');
    expect(grub?.args).toContain('--sbat=/mnt/work/sbat.csv');
    expect(grub?.args.join(' ')).not.toMatch(/\b(linux|configfile|search|minicmd|ls|cat)\b/);
    expect(readFileSync(join(context.work, 'grub/grub.cfg'), 'utf8')).toContain('set superusers="caisson"');
    expect(readFileSync(join(context.work, 'sbat.csv'), 'utf8')).toMatch(/^sbat,1,.*\ngrub,\d+,.*\n.*\n$/);
  });
});
