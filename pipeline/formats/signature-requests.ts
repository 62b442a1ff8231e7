/** requests.json of a folder that `caisson build --unsigned` makes: what is to be signed, and where the answers go. */
import { FormatFault } from './fault.ts';
import { isRecord, parseJson } from './json-value.ts';

export interface RequestList {
  format: 1;
  image: string;
  version: string;
  /** Signing time, seconds since 1970. */
  epoch: number;
  requests: {
    /** Id of the step that signs. */
    step: string;
    /** Path in its tree. */
    program: string;
    /** The request, PKCS #7, in the same folder. */
    file: string;
    /** Of the request. */
    sha256: string;
    /** The answer, in the same folder. */
    signed: string;
  }[];
}

/** Throws FormatFault for text that is no such list. */
export function decodeRequestList(text: string): RequestList {
  const value = parseJson(text);
  const isList =
    isRecord(value) &&
    value.format === 1 &&
    ['image', 'version'].every(name => typeof value[name] === 'string') &&
    Number.isSafeInteger(value.epoch) &&
    Array.isArray(value.requests) &&
    value.requests.every(isRequest);
  if (!isList)
    throw new FormatFault('requests.json is no list of requests', 'export them again: caisson build --unsigned');
  return value as unknown as RequestList;
}

/** File names lead nowhere else. */
function isRequest(value: unknown): boolean {
  return (
    isRecord(value) &&
    ['step', 'program', 'file', 'sha256', 'signed'].every(name => typeof value[name] === 'string') &&
    [value.file, value.signed].every(name => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name as string))
  );
}
