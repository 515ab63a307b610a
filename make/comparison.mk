# Set `comparison`: headers on all blocks, on sampled ones, or none; what each takes in memory, and what each knows of frees.
# Every scheme expects to sample one allocation in 256: a mask of 8 bits, and means that solve E[1 - exp(-size/mean)] = 1/256.

## Variables (give them on the command line: make comparison COMPARISON_RUNS=5)
COMPARISON_RUNS ?= 3#                    runs of each scheme on each workload of set comparison
COMPARISON_RATE_RUNS ?= 10#              runs of its workloads reuse-1m and frees-reuse, of which the spread over runs is the result
##

COMPARISON_MEMORY_SCHEMES := NONE HEADER_POISSON_BYTES HEADER_HASH SAMPLE_HEADERS_POISSON SAMPLE_HEADERS_POISSON_MAP SAMPLE_HEADERS_HASH_MAP STATELESS_HASH_XOR
COMPARISON_SCHEMES := $(COMPARISON_MEMORY_SCHEMES) HEADER_PAGE_HASH HEADER_HYBRID STATELESS_HASH_SPLITMIX STATELESS_HASH_MURMURISH STATELESS_POISSON_BERNOULLI

# The seed's case: a million allocations of 16 to 4096 B, and of 16 to 256 B over a few addresses; 5 % leak.
CMD_monotonic-1m = $(BIN)/bench-monotonic --count 1000000 --leak-percent 5 --seed $(call PREFIXED_SEED,$(SEED) monotonic-1m)
MEAN_monotonic-1m_HEADER_POISSON_BYTES := 524970
MEAN_monotonic-1m_HEADER_HYBRID := 34602
CMD_reuse-1m = $(BIN)/bench-reuse --turns 1000000 --seed $(call PREFIXED_SEED,$(SEED) reuse-1m)
MEAN_reuse-1m_HEADER_POISSON_BYTES := 34730
MEAN_reuse-1m_HEADER_HYBRID := 34602

COMPARISON_RATES := reuse-1m frees-reuse
COMPARISON_FREES := frees-plain frees-realloc frees-cross-thread frees-reuse
frees = $(BIN)/bench-frees --kind $(patsubst frees-%,%,$(1)) --count $(2) --leak-percent 5 --seed $(call PREFIXED_SEED,$(SEED) $(1))
CMD_frees-plain = $(call frees,frees-plain,1000000)
CMD_frees-cross-thread = $(call frees,frees-cross-thread,1000000)
CMD_frees-reuse = $(call frees,frees-reuse,1000000)
# Two reallocs a block: three allocations.
CMD_frees-realloc = $(call frees,frees-realloc,333333)
$(foreach w,$(COMPARISON_FREES),$(eval MEAN_$(w)_HEADER_POISSON_BYTES := 110171)$(eval MEAN_$(w)_HEADER_HYBRID := 49052))
MEAN_frees-realloc_HEADER_POISSON_BYTES := 121679

# Live blocks: live-BLOCKS-BYTES. Of blocks of one size s the mean is s / -ln(1 - 1/256).
BLOCKS_100k := 100000
BLOCKS_1m := 1000000
BLOCKS_10m := 10000000
MEAN_OF_16 := 4088
MEAN_OF_64 := 16352
MEAN_OF_256 := 65408
MEAN_OF_4096 := 1046527
live_blocks = $(BLOCKS_$(word 2,$(subst -, ,$(1))))
live_bytes = $(word 3,$(subst -, ,$(1)))
COMPARISON_LIVE := $(foreach blocks,100k 1m 10m,$(foreach bytes,16 64 256 4096,live-$(blocks)-$(bytes)))
$(foreach w,$(COMPARISON_LIVE),$(eval CMD_$(w) = $$(BIN)/bench-live --blocks $$(call live_blocks,$(w)) --size $$(call live_bytes,$(w)))$(eval MEAN_$(w)_HEADER_POISSON_BYTES := $(MEAN_OF_$(call live_bytes,$(w)))))
# A cell needs, with a header, the size and 24 B a block, rounded up to 16; one that needs over half of the available memory is not run.
COMPARISON_LIVE_RUN := $(shell available=$$(awk '/^MemAvailable:/ { printf "%.0f", $$2 * 1024 }' /proc/meminfo); \
  for cell in $(foreach w,$(COMPARISON_LIVE),$(w):$(call live_blocks,$(w)):$(call live_bytes,$(w))); do \
    IFS=: read -r name blocks bytes <<< "$$cell"; \
    if ((blocks * ((bytes + 39) / 16 * 16) <= available / 2)); then echo $$name; fi; done)

