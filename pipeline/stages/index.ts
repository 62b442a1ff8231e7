/** Every stage there is. A new one is a file beside this and a line here. */
import { bundle } from './bundle.ts';
import { command } from './command.ts';
import { compress } from './compress.ts';
import { container } from './container.ts';
import { disk } from './disk.ts';
import { extract } from './extract.ts';
import { filesystem } from './filesystem.ts';
import { initrd } from './initrd.ts';
import { packages } from './packages.ts';
import { selector } from './selector.ts';
import type { AnyStage } from './stage.ts';
import { tarball } from './tarball.ts';
import { tree } from './tree.ts';
import { sign } from './sign.ts';
import { uki } from './uki.ts';
import { verity } from './verity.ts';

const ALL: readonly AnyStage[] = [
  packages,
  tarball,
  tree,
  extract,
  initrd,
  filesystem,
  verity,
  uki,
  selector,
  sign,
  disk,
  container,
  compress,
  bundle,
  command,
];

/** Stages by the name that definitions use. */
export const STAGES: Readonly<Record<string, AnyStage>> = Object.fromEntries(ALL.map(stage => [stage.name, stage]));
