import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageFault } from '../../pipeline/commands/context.ts';
import { mustBeNew, withPartFolder, type PartFolder } from '../../pipeline/commands/new-files.ts';
import { BuildFault } from '../../pipeline/engine/fault.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { commandContext } from './context.ts';

const directory = scratchDirectory();
let count = 0;
const folder = (): string => {
  const made = path.join(directory, String((count += 1)));
  mkdirSync(made);
  return made;
};
const context = commandContext(directory);
const put = ({ folder: to }: PartFolder, name: string): void => writeFileSync(path.join(to, name), `${name}\n`);

describe('a new file', () => {
  it('is refused where something stands, by what that is', async () => {
    const at = folder();
    const [image, other] = [path.join(at, 'reef.vhdx'), path.join(at, 'other.vhdx')];
    for (const file of [image, other]) writeFileSync(file, 'x');
    linkSync(image, path.join(at, 'hard'));
    symlinkSync('reef.vhdx', path.join(at, 'soft'));
    symlinkSync('nowhere', path.join(at, 'dangling'));
    for (const name of ['reef.vhdx', 'hard', 'soft'])
      await expect(mustBeNew(path.join(at, name), image)).rejects.toThrow(/ is the image itself$/);
    for (const name of ['other.vhdx', 'dangling', '../'])
      await expect(mustBeNew(path.join(at, name), image)).rejects.toThrow(/ is there already$/);
    await expect(mustBeNew(path.join(at, 'deep/reef.vhdx'), image)).rejects.toThrow(`${at}/deep is no folder`);
    await expect(mustBeNew(path.join(image, 'reef'), image)).rejects.toThrow(UsageFault);
    await mustBeNew(path.join(at, 'copy.vhdx'), image);
    await mustBeNew(path.join(at, 'copy.vhdx'), null);
  });

  it('gets its name with the others, and nothing else is left', async () => {
    const at = folder();
    const value = await withPartFolder(context, path.join(at, 'copy'), async part => {
      expect(path.dirname(part.folder)).toBe(at);
      put(part, 'disk');
      put(part, 'key');
      put(part, 'rest');
      await part.publish([
        { made: 'key', target: path.join(at, 'copy.key') },
        { made: 'disk', target: path.join(at, 'copy') },
      ]);
      return 7;
    });
    expect(value).toBe(7);
    expect(readdirSync(at).sort()).toEqual(['copy', 'copy.key']);
    expect(readFileSync(path.join(at, 'copy'), 'utf8')).toBe('disk\n');
  });

  it('never takes the place of one that came meanwhile; those before it lose their names', async () => {
    const at = folder();
    const making = withPartFolder(context, path.join(at, 'copy'), async part => {
      put(part, 'disk');
      put(part, 'key');
      writeFileSync(path.join(at, 'copy'), 'of somebody');
      await part.publish([
        { made: 'key', target: path.join(at, 'copy.key') },
        { made: 'disk', target: path.join(at, 'copy') },
      ]);
    });
    await expect(making).rejects.toThrow(/copy is there already$/);
    expect(readdirSync(at)).toEqual(['copy']);
    expect(readFileSync(path.join(at, 'copy'), 'utf8')).toBe('of somebody');
  });

  it('leaves nothing when it fails, or is stopped before it has its name', async () => {
    const at = folder();
    const failing = withPartFolder(context, path.join(at, 'copy'), async part => {
      put(part, 'disk');
      throw new Error('no more rope');
    });
    await expect(failing).rejects.toThrow('no more rope');
    const abort = new AbortController();
    const stopped = withPartFolder({ ...context, signal: abort.signal }, path.join(at, 'copy'), async part => {
      put(part, 'disk');
      abort.abort(new Error('interrupted'));
      await part.publish([{ made: 'disk', target: path.join(at, 'copy') }]);
    });
    await expect(stopped).rejects.toThrow('interrupted');
    expect(readdirSync(at)).toEqual([]);
  });

  it('is told of a full disk in one message, and of a file system without long files', async () => {
    const at = folder();
    const failing = (code: string): Promise<void> =>
      withPartFolder(
        { ...context, environment: { ...context.environment, cache: at } },
        path.join(at, 'copy'),
        async () => {
          throw Object.assign(new Error(`${code}: write`), { code });
        },
      );
    await expect(failing('ENOSPC')).rejects.toThrow(BuildFault);
    await expect(failing('ENOSPC')).rejects.toThrow(/^the disk is full: copy needs/);
    await expect(failing('EFBIG')).rejects.toThrow(/holds no file as long as this disk/);
    expect(existsSync(path.join(at, 'copy'))).toBe(false);
  });
});