COMPARISON_WORKLOADS := monotonic-1m reuse-1m $(COMPARISON_FREES) $(COMPARISON_LIVE_RUN)
$(foreach w,monotonic-1m reuse-1m $(COMPARISON_FREES) $(COMPARISON_LIVE),$(eval SET_$(w) := comparison)$(eval OPTIONS_$(w) := --ground-truth)$(eval PROGRAM_$(w) = $$(firstword $$(CMD_$(w)))))

comparison_schemes_of = $(if $(filter live-%,$(1)),$(COMPARISON_MEMORY_SCHEMES),$(COMPARISON_SCHEMES))
COMPARISON_NUMBERS := $(shell seq -f '%02g' 1 $(COMPARISON_RUNS))
COMPARISON_RATE_NUMBERS := $(shell seq -f '%02g' 1 $(COMPARISON_RATE_RUNS))
# Round by round, as everywhere.
COMPARISON_RUN_FILES := $(call run_files_of,$(call share,$(foreach n,$(sort $(COMPARISON_NUMBERS) $(COMPARISON_RATE_NUMBERS)), \
  $(addprefix $(n):,$(if $(filter $(n),$(COMPARISON_NUMBERS)),$(filter-out $(COMPARISON_RATES),$(COMPARISON_WORKLOADS))) $(if $(filter $(n),$(COMPARISON_RATE_NUMBERS)),$(COMPARISON_RATES))))),comparison_schemes_of)
COMPARISON_PARAMETER_FILES := $(sort $(foreach file,$(COMPARISON_RUN_FILES),$(dir $(file))parameters))
COMPARISON_TABLES := $(addprefix $(DATA)/,comparison.csv comparison.txt comparison-findings.json)

.PHONY: comparison comparison-reference clean-comparison

# A share makes its runs alone: tables are of all of them.
comparison: $(if $(SHARD),$(COMPARISON_RUN_FILES),$(COMPARISON_TABLES) $(DATA)/plots/comparison.drawn $(BIN)/results) ## headers on all blocks, on sampled ones, or none: memory, frees, cost
	@$(if $(SHARD),,$(write_results))

$(filter-out $(PARAMETER_FILES),$(COMPARISON_PARAMETER_FILES)): export PARAMETERS = $(call parameters_of,$(workload),$(scheme)) SEED $(SEED) -- $(CMD_$(workload))
$(filter-out $(PARAMETER_FILES),$(COMPARISON_PARAMETER_FILES)): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$PARAMETERS" | cmp -s - $@ || printf '%s\n' "$$PARAMETERS" > $@

$(filter-out $(RUN_FILES),$(COMPARISON_RUN_FILES)): $$(@D)/parameters $(BIN)/sampler-run $(BIN)/libsampler_preload.so $$(PROGRAM_$$(workload))
	@echo 'comparison: $(workload) $(scheme) run $(number)'
	@exec $(RUNNER) $(BIN)/sampler-run $(call parameters_of,$(workload),$(scheme)) --timeout $(TIMEOUT) \
	  --seed $(call PREFIXED_SEED,$(SEED) $(workload) $(scheme) $(number)) \
	  --out $@ -- $(CMD_$(workload)) > $(@D)/output.txt

$(DATA)/lines-of-tracking.csv: tools/lines-of-tracking $(wildcard sampler-preload/src/*.rs sampler-core/src/*.rs)
	@mkdir -p $(@D)
	tools/lines-of-tracking > $@

# With what `make bench` measures.
$(COMPARISON_TABLES) &: $(COMPARISON_RUN_FILES) $(DATA)/lines-of-tracking.csv $(BIN)/comparison $(DATA)/cost.csv
	$(BIN)/comparison --raw $(DATA)/raw/comparison --cost $(DATA)/cost.csv --lines $(DATA)/lines-of-tracking.csv --out $(DATA)

$(DATA)/plots/comparison.drawn: $(COMPARISON_TABLES) $(BIN)/plot | needs-gnuplot
	$(BIN)/plot --data $(DATA) --subset comparison --out $(DATA)/plots/comparison
	@touch $@

comparison-reference: comparison ## copies the comparison's files and figures to data/reference/comparison, where they are committed
	rm -rf data/reference/comparison && mkdir -p data/reference/comparison
	cp $(COMPARISON_TABLES) $(DATA)/plots/comparison/*.png data/reference/comparison

clean: clean-comparison
clean-comparison:
	rm -f $(COMPARISON_TABLES) $(DATA)/lines-of-tracking.csv
