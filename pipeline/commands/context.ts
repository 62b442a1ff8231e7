/** What every command gets from cli.ts. Commands return an exit code and print through here only. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../engine/environment.ts';
import type { Emit } from '../report/events.ts';

export interface CommandContext {
  environment: Environment;
  /** Folder of the project: the one that holds pipeline/. */
  project: string;
  emit: Emit;
  /** Prints text for the user on stdout; JSON when the command was asked for it. */
  print(text: string): void;
  json: boolean;
  color: boolean;
  unicode: boolean;
  /** Columns of the terminal; null without one. */
  width: number | null;
  signal: AbortSignal;
}

/** 0 done, 1 build or proof failed, 2 bad usage or configuration, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130;

/** What a program on another machine ended with: passed on as it is. */
export interface RemoteExit {
  remote: number;
}

/** A mistake in how a command was called: one line and the way out, exit 2. */
export class UsageFault extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'UsageFault';
    this.hint = hint;
  }
}

/** The nearest folder at or above `start` that has pipeline/ and rootfs-manifests/, else `start` itself. */
export async function findProject(start: string): Promise<string> {
  for (let folder = path.resolve(start); ; folder = path.dirname(folder)) {
    const marks = await Promise.all(
      ['pipeline', 'rootfs-manifests'].map(name => stat(path.join(folder, name)).catch(() => null)),
    );
    if (marks.every(mark => mark?.isDirectory())) return folder;
    if (folder === path.dirname(folder)) return path.resolve(start);
  }
}
