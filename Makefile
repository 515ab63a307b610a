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

# What a variable may be. Its text becomes a part of paths, of targets and of shell commands, so another form ends make before anything is started or
# written. It is looked at as it was given: Make would expand a dollar sign.
FORM_names := ^([A-Za-z0-9][A-Za-z0-9._+-]*|[[:space:]])*$$
WORDS_names := names of letters, digits and . _ + - that begin with a letter or a digit
# Letters of other alphabets, too: all bytes that are not ASCII.
FORM_path := ^([A-Za-z0-9._/]|[^ -~[:cntrl:]])([A-Za-z0-9._/+,@-]|[^ -~[:cntrl:]])*$$
WORDS_path := a path of letters, digits and . _ / + - , @ that does not begin with one of the last four
FORM_path_or_nothing := ^$$|$(FORM_path)
WORDS_path_or_nothing := nothing, or $(WORDS_path)
FORM_count := ^[1-9][0-9]{0,5}$$
WORDS_count := a number from 1 to 999999
FORM_count_or_nothing := ^$$|$(FORM_count)
WORDS_count_or_nothing := nothing, or $(WORDS_count)
FORM_large_count := ^[1-9][0-9]{0,11}$$
WORDS_large_count := a number from 1 to 999999999999
FORM_seconds := ^[0-9]{1,9}$$
WORDS_seconds := a number of seconds from 0, which is for ever, to 999999999
FORM_number := ^([0-9]{1,20}|0[xX][0-9A-Fa-f]{1,16})$$
WORDS_number := a decimal or 0x number
FORM_number_or_nothing := ^$$|$(FORM_number)
WORDS_number_or_nothing := nothing, or $(WORDS_number)
FORM_word := ^[A-Za-z0-9._-]+$$
WORDS_word := letters, digits and . _ -
FORM_share_of_one := ^1/[1-9][0-9]{0,18}$$
WORDS_share_of_one := 1/n, such as 1/256
FORM_part := ^([1-9][0-9]{0,5}/[1-9][0-9]{0,5})?$$
WORDS_part := k/n with k from 1 to n, such as 3/8
FORM_switch := ^1?$$
WORDS_switch := 1, or nothing
FORM_several := ^(several)?$$
WORDS_several := several, or nothing
define newline


endef
# Make itself would end a shell command at a new line.
quoted = '$(subst $(newline),;,$(subst ','\'',$(1)))'
# $(call check,FORM,VARIABLES)
check = $(foreach wrong,$(shell LC_ALL=C; form=$(call quoted,$(FORM_$(1))); $(foreach name,$(2),[[ $(call quoted,$(value $(name))) =~ $$form ]] || echo $(name);)),$(error $(wrong) is '$(subst $(newline), ,$(value $(wrong)))'; accepted: $(WORDS_$(1))))
$(call check,count,RUNS)
$(call check,names,WORKLOADS SCHEMES)
$(call check,path,DATA)
$(call check,word,SEED)
$(call check,number,MASK WINDOW)
$(call check,number_or_nothing,MEAN)
$(call check,seconds,TIMEOUT)
$(call check,large_count,MONOTONIC_COUNT REUSE_TURNS)
$(call check,switch,SALT SKIP_MISSING)
$(call check,several,MACHINES)
$(call check,part,SHARD)
$(if $(SHARD),$(if $(shell (($(subst /,<=,$(SHARD)))) && echo fine),,$(error SHARD is '$(SHARD)'; accepted: $(WORDS_part))))
# Make takes ./ from targets.
override DATA := $(patsubst ./%,%,$(DATA))

BIN := target/release
PROGRAMS := $(addprefix $(BIN)/,libsampler_preload.so sampler-run sampler-live bench-frees bench-live bench-loops bench-monotonic bench-reuse bench-steady accuracy aggregate budget compare-references comparison cost drive instructions measure-cost plot real results soak survive)
BASELINE := NONE
# What runs in each round; a baseline that was asked for too runs once.
ROUND := $(BASELINE) $(filter-out $(BASELINE),$(SCHEMES))
# Runs are timed: two of them must never share the machine. A launcher gives each its own part of one. Cargo has jobs of its own.
ifeq ($(strip $(RUNNER)),)
.NOTPARALLEL:
endif
TABLES := $(addprefix $(DATA)/,runs.csv processes.csv summary.csv size_bins.csv gaps.csv summary.json summary.txt)
# What a part that was measured does last (make/results.mk).
write_results = $(BIN)/results --data $(DATA)

# What each workload is, how runs are named, what each study is, and then the rules that need all of their lists.
include $(sort $(wildcard make/workloads/*.mk)) make/names.mk make/studies.mk make/runs.mk make/results.mk make/compare_references.mk make/mutants.mk

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
	cargo clippy --locked --workspace --all-targets --target-dir target -- -D warnings
	tools/build
	cargo test --locked --workspace --target-dir target
	$(survive_with) --quick

reference: $(TABLES) $(DATA)/plots/seed.drawn ## copies the tables and the figures of set seed to data/reference, where they are committed
	rm -rf data/reference/plots $(addprefix data/reference/,$(notdir $(TABLES))) && mkdir -p data/reference/plots
	cp $(TABLES) data/reference
	cp $(DATA)/plots/*.png data/reference/plots

gathered: $(PROGRAMS) ## after run files were copied here: takes them as this build's, so that none of them runs again
	find $(DATA)/raw $(wildcard $(DATA)/counted) -name 'run-*.json' -exec touch {} +

clean: ## removes tables and figures; raw runs stay
	rm -rf $(DATA)/plots $(TABLES) $(DERIVED)

# Of a rule with several targets Make deletes those that a failing recipe has not even touched. All these are written whole or not at all, and what is older
# than its inputs is made again, so what an earlier call made stays.
.PRECIOUS: $(PROGRAMS) $(TABLES)

# Cargo decides what is stale; what it leaves alone stays as old as it is, and nothing that depends on it is redone.
$(PROGRAMS) &: FORCE
	tools/build

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
