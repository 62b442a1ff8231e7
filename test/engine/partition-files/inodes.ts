/** Inodes and programs that exist in a test alone. */
import type { Argv, Programs } from '../../../pipeline/engine/partition-files/programs.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import type { Inode } from '../../../pipeline/formats/inode.ts';

export function inodeOf(own: Partial<Inode> & { name: string }): Inode {
  return {
    id: `id of ${own.name}`,
    type: 'file',
    mode: 0o640,
    uid: 7,
    gid: 8,
    bytes: 5,
    modified: 1_444_444_444,
    target: null,
    ...own,
  };
}

export interface FakePrograms extends Programs {
  /** What was run: argv, stdin. */
  readonly ran: { argv: readonly string[]; stdin: string }[];
}

/** Programs that answer with the given text (as characters; they arrive as bytes), and write nothing. */
export function fakePrograms(answer: (argv: readonly string[], stdin: string) => string): FakePrograms {
  const ran: FakePrograms['ran'] = [];
  const argvOf = (make: Argv): readonly string[] => make('/mnt/image', 4096);
  return {
    ran,
    text: async (make, stdin = '') => {
      ran.push({ argv: argvOf(make), stdin });
      return Buffer.from(answer(argvOf(make), stdin)).toString('latin1');
    },
    unpacked: async ({ argv }) => {
      ran.push({ argv: argv('/mnt/image', 4096, '/mnt/unpacked/files'), stdin: '' });
      return Buffer.from(answer(ran.at(-1)?.argv ?? [], '')).toString('latin1');
    },
    write: async make => void ran.push({ argv: argvOf(make), stdin: '' }),
    fault: (program, why) => new FormatFault(`${program}: ${why}`, ''),
  };
}

/** For readers that read nothing by themselves. */
export const volume = {
  name: 'Reef',
  filesystem: 'ext4' as const,
  read: async () => Promise.reject(new Error('read')),
  linear: async () => Promise.reject(new Error('linear')),
};
