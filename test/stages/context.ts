/** What `build` gets in tests: real folders, and programs that only note how they were called. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact, BuildContext, Facts, RunOptions } from '../../pipeline/stages/stage.ts';

export interface Call {
  program: string;
  args: readonly string[];
  options: RunOptions;
}

export interface FakeContext extends BuildContext {
  calls: Call[];
  warnings: string[];
}

/** `run` does what the program would have done and gives its stdout, if any. */
type Own = Partial<Omit<BuildContext, 'run'>> & { run?: (call: Call, context: FakeContext) => string | void };

export function contextOf(folder: string, own: Own = {}): FakeContext {
  const work = mkdtempSync(join(folder, 'work-'));
  const { run = () => '', inputs = {}, ...rest } = own;
  const context: FakeContext = {
    calls: [],
    warnings: [],
    inputs,
    epoch: 1_444_444_444,
    signal: new AbortController().signal,
    work,
    out: join(work, 'artifact'),
    box: {
      work: '/mnt/work',
      out: '/mnt/work/artifact',
      inputs: Object.fromEntries(Object.keys(inputs).map(name => [name, `/mnt/inputs/${name}`])),
      repository: '/mnt/work/repository',
    },
    packages: null,
    signer: null,
    run: async (program, args, options = {}) => {
      const call = { program, args, options };
      context.calls.push(call);
      return run(call, context) ?? '';
    },
    warn: message => void context.warnings.push(message),
    progress: () => undefined,
    ...rest,
  };
  return context;
}

/** A file as an earlier step would have left it. */
export function artifactOf(
  folder: string,
  content: string | Buffer,
  own: { id?: string; facts?: Facts } = {},
): Artifact {
  const id = own.id ?? 'earlier';
  mkdirSync(folder, { recursive: true });
  const path = join(mkdtempSync(join(folder, 'store-')), 'artifact');
  writeFileSync(path, content);
  return fileArtifact(path, { id, facts: own.facts ?? {} });
}

export function fileArtifact(path: string, own: { id: string; facts: Facts }): Artifact {
  const bytes = readFileSync(path);
  return {
    key: `key of ${own.id}`,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
    path,
    inputs: {},
    ...own,
  };
}
