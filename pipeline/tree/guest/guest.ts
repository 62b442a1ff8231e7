/** Everything that the definition promises of the running system, as files of its root. */
import { DECLARATION_PATH, type Declaration } from '../../formats/declaration.ts';
import { updatePolicies } from '../at-update.ts';
import { statePartitions } from '../mounts.ts';
import { slotContents, slotPartitions, slotsOf } from '../../config/slots.ts';
import { place, textFile, type Tree } from '../tree.ts';
import { consoleFiles, consoleUnits } from './console.ts';
import { growthFiles } from './grow.ts';
import { allowedModules, BLACKLIST_PATH } from './modules.ts';
import { stripSetuid } from './setuid.ts';
import { sshFiles, sshUnits } from './ssh.ts';
import { updateFiles } from './updates.ts';

/** What the definition, layout and manifest say; the modules still without what they need. */
export type Promises = Omit<Declaration, 'format'>;

/** What the running system needs and nobody promises. */
export interface GuestSources {
  /** Content that holds the selector; null for a definition without one. */
  selector: string | null;
  /** PEM text of the certificates that sign updates; empty where none are taken. */
  keyring: string;
}

/** Places the files. */
export async function placeGuest(tree: Tree, promises: Promises, sources: GuestSources): Promise<void> {
  const { ssh, features, modules, partitions, updates } = promises;
  for (const [path, { text, mode }] of Object.entries(ssh === null ? {} : sshFiles(ssh)))
    place(tree, path, textFile(text, mode));
  const texts = {
    '/usr/lib/caisson/guest.conf': guestConf(promises, sources),
    ...growthFiles(partitions),
    ...(updates === null ? {} : updateFiles({ ...updates, ...sources }, partitions)),
    ...(ssh === null ? {} : consoleFiles(features.console, ssh.user)),
  };
  for (const [path, text] of Object.entries(texts)) place(tree, path, textFile(text));
  const found = modules === null ? null : await allowedModules(tree, modules);
  if (found !== null) {
    place(tree, BLACKLIST_PATH, textFile(found.blacklist));
    // A fourth of the root, and most of what a new kernel changes in it: nobody could load them.
    for (const each of found.refused) tree.delete(each);
  }
  const declaration: Declaration = { format: 1, ...promises, modules: found?.allowed ?? null };
  place(tree, DECLARATION_PATH, textFile(`${JSON.stringify(declaration, null, 2)}\n`));
}

/** For the shell scripts of the guest. */
function guestConf({ ssh, overlays, partitions, verifiedBoot, updates }: Promises, { selector }: GuestSources): string {
  const holders = partitions.filter(each => each.content === selector).map(each => each.name);
  const contents = updates === null ? [] : slotContents(partitions, selector);
  return `# Made from the image definition.
ssh_user='${ssh?.user ?? ''}'
ssh_transport='${ssh?.transport ?? ''}'
overlay_store='${overlays?.store ?? ''}'
overlay_policies='${updatePolicies(overlays)}'
verified_boot='${verifiedBoot}'
state_partitions='${statePartitions(partitions).join(' ')}'
slots='${slotsOf(partitions).join(' ')}'
slot_contents='${contents.join(' ')}'
slot_partitions='${slotPartitions(partitions, contents).join(' ')}'
selector_partitions='${holders.join(' ')}'
`;
}

/** Units that follow from the promises. */
export function guestUnits({ ssh, features }: Promises): { enable: string[]; mask: string[] } {
  const all = ssh === null ? [] : [sshUnits(ssh), consoleUnits(features.console)];
  return { enable: all.flatMap(each => each.enable), mask: all.flatMap(each => each.mask) };
}

/** Last, when the tree is complete. */
export function hardenGuest(tree: Tree, { setuid }: Promises): void {
  if (setuid !== null) stripSetuid(tree, setuid);
}
