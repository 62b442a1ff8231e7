import path from 'node:path';
import { writeTar } from '../../tree/tar.ts';
import type { BuildContext } from '../stage.ts';

/** A tar of nothing in the step's scratch folder; returns its name inside the sandbox. */
export async function emptyTar({ work, box, epoch, signal }: BuildContext<'tree'>): Promise<string> {
  await writeTar(new Map(), path.join(work, 'empty.tar'), { epoch, signal });
  return `${box.work}/empty.tar`;
}
