import path from 'node:path';
import { vmTree } from '../../pipeline/commands/boot.ts';
import { PROJECT, testEnvironment } from './caisson.ts';

/** Host path of the tree with QEMU, made when the cache has none. */
export async function vmTools(cache: string): Promise<string> {
  const context = {
    environment: testEnvironment(cache),
    project: path.resolve(PROJECT),
    emit: () => undefined,
    print: () => undefined,
    json: false,
    color: false,
    unicode: false,
    width: 80,
    signal: new AbortController().signal,
  };
  return vmTree(context, { tools: 'tools', vmTools: 'vm-tools' });
}
