/** What a release says about the inside of its image: bill of materials, list of files, configuration of the kernel. */
import type { ResolvedPackage } from '../../debian/stanza.ts';
import { ensureFetched } from '../../engine/packages.ts';
import type { ImageContents } from '../../formats/image-contents.ts';
import { encodeMtree } from '../../formats/mtree.ts';
import type { CommandContext } from '../context.ts';
import type { Prepared, PrepareOptions } from '../build/prepare.ts';
import { sbomText } from './cyclonedx.ts';
import { debContents } from './deb-contents.ts';
import { inventory, isListed, type ListedPackage } from './inventory.ts';

export { checkSbom } from './check-sbom.ts';

/** `offline` and `mirrors` are about packages that the pool lacks. */
export interface DocumentsInput extends Pick<PrepareOptions, 'offline' | 'mirrors'> {
  prepared: Prepared;
  /** By manifest: what was installed, as build.json has it. */
  packages: Readonly<Record<string, readonly { name: string; version: string }[]>>;
  contents: ImageContents;
  /** Version of this program. */
  caisson: string;
}

export interface ReleaseDocuments {
  /** CycloneDX 1.6, JSON. */
  sbom: string;
  /** mtree(5) of every file of the root. */
  mtree: string;
  /** Text; null when no package has the kernel of the image. */
  kernelConfig: string | null;
}

/** Packages that the pool lacks are fetched. Throws BuildFault when one is nowhere any more. */
export async function releaseDocuments(
  context: CommandContext,
  { prepared, packages, contents, caisson, offline, mirrors }: DocumentsInput,
): Promise<ReleaseDocuments> {
  const { image, manifests } = prepared.project;
  const unread = [...installed(prepared, packages), ...brought(prepared)];
  const listed = await withContents(context, unread, { ...prepared, offline, mirrors });
  const found = inventory(contents, listed);
  const sections = (contents.kernel?.sections ?? []).filter(each => ['.linux', '.initrd'].includes(each.name));
  const sbom = sbomText({
    ...image,
    caisson,
    rootHash: contents.root?.rootHash ?? null,
    sections: Object.fromEntries(sections.map(each => [each.name, each.sha256])),
    suites: Object.fromEntries(Object.values(manifests).map(each => [each.name, each.suite])),
    inventory: found,
  });
  const entries = (contents.root?.files ?? []).filter(isListed).map(file => ({
    ...file,
    tag: file.type === 'directory' ? null : (found.owners.get(file.path) ?? 'unowned'),
  }));
  return { sbom, mtree: encodeMtree(entries), kernelConfig: found.kernelConfig };
}

type Unread = Omit<ListedPackage, 'contents'>;

function installed({ resolutions }: Prepared, packages: DocumentsInput['packages']): Unread[] {
  return Object.entries(packages).flatMap(([manifest, list]) =>
    list.map(({ name }) => ({ manifest, package: resolved(resolutions, manifest, name), brings: null })),
  );
}

/** Packages of the tools tree that parts of the boot chain are from. */
function brought({ plan, project, resolutions }: Prepared): Unread[] {
  const manifest = project.image.tools;
  return plan.steps.flatMap(({ stage, resolved: options }) => {
    const { place, packages } = stage.brings?.(options) ?? { place: null, packages: [] };
    return packages.map(name => ({ manifest, package: resolved(resolutions, manifest, name), brings: place }));
  });
}

function resolved(resolutions: Prepared['resolutions'], manifest: string, name: string): ResolvedPackage {
  const found = resolutions[manifest]?.packages.find(each => each.name === name);
  if (found === undefined) throw new Error(`${name} is installed, but is no package of ${manifest}`);
  return found;
}

async function withContents(
  context: CommandContext,
  listed: readonly Unread[],
  { project, resolutions, programs, tools, offline, mirrors }: Prepared & Pick<DocumentsInput, 'offline' | 'mirrors'>,
): Promise<ListedPackage[]> {
  const { environment, signal, emit } = context;
  const fetching = { environment, signal, emit, update: false, offline, mirrors, lock: project.lock };
  const byDeb = await debContents(
    context,
    listed.map(each => each.package),
    {
      tools,
      fetch: async wanted => {
        const digests = new Set(wanted.map(each => each.sha256));
        for (const resolution of Object.values(resolutions)) {
          const packages = resolution.packages.filter(each => digests.has(each.sha256));
          if (packages.length > 0) await ensureFetched({ ...resolution, packages }, programs, fetching);
        }
      },
    },
  );
  return listed.map(each => {
    const contents = byDeb.get(each.package.sha256);
    if (contents === undefined) throw new Error(`${each.package.name} was not read`);
    return { ...each, package: { ...each.package, stanza: contents.control }, contents };
  });
}
