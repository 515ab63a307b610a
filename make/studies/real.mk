# Study and set `real`: real programs (make/workloads/real.mk) under the schemes that their questions are about.

## Variables of real programs (make real RUNS=2)
REAL_WORKLOADS ?= nginx memcached redis curl python#  real programs of `make real`
REAL_SCHEMES ?= NONE PLAIN HEADER_HASH HEADER_PAGE_HASH HEADER_POISSON_BYTES HEADER_HYBRID SAMPLE_HEADERS_POISSON#  schemes that they run under
REAL_RUNS ?=#                            runs of each (default: RUNS if that is given, else 5)
##
$(call check,names,REAL_WORKLOADS REAL_SCHEMES)
$(call check,count_or_nothing,REAL_RUNS)

REAL_NUMBERS := $(call run_numbers,$(or $(REAL_RUNS),$(if $(filter file default undefined,$(origin RUNS)),5,$(RUNS))))
real_schemes_of = $(REAL_SCHEMES)
REAL_RUN_FILES := $(call run_files_of,$(call share,$(foreach n,$(REAL_NUMBERS),$(addprefix $(n):,$(REAL_WORKLOADS)))),real_schemes_of)
ALL_RUN_FILES += $(REAL_RUN_FILES)
PLANNED_real := $(REAL_RUN_FILES)
PLANNED_experiments-real := $(REAL_RUN_FILES)
RUNS_OF_real := raw
RUNS_OF_experiments-real := raw
TABLES_real := $(addprefix $(DATA)/,real.csv real.txt real-findings.json)
REFERENCE_real := $(TABLES_real) $(DATA)/plots/real/*.png
SUBSET_real-costs := real
TABLES_real-costs := $(TABLES_real)
PLOTS_IN_real-costs := /real

.PHONY: experiments-real

# A share makes its runs alone. Instructions, below, are a part of it.
real: $(REAL_RUN_FILES) $(if $(SHARD),,$(TABLES) $(DATA)/plots/real.drawn $(TABLES_real) $(DATA)/plots/real-costs.drawn $(BIN)/results) ## real programs: servers under load, a build, scripts; costs, ratios, bounds, figures
	@$(if $(SHARD),,$(write_results))
	@$(if $(SHARD),,sed -n '/^Bounds$$/,/^What the starting/p' $(DATA)/real.txt | sed '$$d')

experiments-real: real ## the same as real

real-reference: ## copies the tables and the figures of real programs to data/reference/real, where they are committed

$(TABLES_real) &: $(DATA)/raw/runs.list $(DATA)/counted/tables $(BIN)/real
	$(BIN)/real --raw $(DATA)/raw/real --instructions $(DATA)/real-instructions.csv --out $(DATA)

# The other half: instructions of the same programs, by callgrind, which a noisy machine cannot move. Their run files lie beside data/raw, since their times
# mean nothing.

## Variables of counted instructions (make real-instructions INSTRUCTION_RUNS=3)
INSTRUCTION_SCHEMES ?= PLAIN NONE HEADER_POISSON_BYTES SAMPLE_HEADERS_POISSON#  schemes that instructions of real programs are counted under
INSTRUCTION_RUNS ?= 2#                   runs of each
##
$(call check,names,INSTRUCTION_SCHEMES)
$(call check,count,INSTRUCTION_RUNS)

INSTRUCTION_RAW := $(DATA)/counted/real
# Round by round, and by shares, as the timed runs.
instruction_schemes_of = $(INSTRUCTION_SCHEMES)
INSTRUCTION_RUN_FILES := $(patsubst $(DATA)/raw/%,$(DATA)/counted/%,$(call run_files_of, \
  $(call share,$(foreach n,$(call run_numbers,$(INSTRUCTION_RUNS)),$(addprefix $(n):,$(filter $(REAL_KNOWN),$(REAL_WORKLOADS))))),instruction_schemes_of))
ALL_RUN_FILES += $(INSTRUCTION_RUN_FILES)
PLANNED_real-instructions := $(INSTRUCTION_RUN_FILES)
PLANNED_real += $(INSTRUCTION_RUN_FILES)
PLANNED_experiments-real += $(INSTRUCTION_RUN_FILES)
RUNS_OF_real-instructions := counted
RUNS_OF_real += counted
RUNS_OF_experiments-real += counted
TABLES_real-instructions := $(addprefix $(DATA)/,real-instructions.csv real-instructions.txt)
DERIVED += $(DATA)/counted/tables

.PHONY: real-instructions needs-instructions

real-instructions: $(if $(SHARD),$(INSTRUCTION_RUN_FILES),$(DATA)/plots/real-instructions.drawn) ## instructions of real programs, by callgrind: what noise cannot move (five minutes)
	@$(if $(SHARD),,[ ! -e $(DATA)/real-instructions.txt ] || cat $(DATA)/real-instructions.txt)

real: $(if $(SHARD),$(INSTRUCTION_RUN_FILES),$(DATA)/plots/real-instructions.drawn)

# A counted run is one of the same command, with this option; `drive` starts callgrind.
COMMAND_ENDS_counted := --instructions
NEEDS_counted := valgrind
needs-instructions:
	@tools/need valgrind$(if $(SKIP_MISSING), || true)
$(INSTRUCTION_RUN_FILES): | needs-instructions

# Without a counted run there is no table.
$(DATA)/counted/tables: $(DATA)/counted/runs.list $(BIN)/instructions
	@if [ -s $< ]; then $(BIN)/instructions --raw $(INSTRUCTION_RAW) --out $(DATA); else rm -f $(TABLES_real-instructions); fi
	@touch $@

$(DATA)/plots/real-instructions.drawn: $(DATA)/counted/tables $(BIN)/plot | needs-gnuplot
	@mkdir -p $(@D)
	if [ -e $(DATA)/real-instructions.csv ]; then $(BIN)/plot --data $(DATA) --subset real-instructions --out $(DATA)/plots/real; fi
	@touch $@
