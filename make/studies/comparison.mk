# Study and set `comparison`: headers on all blocks, on sampled ones, or none; what each takes in memory, and what each knows of frees.

## Variables (give them on the command line: make comparison COMPARISON_RUNS=5)
COMPARISON_RUNS ?= 3#                    runs of each scheme on each workload of set comparison
COMPARISON_RATE_RUNS ?= 10#              runs of its workloads reuse-1m and frees-reuse, of which the spread over runs is the result
##
$(call check,count,COMPARISON_RUNS COMPARISON_RATE_RUNS)

COMPARISON_MEMORY_SCHEMES := NONE HEADER_POISSON_BYTES HEADER_HASH SAMPLE_HEADERS_POISSON SAMPLE_HEADERS_POISSON_MAP SAMPLE_HEADERS_HASH_MAP STATELESS_HASH_XOR
COMPARISON_SCHEMES := $(COMPARISON_MEMORY_SCHEMES) HEADER_PAGE_HASH HEADER_HYBRID STATELESS_HASH_SPLITMIX STATELESS_HASH_MURMURISH STATELESS_POISSON_BERNOULLI

# A cell needs, with a header, the size and 24 B a block, rounded up to 16; one that needs over half of the available memory is not run.
COMPARISON_LIVE_RUN := $(shell available=$$(awk '/^MemAvailable:/ { printf "%.0f", $$2 * 1024 }' /proc/meminfo); \
  for cell in $(foreach w,$(COMPARISON_LIVE),$(w):$(call live_blocks,$(w)):$(call live_bytes,$(w))); do \
    IFS=: read -r name blocks bytes <<< "$$cell"; \
    if ((blocks * ((bytes + 39) / 16 * 16) <= available / 2)); then echo $$name; fi; done)

COMPARISON_WORKLOADS := monotonic-1m reuse-1m $(COMPARISON_FREES) $(COMPARISON_LIVE_RUN)

comparison_schemes_of = $(if $(filter live-%,$(1)),$(COMPARISON_MEMORY_SCHEMES),$(COMPARISON_SCHEMES))
COMPARISON_NUMBERS := $(call run_numbers,$(COMPARISON_RUNS))
COMPARISON_RATE_NUMBERS := $(call run_numbers,$(COMPARISON_RATE_RUNS))
# Round by round, as everywhere.
COMPARISON_RUN_FILES := $(call run_files_of,$(call share,$(foreach n,$(sort $(COMPARISON_NUMBERS) $(COMPARISON_RATE_NUMBERS)), \
  $(addprefix $(n):,$(if $(filter $(n),$(COMPARISON_NUMBERS)),$(filter-out $(COMPARISON_RATES),$(COMPARISON_WORKLOADS))) $(if $(filter $(n),$(COMPARISON_RATE_NUMBERS)),$(COMPARISON_RATES))))),comparison_schemes_of)
ALL_RUN_FILES += $(COMPARISON_RUN_FILES)
PLANNED_comparison := $(COMPARISON_RUN_FILES)
TABLES_comparison := $(addprefix $(DATA)/,comparison.csv comparison.txt comparison-findings.json)
REFERENCE_comparison := $(TABLES_comparison) $(DATA)/plots/comparison/*.png
PLOTS_IN_comparison := /comparison
DERIVED += $(DATA)/lines-of-tracking.csv

# A share makes its runs alone: tables are of all of them.
comparison: $(if $(SHARD),$(COMPARISON_RUN_FILES),$(TABLES_comparison) $(DATA)/plots/comparison.drawn $(BIN)/results) ## headers on all blocks, on sampled ones, or none: memory, frees, cost
	@$(if $(SHARD),,$(write_results))

comparison-reference: ## copies the comparison's files and figures to data/reference/comparison, where they are committed

$(DATA)/lines-of-tracking.csv: tools/lines-of-tracking $(wildcard sampler-preload/src/*.rs sampler-core/src/*.rs)
	@mkdir -p $(@D)
	tools/lines-of-tracking > $@

# With what `make cost` measures.
$(TABLES_comparison) &: $(COMPARISON_RUN_FILES) $(DATA)/lines-of-tracking.csv $(BIN)/comparison $(DATA)/cost.csv
	$(BIN)/comparison --raw $(DATA)/raw/comparison --cost $(DATA)/cost.csv --lines $(DATA)/lines-of-tracking.csv --out $(DATA)
