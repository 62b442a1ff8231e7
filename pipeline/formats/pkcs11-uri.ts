/** The URI of a private key in a token (RFC 7512): which token, which key, where its PIN is. Pure. */
import { FormatFault } from './fault.ts';

export interface Pkcs11Key {
  /** What of the URI picks the token, as a URI of its own. */
  token: string;
  /** The token with the private key in it, as a URI. */
  key: string;
  /** Host path of the file that holds the PIN; null when the URI names none. */
  pinSource: string | null;
}

export const PKCS11_SCHEME = 'pkcs11:';

/** RFC 7512, section 2.3; those that name the module and its slots are left out: a slot is no lasting name of a token. */
const TOKEN_ATTRIBUTES = ['token', 'manufacturer', 'serial', 'model'] as const;
const OBJECT_ATTRIBUTES = ['object', 'id'] as const;
const KNOWN = new Set<string>([...TOKEN_ATTRIBUTES, ...OBJECT_ATTRIBUTES, 'type']);

/** pchar of RFC 3986 and what RFC 7512 adds to it, less the separators. */
const VALUE = /^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,=&/]|%[0-9A-Fa-f]{2})+$/;

/**
 * "pkcs11:token=release%20keys;object=db?pin-source=file:/run/pin" -> its parts. Throws FormatFault; a message never
 * repeats a value, for one may be a PIN.
 */
export function parsePkcs11Uri(text: string): Pkcs11Key {
  const [path = '', query = ''] = text.slice(PKCS11_SCHEME.length).split(/\?(.*)/s);
  const pinSource = parsePinSource(query);
  const attributes = parseAttributes(path);
  const given = (names: readonly string[]): string[] =>
    names.flatMap(name => (attributes.has(name) ? [`${name}=${attributes.get(name)}`] : []));
  const [token, object] = [given(TOKEN_ATTRIBUTES), given(OBJECT_ATTRIBUTES)];
  if (token.length === 0) throw new FormatFault('the URI of the key names no token', `add token=LABEL; ${FORM}`);
  if (object.length === 0)
    throw new FormatFault('the URI of the key names no object', `add object=LABEL or id=%01; ${FORM}`);
  if ((attributes.get('type') ?? 'private') !== 'private')
    throw new FormatFault('the URI of the key has a type that is not private', 'leave type out');
  return {
    token: `${PKCS11_SCHEME}${token.join(';')}`,
    key: `${PKCS11_SCHEME}${[...token, ...object, 'type=private'].join(';')}`,
    pinSource,
  };
}

const FORM = 'e.g. "pkcs11:token=release%20keys;object=db"';

function parseAttributes(path: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const part of path.split(';').filter(each => each !== '')) {
    const [name, value] = halves(part);
    if (!KNOWN.has(name))
      throw new FormatFault(
        `the URI of the key has "${plainName(name)}", which is not known`,
        `known are ${[...KNOWN].join(', ')}`,
      );
    if (attributes.has(name)) throw new FormatFault(`the URI of the key has "${name}" twice`, 'leave one');
    if (!VALUE.test(value))
      throw new FormatFault(`the URI of the key has a bad "${name}"`, 'write a space as %20, a % as %25, a ; as %3B');
    attributes.set(name, value);
  }
  return attributes;
}

function parsePinSource(query: string): string | null {
  let source: string | null = null;
  for (const part of query.split('&').filter(each => each !== '')) {
    const [name, value] = halves(part);
    if (name === 'pin-value')
      throw new FormatFault(
        'the URI of the key holds its PIN',
        'put it into a file of mode 0600 and name that: `pinFile`',
      );
    if (name !== 'pin-source')
      throw new FormatFault(
        `the URI of the key has "${plainName(name)}" behind the question mark`,
        'only pin-source may stand there; the module is named by `module`',
      );
    if (!VALUE.test(value)) throw new FormatFault('the URI of the key has a bad "pin-source"', 'write a space as %20');
    // Nobody could open such a path.
    if (!isDecodable(value))
      throw new FormatFault(
        'pin-source of the URI is not UTF-8, or has a zero byte',
        'write pin-source=file:/path/of/the/file',
      );
    source = decodeURIComponent(value).replace(/^file:(\/\/(?=\/))?/, '');
    if (!source.startsWith('/'))
      throw new FormatFault('pin-source of the URI is no absolute path', 'write pin-source=file:/path/of/the/file');
  }
  return source;
}

function isDecodable(value: string): boolean {
  try {
    return !decodeURIComponent(value).includes('\0');
  } catch {
    return false;
  }
}

function halves(part: string): [string, string] {
  const at = part.indexOf('=');
  return at === -1 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
}

/** A text without "=" may be anything, also a PIN. */
function plainName(name: string): string {
  return /^[a-z][a-z-]{0,30}$/.test(name) ? name : '…';
}
