/** Text of an image's declaration -> value. The image may have been made by anybody, so every field is looked at. */
import {
  DECLARATION_PATH,
  type AllowedPort,
  type DeclaredOverlays,
  type DeclaredPartition,
  type DeclaredSsh,
  type Declaration,
  type Firewall,
  type RateLimit,
} from './declaration.ts';
import { FormatFault } from './fault.ts';

/** Throws FormatFault for anything that is no declaration of format 1. Keys that are not known are left out. */
export function decodeDeclaration(text: string): Declaration {
  const root = open(parse(text), '');
  const format = root.value('format');
  if (format !== 1)
    throw new FormatFault(
      `${DECLARATION_PATH} is of format ${JSON.stringify(format) ?? 'none'}; format 1 is known here`,
      'use the Caisson that built the image, or build the image again with this one',
    );
  return {
    format: 1,
    image: root.text('image'),
    version: root.text('version'),
    partitions: root.list('partitions').map(decodePartition),
    overlays: root.orNull('overlays', decodeOverlays),
    ssh: root.orNull('ssh', decodeSsh),
    firewall: root.orNull('firewall', decodeFirewall),
    features: decodeFeatures(root.fields('features')),
    verifiedBoot: root.oneOf('verifiedBoot', ['switchable', 'enforced'] as const),
    updates: root.orNull('updates', fields => ({ compatible: fields.text('compatible') })),
    setuid: root.value('setuid') === null ? null : root.texts('setuid'),
    modules: root.value('modules') === null ? null : root.texts('modules'),
  };
}

function decodePartition(fields: Fields): DeclaredPartition {
  const slot = fields.value('slot');
  return {
    name: fields.text('name'),
    content: fields.text('content'),
    slot: slot === null ? null : fields.oneOf('slot', ['A', 'B'] as const),
    type: fields.text('type'),
    filesystem: fields.oneOf('filesystem', ['vfat', 'ext4', 'erofs', 'squashfs', 'none']),
    label: fields.text('label'),
    mount: fields.text('mount'),
    mountFlags: fields.texts('mountFlags'),
    grow: fields.flag('grow'),
  };
}

function decodeOverlays(fields: Fields): DeclaredOverlays {
  return {
    content: fields.text('content'),
    store: fields.text('store'),
    entries: fields.list('entries').map(entry => ({
      path: entry.text('path'),
      mode: entry.oneOf('mode', ['full', 'declared']),
      flags: entry.texts('flags'),
    })),
    direct: fields.list('direct').map(entry => ({
      path: entry.text('path'),
      content: entry.text('content'),
      flags: entry.texts('flags'),
    })),
    // Images from before there were policies keep everything.
    atUpdate: (fields.value('atUpdate') === undefined ? [] : fields.list('atUpdate')).map(entry => ({
      path: entry.text('path'),
      policy: entry.oneOf('policy', ['keep', 'take-new']),
    })),
  };
}

function decodeSsh(fields: Fields): DeclaredSsh {
  return {
    user: fields.text('user'),
    sudo: fields.oneOf('sudo', ['nopasswd', 'none']),
    transport: fields.oneOf('transport', ['tcp', 'vsock', 'both']),
  };
}

function decodeFirewall(fields: Fields): Firewall {
  const policies = ['drop', 'accept'] as const;
  const ssh = fields.fields('ssh');
  const rules = fields.fields('rules');
  return {
    input: fields.oneOf('input', policies),
    forward: fields.oneOf('forward', policies),
    output: fields.oneOf('output', policies),
    ssh: { limit: ssh.orNull('limit', decodeLimit), from: ssh.texts('from') },
    allow: fields.list('allow').map(decodePort),
    rules: { v4: rules.texts('v4'), v6: rules.texts('v6') },
    remembered: fields.number('remembered'),
  };
}

function decodePort(fields: Fields): AllowedPort {
  return {
    port: fields.number('port'),
    protocol: fields.oneOf('protocol', ['tcp', 'udp']),
    from: fields.texts('from'),
    limit: fields.orNull('limit', decodeLimit),
  };
}

function decodeLimit(fields: Fields): RateLimit {
  return { connections: fields.number('connections'), seconds: fields.number('seconds') };
}

function decodeFeatures(fields: Fields): Declaration['features'] {
  const switches = ['on', 'off'] as const;
  return {
    tpm: fields.oneOf('tpm', switches),
    kvp: fields.oneOf('kvp', switches),
    console: fields.oneOf('console', switches),
  };
}

/** The keys of one JSON object. Each method throws FormatFault, with the place, when the value is of another kind. */
interface Fields {
  value(key: string): unknown;
  text(key: string): string;
  number(key: string): number;
  flag(key: string): boolean;
  texts(key: string): string[];
  oneOf<Word extends string>(key: string, words: readonly Word[]): Word;
  fields(key: string): Fields;
  list(key: string): Fields[];
  orNull<T>(key: string, decode: (fields: Fields) => T): T | null;
}

function open(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw odd(path, 'a JSON object');
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const get = (key: string): unknown =>
    Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  const items = (key: string): unknown[] => {
    const list = get(key);
    if (!Array.isArray(list)) throw odd(at(key), 'a list');
    return list as unknown[];
  };
  const textAt = (found: unknown, place: string): string => {
    if (typeof found !== 'string') throw odd(place, 'a text');
    return found;
  };
  return {
    value: get,
    text: key => textAt(get(key), at(key)),
    number: key => {
      const found = get(key);
      if (!Number.isSafeInteger(found)) throw odd(at(key), 'a whole number');
      return found as number;
    },
    flag: key => {
      const found = get(key);
      if (typeof found !== 'boolean') throw odd(at(key), 'true or false');
      return found;
    },
    texts: key => items(key).map((each, index) => textAt(each, `${at(key)}[${index}]`)),
    oneOf: (key, words) => {
      const found = words.find(word => word === get(key));
      if (found === undefined) throw odd(at(key), words.map(word => `"${word}"`).join(' or '));
      return found;
    },
    fields: key => open(get(key), at(key)),
    list: key => items(key).map((each, index) => open(each, `${at(key)}[${index}]`)),
    orNull: (key, decode) => (get(key) === null ? null : decode(open(get(key), at(key)))),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw odd('', 'JSON');
  }
}

function odd(place: string, wanted: string): FormatFault {
  return new FormatFault(
    `damaged ${DECLARATION_PATH}: ${place === '' ? 'it' : place} is not ${wanted}`,
    'build the image again, or copy it again',
  );
}
