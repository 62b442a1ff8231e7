/** What every command gets from cli.ts. Commands return an exit code and print through here only. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { FOLDERS, namesOf } from '../config/places.ts';
import type { Environment } from '../engine/environment.ts';
import type { Emit } from '../report/events.ts';

export interface CommandContext {
  environment: Environment;
  /** Folder of the project: the one that holds pipeline/. */
  project: string;
  /** Caisson's own folder, with the documents that a project need not have. Absolute. */
  home: string;
  emit: Emit;
  /** Ends what is drawn of events so far, and leaves the terminal to whoever writes to it next. */
  settle(): Promise<void>;
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

/**
 * The nearest folder at or above `start` that is a project, else `start` itself. A project has pipeline/ with a
 * definition in it, or another folder of documents beside it: a folder called pipeline/ alone many have.
 */
export async function findProject(start: string): Promise<string> {
  for (let folder = path.resolve(start); ; folder = path.dirname(folder)) {
    if (await isProject(folder)) return folder;
    if (folder === path.dirname(folder)) return path.resolve(start);
  }
}

async function isProject(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter(each => each.isDirectory()).map(each => each.name);
  if (!folders.includes(FOLDERS.image)) return false;
  if (Object.values(FOLDERS).some(name => name !== FOLDERS.image && folders.includes(name))) return true;
  return (await namesOf(folder, 'image')).length > 0;
}
