#!/bin/sh
# Makes rootfs.tar.gz out of Debian packages, and prints its SHA-256 for pipeline/tarball.yaml. The same packages give the
# same bytes; a newer one gives another digest. $1: a mirror (default: deb.debian.org). Needs mmdebstrap.
set -eu
cd "$(dirname "$0")"
mirror=${1:-http://deb.debian.org}

# Those of rootfs-manifests/base.yaml, without what `remove` there takes away.
packages=ca-certificates,chrony,dbus,e2fsprogs,iproute2,iptables,kmod,libnss-myhostname,linux-image-cloud-amd64,login
packages=$packages,openssh-server,passwd,procps,sudo,systemd,systemd-repart,systemd-resolved,systemd-sysv,udev,util-linux

SOURCE_DATE_EPOCH=0 mmdebstrap --variant=essential --include="$packages" \
  --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/info/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/include/*' \
  --dpkgopt='path-exclude=/usr/lib/udev/hwdb.d/*' --dpkgopt='path-exclude=/usr/lib/*/gconv/*' \
  --dpkgopt='path-exclude=/etc/kernel/postinst.d/initramfs-tools' \
  --customize-hook='chroot "$1" dpkg --purge --force-all initramfs-tools initramfs-tools-core initramfs-tools-bin \
    dracut-install klibc-utils libklibc' \
  --customize-hook='rm -f "$1"/etc/ssh/ssh_host_*' \
  trixie rootfs.tar.gz \
  "deb $mirror/debian trixie main" "deb $mirror/debian trixie-updates main" \
  "deb $mirror/debian-security trixie-security main"
sha256sum rootfs.tar.gz
