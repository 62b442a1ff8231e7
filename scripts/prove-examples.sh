#!/bin/sh
# Builds the projects of examples/ and proves each on machines, one after the other; all are tried, and those that failed
# are named at the end. Reports: out/NAME/NAME.prove.html. `make examples` does the set-up first.
set -eu
caisson() { node dist/cli.js --plain "$@"; }

tarball=examples/tarball/rootfs.tar.gz
[ -d examples/verified/keys ] || caisson keys new examples/verified/keys
[ -e "$tarball" ] || examples/tarball/make-rootfs.sh
digest=$(sha256sum "$tarball" | cut -d' ' -f1)

# $1: the example, whose image has its name; what follows is for the build.
prove() {
  name=$1
  shift
  # By its file: the definition of `tarball` has a digest of its own.
  caisson build --project "examples/$name" "$name" "$@" && caisson prove --project "examples/$name" "out/$name/$name.vhdx"
}

failed=
prove minimal || failed="$failed minimal"
prove container-host || failed="$failed container-host"
prove tarball --set "stages.rootfs.options.sha256=$digest" || failed="$failed tarball"
prove verified || failed="$failed verified"
[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }
