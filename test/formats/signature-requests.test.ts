import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { decodeRequestList, type RequestList } from '../../pipeline/formats/signature-requests.ts';

const REQUEST = { step: 'seal', program: '/EFI/a b.efi', file: 'seal-1.p7', sha256: 'ab', signed: 'seal-1.signed.p7' };
const LIST: RequestList = { format: 1, image: 'reef', version: '7.3', epoch: 1_444_444_444, requests: [REQUEST] };
const withRequest = (own: object): string => JSON.stringify({ ...LIST, requests: [REQUEST, { ...REQUEST, ...own }] });

describe('decodeRequestList', () => {
  it('reads what was written', () => {
    expect(decodeRequestList(JSON.stringify(LIST))).toEqual(LIST);
    expect(decodeRequestList(JSON.stringify({ ...LIST, requests: [] })).requests).toEqual([]);
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['half of it', JSON.stringify(LIST).slice(0, 60)],
    ['a number', '7'],
    ['null', 'null'],
    ['a list', '[]'],
    ['an empty object', '{}'],
    ['another format', JSON.stringify({ ...LIST, format: 2 })],
    ['no image', JSON.stringify({ ...LIST, image: undefined })],
    ['a version that is a number', JSON.stringify({ ...LIST, version: 7 })],
    ['a time that is none', JSON.stringify({ ...LIST, epoch: 1.5 })],
    ['a time as text', JSON.stringify({ ...LIST, epoch: '7; reboot' })],
    ['requests that are no list', JSON.stringify({ ...LIST, requests: { length: 1 } })],
    ['a request that is null', JSON.stringify({ ...LIST, requests: [null] })],
    ...Object.keys(REQUEST).map((name): [string, string] => [
      `a request without its ${name}`,
      withRequest({ [name]: undefined }),
    ]),
    ...['../up.p7', '/etc/up.p7', '.', '..', '.hidden', '-in', '', 'a b', 'a\nb', 'a;b', 'a/b', 'x\n'].flatMap(
      (name): [string, string][] => [
        [`file ${JSON.stringify(name)}`, withRequest({ file: name })],
        [`signed ${JSON.stringify(name)}`, withRequest({ signed: name })],
      ],
    ),
  ])('refuses %s', (_, text) => {
    expect(() => decodeRequestList(text)).toThrow(FormatFault);
    expect(() => decodeRequestList(text)).toThrow('requests.json is no list of requests');
  });
});
