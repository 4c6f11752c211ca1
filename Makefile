# Everything here needs the Swift 6.3 toolchain and a C compiler; `make deps` brings the rest.

SWIFT ?= swift
export SWIFT
DEMO_ARGS ?= --exit
TEST_ARGS ?=
SEEDS ?= 1-1000
KILLS ?= 200
HISTORIES ?= 10000
SECONDS ?= 600
DESTDIR ?=
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= /etc/systemd/system

# One configuration for the product and the tests, so that nothing is compiled twice.
RELEASE = -c release
# An installed binary must not lean on the toolchain's folder: it is linked against the static Swift libraries, apart.
STATIC = $(RELEASE) --static-swift-stdlib --scratch-path .build-static

.PHONY: help demo test properties hostile kills fuzz bench build deps install lint format clean
.NOTPARALLEL:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Only the demo itself writes to standard output, so that `make -s demo DEMO_ARGS="--exit --json"` can be piped.
demo: ## build, then watch a synthetic company for a year (DEMO_ARGS="--seed 7")
	@scripts/deps build >&2
	@$(MAKE) --no-print-directory build >&2
	@.build/release/bellwether demo $(DEMO_ARGS)

# First what answers within a minute, then whole runs of the program, so that neither takes the other's time.
test: deps lint ## lint, build and run every test (TEST_ARGS="--filter Rules")
	$(SWIFT) build $(RELEASE) --build-tests
	$(if $(TEST_ARGS),scripts/run-tests $(TEST_ARGS),scripts/run-tests --skip AcceptanceTests && scripts/run-tests --filter AcceptanceTests)

properties: deps ## fold random histories with random rules, incrementally and anew, and twenty companies (HISTORIES=10000)
	$(SWIFT) build $(RELEASE) --build-tests
	BELLWETHER_HISTORIES=$(HISTORIES) BELLWETHER_SEEDS=20 scripts/run-tests --filter 'IncrementalTests|NoFindingByAccidentTests'

hostile: deps ## run the hostile vendor's thousand seeds (SEEDS=1-1000)
	$(SWIFT) build $(RELEASE) --build-tests
	BELLWETHER_HOSTILE_SEEDS=$(SEEDS) scripts/run-tests --filter HostileVendorTests

kills: deps ## end imports in the middle at 200 places, and go on (KILLS=200)
	$(SWIFT) build $(RELEASE) --build-tests
	BELLWETHER_IMPORT_KILLS=$(KILLS) scripts/run-tests --filter 'ImportTests|FirstImportTests'

fuzz: deps ## fuzz the decode and mapping layers, then the rules (SECONDS=600 each)
	Tests/Fuzzing/run $(SECONDS)
	Tests/Fuzzing/run $(SECONDS) rules

bench: deps ## measure beside named references
	Benchmarks/run

build: ## compile .build/release/bellwether
	$(SWIFT) build $(RELEASE) --product bellwether

deps: ## install the missing system packages, or name them
	@scripts/deps

install: ## compile with the Swift libraries inside, and copy binary, configuration and systemd unit (DESTDIR, PREFIX)
	$(SWIFT) build $(STATIC) --product bellwether
	install -D -m 0755 .build-static/release/bellwether "$(DESTDIR)$(PREFIX)/bin/bellwether"
	@scripts/install-config config "$(DESTDIR)$(SYSCONFDIR)/bellwether"
	install -d "$(DESTDIR)$(UNITDIR)"
	sed -e 's|/usr/local/bin/bellwether|$(PREFIX)/bin/bellwether|' -e 's|/etc/bellwether|$(SYSCONFDIR)/bellwether|g' \
	  systemd/bellwether.service > "$(DESTDIR)$(UNITDIR)/bellwether.service"

lint: ## check format, purity, the unit file, the scripts and the links in the documents
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Benchmarks Package.swift
	scripts/check-purity --self-test
	scripts/check-purity
	scripts/check-docs
	scripts/check-unit
	bash -n .ci/run scripts/deps scripts/check-unit scripts/install-config scripts/run-tests Tests/Fuzzing/run

format: ## put every Swift file into the house format
	$(SWIFT) format format --in-place --recursive --parallel Sources Tests Benchmarks Package.swift

clean: ## remove what was built
	rm -rf .build .build-static
