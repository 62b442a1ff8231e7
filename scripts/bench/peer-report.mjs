// The section of docs/PERFORMANCE.md that bench-peers.mjs writes. Pure.
import { mib, seconds, table } from './figures.mjs';

/**
 * Markdown of what was measured. `host`: one line on the machine; `rounds`: of each its load, times in seconds, root hashes, sizes
 * in bytes; `sizes`: rows of the table.
 */
export function peerSection({ host, versions, rounds, sizes }) {
  const row = (what, name) => [
    what,
    ...['caisson', 'mkosi'].flatMap(who => {
      const all = rounds.map(round => round[name][who]);
      return [seconds(all.map(each => each.seconds)), mib(Math.max(...all.map(each => each.peak)))];
    }),
  ];
  const last = rounds.at(-1);
  const loads = rounds.map(each => each.load.toFixed(1)).join(', ');
  return [
    `${host}; load average before each round ${loads}.\n${versions}. Rounds: ${rounds.length}, all rows in turn; the median, and the span.\n\n`,
    table(
      ['build, as root, from packages on the disk', 'Caisson, s', 'its memory, MiB', 'mkosi, s', 'its memory, MiB'],
      [row('full', 'full'), row('one file changed', 'edit'), row('nothing changed', 'nothing')],
    ),
    '\n',
    table(
      ['size, MiB', 'Caisson', 'mkosi'],
      sizes.map(({ what, caisson, mkosi }) => [what, caisson, mkosi]),
    ),
    '\n',
    table(
      ['', 'Caisson', 'peer'],
      [
        [
          "mkosi's raw disk as VHDX, s",
          seconds(rounds.flatMap(each => each.vhdx.ours)),
          `${seconds(rounds.flatMap(each => each.vhdx.theirs))} (qemu-img convert)`,
        ],
        ['that file, MiB', mib(last.vhdx.oursBytes), mib(last.vhdx.theirsBytes)],
        [
          'from QEMU to the first words of SSH, s',
          ...['caisson', 'mkosi'].map(who => booted(rounds.map(each => each.boot[who]))),
        ],
        [
          'root hashes of the full builds',
          ...['caisson', 'mkosi'].map(who => hashes(rounds.map(each => each.rootHash[who]))),
        ],
      ],
    ),
    FAIRNESS,
  ].join('');
}

function booted(all) {
  const up = all.filter(each => each !== null);
  const failed = all.length - up.length;
  if (up.length === 0) return 'never';
  return failed === 0 ? seconds(up) : `${seconds(up)}; not at all ${failed} of ${all.length} times`;
}

function hashes(all) {
  const different = new Set(all).size;
  return different === 1 ? `the same ${all.length} times` : `${different} different ones of ${all.length}`;
}

const FAIRNESS = `
Memory: the highest sum, ten times a second, of anonymous memory of all processes and of files in memory (both unpack there).

What is the same: packages (\`rootfs-manifests/base.yaml\`), kernel, kernel modules and removals of the root, erofs with zstd 3 in clusters of 64 KiB, a
hash tree, one UKI, two slots of which the second is empty, Log and Data. Both have their packages on the disk and no network, both unpack in
memory, and boot by the same QEMU command from a VHDX.

What only Caisson does: error correction (FEC) behind the hash tree, profiles for each slot in the UKI, shim and GRUB that count tries,
SHA-256 of every file of the root and of every artifact, modules blacklisted, setuid bits taken away, firewall and health checks in the image,
the VHDX itself (mkosi writes a raw disk; the time of qemu-img is not in its builds).

What only mkosi does: a general initrd with systemd and a package manager's run of its own (Caisson's initrd is a shell script with what it needs);
hwdb, presets, users and tmpfiles by systemd's own programs; a cached image after each full build (\`Incremental=yes\`), which its two other rows start from.
mkosi has no notion of "nothing changed": it refuses to build over a result, or builds again, which is what was measured.
Its root is overlaid in memory (\`systemd.volatile=overlay\`), Caisson's on Data. It has the kernel in it, too (11 MiB), and SSH host keys that the
installation of openssh-server makes, so no two of its roots are the same; Caisson takes both away. Its hash tree covers a partition as large as it may
become.

The definition is in \`scripts/bench/mkosi/\`; \`scripts/bench/mkosi.mjs\` adds the lists of the manifest.
`;
