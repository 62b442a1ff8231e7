// mkosi, as `make bench-peers` calls it: out of its own tree of programs, on a copy of scripts/bench/mkosi/.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { manifestAt, project, treeOf } from './trees.mjs';

/** Prepares `folder` and, the `first` time, fills mkosi's package cache by a build; gives `argv(args)` of mkosi without a network. */
export async function prepareMkosi(folder, { features, first }) {
  const tree = await treeOf('scripts/bench/mkosi-tools.yaml');
  // Files of the one before stay otherwise.
  for (const name of ['mkosi.repart', 'mkosi.extra', 'mkosi.sandbox'])
    rmSync(path.join(folder, name), { recursive: true, force: true });
  cpSync(path.join(project, 'scripts/bench/mkosi'), folder, { recursive: true });
  for (const name of ['cache', 'packages', 'out']) mkdirSync(path.join(folder, name), { recursive: true });
  const manifest = await manifestAt('rootfs-manifests/base.yaml');
  writeFileSync(path.join(folder, 'mkosi.local.conf'), settings(manifest, features));
  writeFileSync(path.join(folder, 'mkosi.postinst.chroot'), purge(manifest), { mode: 0o755 });
  const [program, ...args] = mkosiArgv(tree, folder, { network: true, args: ['--force', 'build'] });
  if (first) execFileSync(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  return more => mkosiArgv(tree, folder, { network: false, args: ['--cache-only=always', ...more] });
}

/** Not by RemovePackages: apt would take the kernel with them, which depends on initramfs-tools. */
function purge({ removePackages }) {
  return `#!/bin/sh\nexec dpkg --purge --force-all ${removePackages.join(' ')}\n`;
}

/** Packages, removed files and kernel modules of the manifest in mkosi's words. */
function settings({ packages, remove, exclude, modules }, features) {
  // mkosi takes the kernel out of /boot; the manifest's own removal is of what mkosi removes by itself.
  const removed = [...exclude, ...remove].filter(glob => !/^\/(boot|vmlinuz|initrd|usr\/share\/doc)/.test(glob));
  const names = modules.map(name => `/${name.replaceAll(/[-_]/g, '[-_]')}[.]ko`);
  const list = (key, values) => `${key}=\n${values.map(each => `    ${each}\n`).join('')}`;
  return [
    '[Content]\n',
    list('Packages', [...packages, ...features]),
    list('RemoveFiles', removed),
    'KernelModulesExclude=.*\n',
    list('KernelModulesInclude', names),
  ].join('');
}

const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin', HOME: '/root', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

/** mkosi makes sandboxes of its own, so it gets the rights for that. It works in memory (/var/tmp), as Caisson does. */
export function mkosiArgv(tree, folder, { network, args }) {
  return [
    'bwrap',
    '--die-with-parent',
    '--unshare-pid',
    '--unshare-ipc',
    '--unshare-uts',
    ...(network ? [] : ['--unshare-net']),
    '--cap-add',
    'ALL',
    '--clearenv',
    ...Object.entries(ENVIRONMENT).flatMap(([name, value]) => ['--setenv', name, value]),
    '--ro-bind',
    tree,
    '/',
    ...['/tmp', '/run', '/mnt', '/root', '/var/tmp'].flatMap(each => ['--tmpfs', each]),
    '--proc',
    '/proc',
    '--dev-bind',
    '/dev',
    '/dev',
    '--bind',
    '/sys',
    '/sys',
    ...(network ? ['/etc/resolv.conf', '/etc/hosts'].flatMap(each => ['--ro-bind-try', each, each]) : []),
    '--bind',
    folder,
    '/mnt/work',
    '--chdir',
    '/mnt/work',
    '--',
    'mkosi',
    ...args,
  ];
}

/** Path of mkosi's disk in `folder`. */
export function diskOf(folder) {
  const disk = path.join(folder, 'out/peer.raw');
  if (!existsSync(disk)) throw new Error(`mkosi made no ${disk}`);
  return disk;
}
