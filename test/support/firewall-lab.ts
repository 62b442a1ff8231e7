/** A firewall in front of packets: generated rules, loaded by the image's own loader, on the guest of a network lab. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { resolveFirewall, type FirewallFile } from '../../pipeline/config/firewall.ts';
import { firewallFiles } from '../../pipeline/tree/firewall.ts';
import { PROJECT } from './caisson.ts';
import { openLab, type NetworkLab, type Ran } from './network-lab.ts';

export interface FirewallLab {
  /** Why nothing can be tried here: empty when it can. The claims of `caisson prove` try it in the image itself. */
  lacking: string;
  /** What the image would do at boot, and what it said. */
  load(written: FirewallFile, own?: Loaded): Promise<Ran>;
  /** Runs Python on `far`, with test/fixtures/lab/lab.py, and gives the lines it printed. */
  far(script: string): Promise<string[]>;
  /** One connection after another, by source and port (22): "open", "refused" or "no answer". */
  knocks(...from: [source: string, port?: number][]): Promise<string[]>;
  sh: NetworkLab['sh'];
  close(): Promise<void>;
}

export interface Loaded {
  transport?: 'tcp' | 'vsock' | 'both';
  /** Content by name. */
  dropIns?: Record<string, string>;
  /** Instead of the generated files. */
  broken?: Record<string, string>;
  verb?: 'start' | 'reload';
  /** Before the loader runs. */
  prepare?: string;
}

/** `folder` is made, and removed by `close`. */
export async function openFirewallLab(tools: string, folder: string): Promise<FirewallLab> {
  await mkdir(folder, { recursive: true });
  const lab = await openLab(tools, {
    [folder]: '/mnt/rules',
    [path.join(PROJECT, 'overlays/guest/usr/lib/caisson')]: '/mnt/caisson',
    [path.join(PROJECT, 'test/fixtures/lab')]: '/mnt/lab',
  });
  await lab.sh('guest', 'python3 /mnt/lab/listen.py 22 23 8080 8081');
  const rule = String.raw`*filter\n-A INPUT -m conntrack --ctstate NEW -m recent --name x --set\nCOMMIT\n`;
  const { exitCode, output } = await lab.sh('guest', `printf '${rule}' | iptables-nft-restore`);
  const far = async (script: string): Promise<string[]> => {
    const ran = await lab.sh('far', `cd /mnt/lab && python3 -B - <<'EOF'\nfrom lab import *\n${script}\nEOF`);
    if (ran.exitCode !== 0) throw new Error(ran.output);
    return ran.output.trim().split('\n');
  };
  return {
    lacking: exitCode === 0 ? '' : `this kernel has no nf_tables with xt_recent and xt_conntrack: ${output}`,
    load: async (written, own = {}) => load(lab, folder, { written, own }),
    far,
    knocks: async (...from) => far(from.map(([source, port = 22]) => `print(knock("${source}", ${port}))`).join('\n')),
    sh: lab.sh,
    close: async () => {
      await lab.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function load(
  lab: NetworkLab,
  folder: string,
  { written, own }: { written: FirewallFile; own: Loaded },
): Promise<Ran> {
  const files = { ...firewallFiles(resolveFirewall(written), own.transport ?? 'tcp'), ...own.broken };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  const dropIns = Object.entries(own.dropIns ?? {}).map(
    ([name, text]) => `cat >'/tmp/lab/drop-ins/${name}' <<'EOF'\n${text}\nEOF\n`,
  );
  await lab.sh(
    'guest',
    `rm -rf /tmp/lab/drop-ins; mkdir /tmp/lab/drop-ins; umask 022\n${dropIns.join('')}${own.prepare ?? ''}`,
  );
  await lab.sh('guest', 'ip route flush cache; ip -6 route flush cache');
  return lab.sh('guest', `sh /mnt/caisson/firewall ${own.verb ?? 'start'} /mnt/rules /tmp/lab/drop-ins`);
}
