import { claim, fact } from './claim.ts';
import { findPrograms } from './find-programs.ts';

/** Compilers and assemblers, linkers and builders, interpreters, debuggers. */
const NAMES = `
cc c89 c99 c++ gcc g++ gcc-* g++-* clang clang++ clang-* cpp cpp-* tcc as rustc cargo go gofmt javac ghc ocaml
x86_64-linux-gnu-* aarch64-linux-gnu-* ld ld.bfd ld.gold ld.lld ld.mold gold make gmake cmake ninja
perl perl5* python python2* python3* ruby lua lua5* node php tclsh
gdb strace objdump`
  .trim()
  .split(/\s+/);
const FOLDERS = [
  '/usr/include',
  '/usr/lib/gcc',
  '/usr/lib/llvm',
  '/usr/lib/go',
  '/usr/lib/rustlib',
  '/usr/src/linux-headers',
];

export const noCompiler = claim({
  name: 'no-compiler',
  promise: () => 'There is no compiler, linker or debugger, and no interpreter beyond the shell and awk.',
  tried: `all executable files searched for ${NAMES.length} names; ${FOLDERS.length} folders looked for`,
  prove: async ({ machine }) => {
    const { searched, found, folders } = await findPrograms(machine, { names: NAMES, folders: FOLDERS });
    return [
      fact(searched > 100, `${searched} executable files searched`),
      fact(found.length === 0, found.length === 0 ? 'no program of that name' : `FOUND ${found.join(', ')}`),
      fact(
        folders.length === 0,
        folders.length === 0 ? 'no headers, no compiler parts' : `FOUND ${folders.join(', ')}`,
      ),
    ];
  },
});
