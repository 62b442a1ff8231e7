import path from 'node:path';
import { vmTree } from '../../pipeline/commands/boot.ts';
import type { CommandContext } from '../../pipeline/commands/context.ts';
import { namedToolsTree } from '../../pipeline/commands/tools-tree.ts';
import { PROJECT, testEnvironment } from './caisson.ts';

const contextOf = (cache: string): CommandContext => ({
  environment: testEnvironment(cache),
  project: path.resolve(PROJECT),
  home: path.resolve(PROJECT),
  settle: async () => undefined,
  emit: () => undefined,
  print: () => undefined,
  json: false,
  color: false,
  unicode: false,
  width: 80,
  signal: new AbortController().signal,
});

/** Host path of the tree with QEMU, made when the cache has none. */
export async function vmTools(cache: string): Promise<string> {
  return vmTree(contextOf(cache), { tools: 'tools', vmTools: 'vm-tools', lock: null });
}

/** Host path of the tree that builds images; a cache that has seen older manifests holds others too. */
export async function buildTools(cache: string): Promise<string> {
  return namedToolsTree(contextOf(cache), { tools: 'tools', lock: null });
}
