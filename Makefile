# `make image` and `make test` do everything, set-up included, on a fresh Debian 13 (or 12 with Node >= 20.19).
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: help image release verify-release version-is-named test unit prove-all examples lint format bench bench-peers bench-curve schemas setup setup-tests clean

CAISSON := node dist/cli.js

help:
	@echo "make image    set-up, then out/eflow/eflow.vhdx"
	@echo "make test     set-up, then every test (builds the image twice, proves it on booted machines)"
	@echo "make release VERSION=V         set-up, then out/eflow/V/, signed; needs a lock file"
	@echo "make verify-release VERSION=V  checks it, and builds it again"
	@echo "make unit     set-up, then the tests that need no image"
	@echo "make prove-all  set-up, then the campaigns with their full counts (an hour and a half)"
	@echo "make examples   set-up, then each project of examples/, built and proven on machines (an hour)"
	@echo "make bench    set-up, then the figures of docs/PERFORMANCE.md"
	@echo "make bench-peers  as root: Caisson and mkosi in turn, into docs/PERFORMANCE.md"
	@echo "make bench-curve  roots of 150 MB, 600 MB and 2.4 GB, into docs/PERFORMANCE.md"
	@echo "make schemas  write schema/ and docs/REFERENCE.md anew after a change of a document or a stage"

image: setup keys
	$(CAISSON) build eflow

# From the lock file: `caisson lock eflow` makes it. docs/RELEASING.md
release: setup keys version-is-named
	$(CAISSON) release eflow --version $(VERSION)

# Signatures, digests, root hash, SBOM; and built again, bit for bit.
verify-release: setup version-is-named
	$(CAISSON) verify out/eflow/$(VERSION) --rebuild

version-is-named:
	@[ -n "$(VERSION)" ] || { echo 'which version? make release VERSION=2026.12.0' >&2; exit 2; }

# Nobody's keys: those that sign updates, and what Secure Boot starts, until there are better ones.
keys: | setup
	@echo 'keys/: making keys to try with (caisson keys new)'
	$(CAISSON) --plain keys new keys

test: setup-tests lint
	npx vitest run

unit: setup
	npx vitest run --project unit

# What `make test` tries some dozens of times, hundreds of times; and every way of damaging an image. Reports: out/proof.
prove-all: setup-tests
	CAISSON_KILLS=160 CAISSON_PROVE_ALL=out/proof npx vitest run --project system \
	  test/system/store.test.ts test/system/verified-boot.test.ts test/system/tamper.test.ts test/system/powercut.test.ts
	CAISSON_FUZZ=20000 npx vitest run --project unit test/fuzz --testTimeout 3600000

# Each project of examples/: reports in out/NAME/.
examples: setup
	scripts/prove-examples.sh

lint: setup
	npx tsc -p tsconfig.json
	npx oxlint --type-aware --deny-warnings
	npx oxfmt --check
	npx knip

format: setup
	npx oxfmt

bench: setup keys
	node scripts/bench.mjs

bench-peers: setup keys
	node scripts/bench-peers.mjs

bench-curve: setup keys
	node scripts/bench-curve.mjs

schemas: setup
	$(CAISSON) schema --out schema
	$(CAISSON) explain --markdown > docs/REFERENCE.md

setup:
	@scripts/set-up.sh

setup-tests:
	@scripts/set-up.sh --tests

clean:
	rm -rf dist out
