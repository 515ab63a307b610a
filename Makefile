# Chains the stages through files: experiments -> data/raw, aggregate -> data/*.csv, plots -> data/plots.
# `make help` lists what to type.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SECONDEXPANSION:
.SUFFIXES:
.DEFAULT_GOAL := help

## Variables (give them on the command line: make experiments RUNS=20)
RUNS ?= 10#                              runs of each scheme on each workload
WORKLOADS ?= monotonic reuse#            a name NAME of your own needs CMD_NAME='program arguments'
SCHEMES ?= HEADER_HASH HEADER_PAGE_HASH HEADER_POISSON_BYTES HEADER_HYBRID#   besides the baseline NONE
SEED ?= 1#                               of everything drawn: sizes, order, samples
MEAN ?=#                                 mean gap in bytes, for every workload (default: the workload's own)
MASK ?= 0xFF#                            hash mask: 2^-(bits set) is sampled
SALT ?=#                                 1: addresses are salted before they are hashed, in each run by a number drawn from its seed
WINDOW ?= 1000#                          allocations in the base window
TIMEOUT ?= 600#                          seconds that one run may take
RUNNER ?=#                               a launcher before each run's command, such as srun -N1 -n1 -c2; with it, -j is obeyed
SHARD ?=#                                k/n: make this share only of the run files, all schemes of a workload and round together
MACHINES ?=#                             several: tables may average runs of several machines, and say so
DATA ?= data#                            where runs, tables and figures go
MONOTONIC_COUNT ?= 100000#               blocks that the workload monotonic allocates
REUSE_TURNS ?= 100000#                   turns of the workload reuse
SKIP_MISSING ?=#                         1: a program that is not installed and cannot be is no failure of `make survive` and of real programs
##

BIN := target/release
PROGRAMS := $(addprefix $(BIN)/,libsampler_preload.so sampler-run sampler-live bench-frees bench-live bench-loops bench-monotonic bench-reuse bench-steady accuracy aggregate budget comparison cost drive instructions measure-cost plot real results soak survive)
BASELINE := NONE
# What runs in each round; a baseline that was asked for too runs once.
ROUND := $(BASELINE) $(filter-out $(BASELINE),$(SCHEMES))
$(if $(shell [[ '$(RUNS)' =~ ^[1-9][0-9]{0,5}$$ ]] && echo fine),,$(error RUNS is '$(RUNS)'; accepted: a number from 1 to 999999))
$(if $(SHARD),$(if $(shell [[ '$(SHARD)' =~ ^([1-9][0-9]{0,5})/([1-9][0-9]{0,5})$$ ]] && ((BASH_REMATCH[1] <= BASH_REMATCH[2])) && echo fine),,$(error SHARD is '$(SHARD)'; accepted: k/n with k from 1 to n, such as 3/8)))
$(if $(SALT),$(if $(filter-out 1,$(SALT))$(word 2,$(SALT)),$(error SALT is '$(SALT)'; accepted: 1, or nothing)))
$(if $(MACHINES),$(if $(filter-out several,$(MACHINES))$(word 2,$(MACHINES)),$(error MACHINES is '$(MACHINES)'; accepted: several, or nothing)))
# Runs are timed: two of them must never share the machine. A launcher gives each its own part of one. Cargo has jobs of its own.
ifeq ($(strip $(RUNNER)),)
.NOTPARALLEL:
endif
TABLES := $(addprefix $(DATA)/,runs.csv processes.csv summary.csv size_bins.csv gaps.csv summary.json summary.txt)
# What a part that was measured does last (make/results.mk).
write_results = $(BIN)/results --data $(DATA)

# What each workload is, how runs are named, what each study is, and then the rules that need all of their lists.
include $(sort $(wildcard make/workloads/*.mk)) make/names.mk make/studies.mk make/runs.mk make/results.mk

.PHONY: help experiments aggregate plots test reference gathered clean needs-gnuplot needs-test FORCE

help: ## this text
	@echo 'make experiments aggregate plots   runs, tables and figures, in $(DATA)/'
	@echo
	@echo 'Targets:'
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
	@echo
	@echo 'Variables (make experiments RUNS=20):'
	@sed -n 's/^\([A-Z_]*\) ?= *\([^#]*\)# *\(.*\)/  \1\t\3 (\2)/p' $(MAKEFILE_LIST) | sed 's/ *()$$//' | expand -t 18

experiments: $(RUN_FILES) ## runs every scheme and the baseline NONE on every workload

aggregate: $(TABLES) ## run files -> CSV, JSON and text

plots: $(foreach s,$(SETS),$(DATA)/plots/$(s).drawn) $(BIN)/results ## tables -> PNG at 300 DPI
	@$(write_results)

test: needs-test needs-survive-quick ## format check, lints, and all tests
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo build --locked --release --workspace
	cargo test --locked --workspace
	$(survive_with) --quick

reference: $(TABLES) $(DATA)/plots/seed.drawn ## copies the tables and the figures of set seed to data/reference, where they are committed
	rm -rf data/reference/plots $(addprefix data/reference/,$(notdir $(TABLES))) && mkdir -p data/reference/plots
	cp $(TABLES) data/reference
	cp $(DATA)/plots/*.png data/reference/plots

gathered: $(PROGRAMS) ## after run files were copied here: takes them as this build's, so that none of them runs again
	find $(DATA)/raw $(wildcard $(DATA)/counted) -name 'run-*.json' -exec touch {} +

clean: ## removes tables and figures; raw runs stay
	rm -rf $(DATA)/plots $(TABLES) $(DERIVED)

# Cargo decides what is stale; what it leaves alone stays as old as it is, and nothing that depends on it is redone.
$(PROGRAMS) &: FORCE
	cargo build --locked --release --workspace

$(TABLES) &: $(DATA)/raw/runs.list $(BIN)/aggregate
	$(BIN)/aggregate --raw $(DATA)/raw --out $(DATA)$(if $(MACHINES), --several-machines)

$(DATA)/plots/%.drawn: $(TABLES) $(BIN)/plot | needs-gnuplot
	$(BIN)/plot --data $(DATA) --set $* --out $(DATA)/plots$(if $(filter-out seed,$*),/$*)
	@touch $@

needs-gnuplot:
	@tools/need gnuplot

needs-test:
	@tools/need gnuplot g++ jemalloc mimalloc tcmalloc python3 git sqlite3 valgrind nginx wrk memcached memcaslap redis-server redis-benchmark
	@tools/need slurmctld slurmd munged srun || echo 'without Slurm: the test of runs through it will be skipped'

FORCE:
