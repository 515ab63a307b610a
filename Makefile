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
SURVIVE ?=#                              programs that `make survive` runs (default: all; SCHEMES, if given, are the schemes)
SKIP_MISSING ?=#                         1: a program that is not installed and cannot be is no failure of `make survive` and of real programs
##

BIN := target/release
PROGRAMS := $(addprefix $(BIN)/,libsampler_preload.so sampler-run sampler-live bench-frees bench-live bench-loops bench-monotonic bench-reuse bench-steady accuracy aggregate budget compare-references comparison cost drive instructions measure-cost plot real results soak survive)
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

# What each workload is: its set, its program, its command, its options of sampler-run, and the mean of each scheme that has one.
# Set `seed` repeats the seed's table, with the means that it did not state.
PREFIXED_SEED = 0x$(firstword $(shell printf '%s' '$(1)' | sha256sum | cut -c1-16))
SET_monotonic := seed
PROGRAM_monotonic := $(BIN)/bench-monotonic
CMD_monotonic = $(PROGRAM_monotonic) --count $(MONOTONIC_COUNT) --seed $(call PREFIXED_SEED,$(SEED) monotonic)
OPTIONS_monotonic := --ground-truth
MEAN_monotonic_HEADER_POISSON_BYTES := 524288
MEAN_monotonic_HEADER_HYBRID := 65536
SET_reuse := seed
PROGRAM_reuse := $(BIN)/bench-reuse
CMD_reuse = $(PROGRAM_reuse) --turns $(REUSE_TURNS) --seed $(call PREFIXED_SEED,$(SEED) reuse)
OPTIONS_reuse := --ground-truth
MEAN_reuse_HEADER_POISSON_BYTES := 65536
MEAN_reuse_HEADER_HYBRID := 65536
include make/workloads/comparison.mk make/workloads/real.mk
# Your own programs.
MEAN_OWN := 524288

# $(call set_of,WORKLOAD), $(call mean_of,WORKLOAD,SCHEME)
set_of = $(or $(SET_$(1)),own)
# Schemes that differ in their tracking alone have the same mean.
mean_of = $(or $(MEAN),$(MEAN_$(1)_$(2)),$(if $(findstring POISSON,$(2)),$(MEAN_$(1)_HEADER_POISSON_BYTES)),$(MEAN_OWN))
# Of those that use a mask, all but this hash.
SALT_OPTION := $(if $(SALT), --salt seed)
# $(call parameters_of,WORKLOAD,SCHEME): options of sampler-run, those only that the scheme uses and that a result depends on.
USES_MASK := HEADER_HASH HEADER_PAGE_HASH HEADER_HYBRID HEADER_BERNOULLI HEADER_HASH_SPLITMIX SAMPLE_HEADERS_HASH_MAP STATELESS_HASH_XOR STATELESS_HASH_SPLITMIX STATELESS_HASH_MURMURISH
USES_MEAN := HEADER_POISSON_BYTES HEADER_HYBRID SAMPLE_HEADERS_POISSON SAMPLE_HEADERS_POISSON_MAP STATELESS_POISSON_BERNOULLI
parameters_of = --scheme $(2)$(if $(filter $(2),$(USES_MASK)), --mask $(MASK)$(if $(filter-out HEADER_BERNOULLI,$(2)),$(SALT_OPTION)))$(if $(filter $(2),$(USES_MEAN)), --mean $(call mean_of,$(1),$(2))) --window $(WINDOW) $(OPTIONS_$(1))

# A run file is $(DATA)/raw/SET/WORKLOAD/SCHEME/run-NN.json: round by round, all schemes of run 1, then of run 2, so that drift of the machine hits all alike.
run_directory = $(DATA)/raw/$(call set_of,$(1))/$(1)/$(2)
NUMBERS := $(shell seq -f '%02g' 1 $(RUNS))
# Runs that are compared with each other, all schemes of a workload and round, are one word NUMBER:WORKLOAD: with SHARD=3/8 every eighth word, from the
# third on. So they are of one machine, and shares differ by one word at most.
share = $(if $(SHARD),$(foreach i,$(shell seq $(firstword $(subst /, ,$(SHARD))) $(lastword $(subst /, ,$(SHARD))) $(words $(1))),$(word $(i),$(1))),$(1))
number_in = $(firstword $(subst :, ,$(1)))
workload_in = $(lastword $(subst :, ,$(1)))
# $(call run_files_of,WORDS,FUNCTION): the function gives a workload's schemes.
run_files_of = $(foreach r,$(1),$(foreach s,$(call $(2),$(call workload_in,$(r))),$(call run_directory,$(call workload_in,$(r)),$(s))/run-$(call number_in,$(r)).json))
round_of = $(ROUND)
RUN_FILES := $(call run_files_of,$(call share,$(foreach n,$(NUMBERS),$(addprefix $(n):,$(WORKLOADS)))),round_of)
PARAMETER_FILES := $(foreach w,$(WORKLOADS),$(foreach s,$(ROUND),$(call run_directory,$(w),$(s))/parameters))
SETS := $(sort $(foreach w,$(WORKLOADS),$(call set_of,$(w))))
TOTAL := $(words $(RUN_FILES))
NUMBERED_RUN_FILES := $(join $(addsuffix :,$(shell seq 1 $(TOTAL))),$(RUN_FILES))

