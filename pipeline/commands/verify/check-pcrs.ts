/** What a TPM will show, computed from the disk once more. */
import { findDocument } from '../../config/places.ts';
import type { FirmwareState } from '../../formats/measured-boot.ts';
import { buildPcrs, namedFirmware } from '../build/pcrs.ts';
import { loadImage } from '../build/prepare.ts';
import type { Findings } from './findings.ts';
import { diskOf, type Subject } from './subject.ts';

export async function checkPcrs(subject: Subject): Promise<Findings> {
  const { context, release, tools, disks } = subject;
  const wanted = release.record.pcrs;
  if (wanted === null) return unnamedPcrs(subject);
  const firmware = wanted.pcr4 === null && wanted.pcr7 === null ? null : await firmwareHere(subject);
  const found = await buildPcrs(context, { firmware, tools, files: [await diskOf(disks)] });
  const profiles = new Map((found?.pcr11 ?? []).map(each => [each.id, each.value]));
  const faults = wanted.pcr11.flatMap(({ id, value }) =>
    profiles.get(id) === value ? [] : [`PCR 11 of profile ${id} is ${profiles.get(id) ?? 'not there'}, not ${value}`],
  );
  if (profiles.size !== wanted.pcr11.length)
    faults.push(`the kernel image has ${profiles.size} profiles, build.json ${wanted.pcr11.length}`);
  if (firmware !== null)
    for (const name of ['pcr4', 'pcr7'] as const)
      if (found?.[name] !== wanted[name])
        faults.push(`${name.replace('pcr', 'PCR ')} is ${found?.[name] ?? 'not known'}, not ${wanted[name]}`);
  const others =
    wanted.pcr4 === null
      ? ''
      : firmware === null
        ? '; not PCRs 4 and 7: the keys of their firmware are not here'
        : ', 4, 7';
  return { evidence: `PCR 11 of ${wanted.pcr11.length} profiles${others}`, faults };
}

/** Right where a build could compute none either. */
async function unnamedPcrs({ context, tools, disks }: Subject): Promise<Findings> {
  if (disks.length === 0) return null;
  const found = await buildPcrs(context, { firmware: null, tools, files: [await diskOf(disks)] });
  if (found === null) return null;
  return { evidence: '', faults: [`build.json names no PCRs, the kernel image has ${found.pcr11.length} profiles`] };
}

/** Of the definition in this project; null where it has none. */
async function firmwareHere({ context, release }: Subject): Promise<FirmwareState | null> {
  const { image } = release;
  if ((await findDocument(context, 'image', image)) === null) return null;
  return namedFirmware(await loadImage(context, { image, sets: [], formats: [], compress: 'none', bundle: false }));
}
