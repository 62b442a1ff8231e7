/** What one does with a document that was just begun. */
import type { DocumentKind } from '../../config/places.ts';

export interface NextCommand {
  command: string;
  why: string;
}

export function nextCommands({
  kind,
  name,
  hasKeys,
}: {
  kind: DocumentKind;
  name: string;
  hasKeys: boolean;
}): NextCommand[] {
  switch (kind) {
    case 'image':
      return [
        { command: `caisson check ${name}`, why: 'every fault, with its place' },
        ...(hasKeys
          ? []
          : [{ command: 'caisson keys new keys', why: 'keys to try with; updates and releases are signed' }]),
        { command: `caisson build ${name}`, why: `into out/${name}/` },
        { command: `caisson boot ${name}`, why: 'its console here' },
      ];
    case 'layout':
      return [
        { command: `caisson show ${name}`, why: 'to scale' },
        { command: `caisson check layouts/${name}.yaml`, why: 'every fault, with its place' },
        { command: `caisson build eflow --set layout=${name}`, why: `or write \`layout: ${name}\` into an image` },
      ];
    case 'manifest':
      return [
        { command: `caisson check rootfs-manifests/${name}.yaml`, why: 'every fault, with its place' },
        { command: 'caisson new image NAME', why: `an image; its \`stages\` name the manifest: \`manifest: ${name}\`` },
      ];
    case 'overlay':
      return [
        { command: `caisson check overlays/${name}`, why: 'every fault, with its place' },
        { command: 'caisson new image NAME', why: `an image; its \`stages\` name the tree: \`overlays: [${name}]\`` },
      ];
  }
}
