/** How the initrd mounts the overlays and direct directories: whoever could write Data chose what stands there. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../disk/scratch.ts';

const folder = scratchDirectory();
const at = (...names: string[]): string => path.join(folder, ...names);
const UPPER = 'data/.st/opt-a%2db/upper';

beforeEach(async () => {
  await rm(folder, { recursive: true, force: true });
  for (const each of ['data', 'root/opt/a-b', 'root/srv/reef', 'elsewhere', 'run/caisson/mounted/keg', 'proc'])
    await mkdir(at(each), { recursive: true });
  await writeFile(at('proc/mounts'), '');
});

/** Functions of init, and then `script`, with a mount(8) that only says what it would do. */
async function run(script: string) {
  const init = await readFile('overlays/initrd/init', 'utf8');
  const part = await readFile('overlays/initrd/usr/lib/caisson/changed-files', 'utf8');
  const body = (text: string, name: string): string => {
    const [found] = new RegExp(String.raw`^${name}\(\) \{(?:.*\}$|\n[^]*?^\}$)`, 'm').exec(text) ?? [];
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found.replaceAll('/sysroot', at('root')).replaceAll(/(?<!\w)\/(run|proc)\//g, at('$1/'));
  };
  const own = ['make_room', 'kibibytes', 'overlays_on', 'like', 'mount_direct_directories'];
  const text = `say() { echo "$*"; }
mount() { echo "mount $*"; }
${own.map(name => body(init, name)).join('\n')}
${body(part, 'is_directory_in')}
overlay_partition=Keg overlay_store=/.st overlay_mounts='opt-a%2db|/opt/a-b|full|noatime'
direct_mounts='keg|srv-reef|/srv/reef|noexec'
${script}`;
  const { exitCode, stdout } = await execa('sh', ['-c', text], { reject: false });
  return { exitCode, mounts: stdout.replaceAll(folder, '').split('\n').filter(Boolean) };
}

async function link(name: string, target: string): Promise<void> {
  await mkdir(path.dirname(at(name)), { recursive: true });
  await symlink(at(target), at(name));
}

describe('overlays', () => {
  const overlays = async () => run(`overlays_on '${at('data')}'`);

  it('have their upper layers in the store', async () => {
    expect(await overlays()).toMatchObject({
      exitCode: 0,
      mounts: [
        expect.stringContaining(`lowerdir=/root/opt/a-b,upperdir=/${UPPER},workdir=/data/.st/opt-a%2db/work`),
        'mount --bind /data/.st /root/var/.st',
        expect.stringContaining('remount,bind,ro'),
      ],
    });
  });

  it.each([['data/.st'], ['data/.st/opt-a%2db'], [UPPER], ['data/.st/opt-a%2db/work']])(
    'are not mounted where %s is a link',
    async name => {
      await mkdir(at('elsewhere/opt-a%2db/upper'), { recursive: true });
      await link(name, 'elsewhere');
      expect(await overlays()).toEqual({ exitCode: 1, mounts: [] });
    },
  );
});

describe('direct directories', () => {
  it('are bound from their partition', async () => {
    expect((await run('mount_direct_directories')).mounts).toEqual([
      'mount --bind /run/caisson/mounted/keg/.caisson/direct/srv-reef /root/srv/reef',
      'mount -o remount,bind,noexec /root/srv/reef',
    ]);
  });

  it.each(['.caisson', '.caisson/direct', '.caisson/direct/srv-reef'])(
    'are left out where %s is a link',
    async name => {
      await link(`run/caisson/mounted/keg/${name}`, 'elsewhere');
      expect((await run('mount_direct_directories')).mounts).toEqual(['WARNING: /srv/reef cannot be mounted from keg']);
    },
  );
});

describe('the reserve', () => {
  const room = async () => run(`dd() { : >"\${2#of=}"; }\nmake_room '${at('data')}'`);

  it('is made on Data', async () => {
    expect((await room()).exitCode).toBe(0);
    expect(await readdir(at('data/.caisson'))).toEqual(['reserve']);
  });

  it.each([
    ['data/.caisson', 'elsewhere'],
    ['data/.caisson/reserve', 'elsewhere/made'],
  ])('is not made where %s is a link', async (name, target) => {
    await link(name, target);
    expect((await room()).exitCode).toBe(0);
    expect(await readdir(at('elsewhere'))).toEqual([]);
  });
});