# Of a path: its parts, counted from its end.
part = $(word $(1),$(subst /, ,$(patsubst $(DATA)/%,%,$(2))))
workload = $(call part,3,$@)
scheme = $(call part,4,$@)
number = $(patsubst run-%.json,%,$(@F))
position = $(firstword $(subst :, ,$(filter %:$@,$(NUMBERED_RUN_FILES))))

# Real programs, one script each, which says what it needs.
SURVIVE_SCRIPTS := $(if $(SURVIVE),$(SURVIVE:%=survive/programs/%.sh),$(wildcard survive/programs/*.sh))
QUICK_SCRIPTS := $(shell grep -lx '\# quick' survive/programs/*.sh)
install_needs_of = tools/need $(sort $(shell sed -n 's/^\# needs: //p' $(1)))$(if $(SKIP_MISSING), || true)
survive_with = $(BIN)/survive $(if $(SKIP_MISSING),--skip-missing) $(if $(filter command%,$(origin SCHEMES)),$(addprefix --scheme ,$(SCHEMES)))

# What a part that was measured does last (make/results.mk).
write_results = $(BIN)/results --data $(DATA)

.PHONY: help experiments aggregate plots test survive survive-quick reference gathered clean needs-gnuplot needs-test needs-survive needs-survive-quick FORCE

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

survive: needs-survive $(PROGRAMS) ## real programs print the same under every scheme
	$(survive_with) $(SURVIVE)

survive-quick: needs-survive-quick $(PROGRAMS) ## the quick ones of them
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

# Rewritten only when the text changes, so that a changed parameter reruns just what it touches.
$(PARAMETER_FILES): export PARAMETERS = $(call parameters_of,$(workload),$(scheme)) SEED $(SEED) -- $(CMD_$(workload))
$(PARAMETER_FILES): FORCE
	@$(if $(CMD_$(workload)),,echo 'make: workload $(workload) has no command: give CMD_$(workload)="program arguments"; known without: monotonic reuse' >&2; exit 1)
	@mkdir -p $(@D)
	@printf '%s\n' "$$PARAMETERS" | cmp -s - $@ || printf '%s\n' "$$PARAMETERS" > $@

# In the shell's place, so that a signal that ends make reaches the run and not a shell that leaves it behind.
$(RUN_FILES): $$(@D)/parameters $(BIN)/sampler-run $(BIN)/libsampler_preload.so $$(PROGRAM_$$(workload))
	@echo 'run $(position)/$(TOTAL) $(workload) $(scheme)'
	@exec $(RUNNER) $(BIN)/sampler-run $(call parameters_of,$(workload),$(scheme)) --timeout $(TIMEOUT) \
	  --seed $(call PREFIXED_SEED,$(SEED) $(workload) $(scheme) $(number)) \
	  --out $@ -- $(CMD_$(workload)) > $(@D)/output.txt

# The list of inputs, with their times: rewritten only when a run was added, removed or redone.
$(DATA)/raw/runs.list: FORCE | $(if $(filter experiments,$(MAKECMDGOALS)),$(RUN_FILES))
	@mkdir -p $(@D)
	@find $(@D) -name 'run-*.json' -printf '%P %s %T@\n' | LC_ALL=C sort > $@.part
	@cmp -s $@.part $@ && rm $@.part || mv $@.part $@

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

needs-survive:
	@$(call install_needs_of,$(SURVIVE_SCRIPTS))

needs-survive-quick:
	@$(call install_needs_of,$(QUICK_SCRIPTS))

include $(sort $(wildcard make/*.mk))

FORCE:
