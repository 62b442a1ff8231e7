/** Runs the compiled command line as a person would, and programs of the tools tree as independent readers. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Environment } from '../../pipeline/engine/environment.ts';
import { fixedEnvironment } from '../../pipeline/engine/environment.ts';
import { runProcess } from '../../pipeline/engine/run.ts';
import { sandboxArgv, type Bind } from '../../pipeline/engine/sandbox.ts';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const CLI = path.join(PROJECT, 'dist/cli.js');

export interface CliOptions {
  cwd: string;
  cache: string;
  env?: Record<string, string>;
}

export interface CliResult {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** `caisson ARGS`, to its end whatever that is. */
export async function caisson(args: readonly string[], { cwd, cache, env }: CliOptions): Promise<CliResult> {
  const result = await execa(process.execPath, [CLI, ...args], {
    cwd,
    env: { CAISSON_CACHE: cache, ...env },
    reject: false,
    stdin: 'ignore',
  });
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}

/** Prefix for a command that must run as root: nothing for root, sudo for others. */
export function asRoot(): string[] {
  return process.geteuid?.() === 0 ? [] : ['sudo', '--non-interactive', '--preserve-env=PATH'];
}

export function testEnvironment(cache: string): Environment {
  const root = process.geteuid?.() === 0;
  return {
    cache,
    root,
    uid: process.getuid?.() ?? 0,
    user: '',
    path: `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`,
    proxies: {},
    inherited: {},
  };
}

/** Runs a program of the tree on one host directory, seen as /mnt/work; returns its stdout, throws when it fails. */
export async function inTree(
  tree: string,
  directory: string,
  argv: readonly string[],
  options: { binds?: Bind[] } = {},
): Promise<string> {
  const environment = testEnvironment('');
  const sandbox = {
    tree,
    binds: [{ host: directory, inside: '/mnt/work', writable: true }, ...(options.binds ?? [])],
    env: fixedEnvironment(0),
    cwd: '/mnt/work',
    network: false,
    identities: 'one' as const,
    devices: [],
  };
  return runProcess(sandboxArgv(sandbox, argv, environment), {
    env: { PATH: environment.path },
    signal: new AbortController().signal,
    title: argv,
  });
}
