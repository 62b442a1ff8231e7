/** The kernel image that starts a root: its sections, and what its initrd holds. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { digestSpan } from '../../../engine/digest.ts';
import { readInitrd } from '../../../engine/initrd.ts';
import type { KernelContents, RootContents } from '../../../formats/image-contents.ts';
import {
  partitionLabel,
  type InspectedPartition,
  type InspectedProgram,
  type Inspection,
} from '../../../formats/inspection.ts';
import type { PeSection } from '../../../formats/pe.ts';
import type { ContentsOptions, RecordingAccess } from './programs.ts';

interface Candidate {
  partition: InspectedPartition;
  path: string;
  program: InspectedProgram;
}

/** Null for an image without a kernel image. Throws FormatFault for an initrd that no kernel unpacks. */
export async function readKernel(
  inspection: Inspection,
  root: Pick<RootContents, 'partition'> | null,
  { access, options }: { access: RecordingAccess; options: ContentsOptions },
): Promise<KernelContents | null> {
  const found = starting(inspection, root);
  if (found === null) return null;
  const { partition, path: name, program } = found;
  const copy = path.join(options.scratch, 'kernel.efi');
  await access.opened.get(partition.number)?.extract(name, copy);
  try {
    const sections: KernelContents['sections'] = [];
    for (const { name, offset, size } of program.sections)
      sections.push({
        name,
        bytes: size,
        sha256: await digestSpan(copy, { start: offset, end: offset + size }, options.signal),
      });
    const initrd = initrdOf(program.sections);
    return {
      partition: partitionLabel(partition),
      path: name,
      release: program.uname ?? '',
      commandLines: program.profiles.map(({ id, cmdline }) => ({ id, cmdline: cmdline ?? '' })),
      sections,
      initrd:
        initrd === null
          ? []
          : await readInitrd({ file: copy, start: initrd.offset, end: initrd.offset + initrd.size }, options),
    };
  } finally {
    await rm(copy, { force: true });
  }
}

/** Of its own slot before others, and what asks for its root hash before what does not. */
function starting({ partitions }: Inspection, root: Pick<RootContents, 'partition'> | null): Candidate | null {
  const slot = partitions.find(each => partitionLabel(each) === root?.partition)?.slot ?? null;
  const rank = ({ partition, program }: Candidate): number => {
    const asks = program.profiles.some(each => each.root?.partitions.includes(root?.partition ?? '') === true);
    return (partition.slot === slot ? 2 : 0) + (asks ? 1 : 0);
  };
  const kernels = partitions.flatMap(partition =>
    (partition.efi ?? []).flatMap(({ path, program }): Candidate[] =>
      program?.kind === 'uki' ? [{ partition, path, program }] : [],
    ),
  );
  return kernels.toSorted((a, b) => rank(b) - rank(a))[0] ?? null;
}

/** Of the base: a profile may bring one of its own, which no image of ours does. */
function initrdOf(sections: readonly PeSection[]): PeSection | null {
  const profiles = sections.findIndex(({ name }) => name === '.profile');
  const base = profiles === -1 ? sections : sections.slice(0, profiles);
  return base.find(({ name }) => name === '.initrd') ?? null;
}
