/** build.json of a release, read back: what of it verification compares with. */
import type { Bytes } from '../../formats/bytes.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { PcrValues } from '../../formats/predicted-pcrs.ts';
import { isRecord, parseJson } from '../../formats/json-value.ts';

export interface ReleaseRecord {
  image: string;
  version: string;
  epoch: number;
  rootHash: string | null;
  pcrs: PcrValues | null;
  diskGuid: string | null;
  partitions: { name: string; content: string; start: Bytes; size: Bytes; uuid: string; used: Bytes }[];
  /** Null: none was made. */
  bundle: { rootHash: string; selector: { content: string } | null } | null;
  artifacts: { name: string; path: string; sha256: string }[];
  stages: RecordedStep[];
  packages: Record<string, { name: string; version: string; architecture: string }[]>;
}

export interface RecordedStep {
  id: string;
  stage: string;
  sha256: string;
  /** Of each part of the key a short text, or its digest. */
  parts: Record<string, string>;
}

/** Throws FormatFault for text that is no such record. */
export function decodeRecord(text: string): ReleaseRecord {
  const value = parsed(text);
  const sound = Object.entries(FIELDS).every(([name, fits]) => fits(value[name]));
  if (!sound) throw damaged();
  const record = value as unknown as ReleaseRecord;
  return { ...record, stages: record.stages.map(each => ({ ...each, parts: each.parts ?? {} })) };
}

type Fits = (value: unknown) => boolean;

const isText: Fits = value => typeof value === 'string';
const isNull: Fits = value => value === null;
const isAbsent: Fits = value => value === undefined;
const isCount: Fits = value => Number.isSafeInteger(value) && (value as number) >= 0;
const isHash: Fits = value => isText(value) && /^[0-9a-f]+$/.test(value as string);
const either =
  (...fits: Fits[]): Fits =>
  value =>
    fits.some(each => each(value));
const matches =
  (pattern: RegExp): Fits =>
  value =>
    typeof value === 'string' && pattern.test(value);
const listOf =
  (fits: Fits): Fits =>
  value =>
    Array.isArray(value) && value.every(fits);
const recordOf =
  (fits: Fits): Fits =>
  value =>
    isRecord(value) && !Array.isArray(value) && Object.values(value).every(fits);
const shaped =
  (shape: Readonly<Record<string, Fits>>): Fits =>
  value =>
    isRecord(value) && !Array.isArray(value) && Object.entries(shape).every(([name, fits]) => fits(value[name]));

/** What of a record anything here reads. */
const FIELDS: Readonly<Record<string, Fits>> = {
  image: matches(/^[a-z0-9][a-z0-9-]*$/),
  version: matches(/^[0-9A-Za-z][0-9A-Za-z.+~_-]*$/),
  epoch: isCount,
  rootHash: either(isNull, isHash),
  pcrs: either(
    isNull,
    shaped({
      pcr4: either(isNull, isText),
      pcr7: either(isNull, isText),
      pcr11: listOf(shaped({ id: isText, value: isText })),
    }),
  ),
  diskGuid: either(isNull, isText),
  partitions: listOf(
    shaped({ name: isText, content: isText, uuid: isText, start: isCount, size: isCount, used: isCount }),
  ),
  bundle: either(isNull, shaped({ rootHash: isText, selector: either(isNull, shaped({ content: isText })) })),
  artifacts: listOf(shaped({ name: isText, path: isText, sha256: isText })),
  stages: listOf(shaped({ id: isText, stage: isText, sha256: isText, parts: either(isAbsent, recordOf(isText)) })),
  packages: recordOf(listOf(shaped({ name: isText, version: isText, architecture: isText }))),
};

function parsed(text: string): Record<string, unknown> {
  const value = parseJson(text);
  if (isRecord(value)) return value;
  throw damaged();
}

function damaged(): FormatFault {
  return new FormatFault('build.json is damaged, or not that of a release', 'fetch the release again');
}
