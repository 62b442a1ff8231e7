/** The manifest of a bundle that caisson made, read back. What of it is not needed here is not read. */
import type { BundleFile } from './bundle-manifest.ts';
import { FormatFault } from './fault.ts';

export interface ReadManifest {
  compatible: string;
  version: string;
  description: string;
  images: BundleFile[];
  selector: Omit<BundleFile, 'content'> | null;
  rootHash: string;
  downgrade: 'refuse' | 'allow';
  /** The version from which it holds the differences; null for a full one. */
  from: string | null;
}

/** Throws FormatFault for one that caisson did not make. */
export function decodeBundleManifest(text: string): ReadManifest {
  const groups = groupsOf(text);
  const meta = groups.get('meta.caisson') ?? new Map<string, string>();
  const version = meta.get('version');
  if (version === undefined)
    throw new FormatFault('its manifest was not made by caisson', 'name a .raucb that `caisson build --bundle` made');
  const selector = meta.get('selector');
  return {
    compatible: groups.get('update')?.get('compatible') ?? '',
    version,
    description: groups.get('update')?.get('description') ?? '',
    images: [...groups].flatMap(([name, keys]) =>
      name.startsWith('image.') ? [{ content: name.slice('image.'.length), ...fileOf(keys) }] : [],
    ),
    selector:
      selector === undefined
        ? null
        : {
            file: selector,
            sha256: meta.get('selector-sha256') ?? '',
            bytes: Number(meta.get('selector-size')),
          },
    rootHash: meta.get('root-hash') ?? '',
    downgrade: meta.get('downgrade') === 'allow' ? 'allow' : 'refuse',
    from: groups.get('meta.caisson-delta')?.get('from') ?? null,
  };
}

function fileOf(keys: ReadonlyMap<string, string>): Omit<BundleFile, 'content'> {
  return { file: keys.get('filename') ?? '', sha256: keys.get('sha256') ?? '', bytes: Number(keys.get('size')) };
}

/** As encodeBundleManifest writes them. */
function groupsOf(text: string): Map<string, Map<string, string>> {
  const groups = new Map<string, Map<string, string>>();
  let keys = new Map<string, string>();
  for (const line of text.split('\n')) {
    const name = /^\[(.*)\]$/.exec(line)?.[1];
    const [, key, value] = /^([^=]+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) groups.set(name, (keys = new Map()));
    else if (key !== undefined) keys.set(key, (value ?? '').replace(/^\\s/, ' ').replaceAll('\\\\', '\\'));
  }
  return groups;
}
