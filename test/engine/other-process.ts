/** Our own code in another process. Compiled for it, since not every Node.js that we run on takes TypeScript. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Puts a module of `pipeline/`, and those it imports, into `folder` as JavaScript. */
export function compileInto(folder: string, module: string): void {
  execFileSync(process.execPath, [
    inProject('node_modules/typescript/bin/tsc'),
    '--ignoreConfig',
    '--target',
    'es2023',
    '--module',
    'nodenext',
    '--types',
    'node',
    '--skipLibCheck',
    '--rewriteRelativeImportExtensions',
    '--rootDir',
    inProject('pipeline'),
    '--outDir',
    folder,
    inProject(join('pipeline', module)),
  ]);
  symlinkSync(inProject('node_modules'), join(folder, 'node_modules'));
}

export interface OtherProcess {
  child: ChildProcess;
  /** The next line that it prints; rejects when it ends first. */
  line(): Promise<string>;
  /** Resolves when it has ended. */
  ended: Promise<void>;
}

/** Runs a module, given as text, whose imports are relative to `folder`; at the end of the test it is killed. */
export function startNode(folder: string, script: string): OtherProcess {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    line: async () => {
      const next = await lines.next();
      if (next.done === true) throw new Error('the other process ended before it said anything more');
      return next.value;
    },
    ended: new Promise(resolve => child.on('exit', () => resolve())),
  };
}
