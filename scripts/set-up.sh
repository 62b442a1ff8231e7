#!/bin/bash
# Everything that `make image` and `make test` need before they can start: Debian packages, npm packages, the build.
# Does nothing when all is there. `--tests`: also what only the tests need.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(mmdebstrap bubblewrap uidmap debian-archive-keyring ca-certificates)
# A token of software, and what reaches any token; a clock of another day; a browser, which reads the pages.
test_packages=(softhsm2 p11-kit datefudge chromium)

say() { echo "set-up: $*"; }
stop() { echo "set-up: $*" >&2; exit 1; }

missing() {
  for each in "$@"; do
    [ "$(dpkg-query -W -f='${Status}' "$each" 2>/dev/null)" = "install ok installed" ] || echo "$each"
  done
}

install() {
  say "installing $*"
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || stop "not root and no sudo: run as root: apt-get install $*"
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

node_is_new_enough() {
  command -v node >/dev/null && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

case "${1:-}" in
  '') ;;
  --tests) packages+=("${test_packages[@]}") ;;
  *) stop "unknown: $1 (there is --tests)" ;;
esac

command -v dpkg-query >/dev/null || stop "this needs Debian 13, or Debian 12 with Node >= 20.19"
debian=$(. /etc/os-release; echo "${VERSION_ID:-0}")

if ! node_is_new_enough; then
  found=$(node --version 2>/dev/null || echo none)
  if [ "$found" = none ] && [ "${debian%%.*}" -ge 13 ]; then
    packages+=(nodejs npm)
  else
    stop "Node $found, but >= 20.19 is needed. On Debian 13: apt-get install nodejs npm. On Debian 12, whose own is 18: install Node 20 or newer from nodejs.org (unpack it below /usr/local) and run make again."
  fi
fi

mapfile -t absent < <(missing "${packages[@]}")
[ ${#absent[@]} -eq 0 ] || install "${absent[@]}"
node_is_new_enough || stop "Node $(node --version) is still older than 20.19"

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  say "npm ci"
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

if [ ! -e dist/.built ] || [ -n "$(find pipeline tsconfig*.json package.json -newer dist/.built -print -quit)" ]; then
  say "compiling"
  rm -rf dist
  npx tsc -p tsconfig.build.json
  chmod +x dist/cli.js
  touch dist/.built
fi
