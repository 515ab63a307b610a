# Sets `accuracy` and `accuracy-bytes`: how wrong each scheme is at equal budget. A counting run of each workload (scheme SIZES) finds its sizes, `budget` solves
# the mask and the means with which every scheme expects the same samples, and many short runs follow.

## Variables (make accuracy ACCURACY_RUNS=50)
ACCURACY_RUNS ?= 200#                    runs of each scheme on each workload of the sets accuracy
ACCURACY_BUDGET ?= 1/256#                share that each scheme expects to sample: of allocations, and in set accuracy-bytes of bytes
##
$(call check,count,ACCURACY_RUNS)
$(call check,share_of_one,ACCURACY_BUDGET)

ACCURACY_SCHEMES := HEADER_POISSON_BYTES HEADER_BERNOULLI HEADER_HYBRID HEADER_HASH_SPLITMIX HEADER_HASH HEADER_PAGE_HASH

# $(call accuracy_workload,NAME,PROGRAM,ARGUMENTS[,SCHEMES]). The number in most names is the number of samples to expect at 1/256.
ACCURACY_WORKLOADS :=
accuracy_workload = $(eval ACCURACY_WORKLOADS += $(1))$(eval ACCURACY_PROGRAM_$(1) := $(BIN)/$(2))$(eval ACCURACY_ARGUMENTS_$(1) := $(3))$(eval ACCURACY_SCHEMES_$(1) := $(or $(4),$(ACCURACY_SCHEMES)))
$(call accuracy_workload,monotonic-5,bench-monotonic,--count 1280)
$(call accuracy_workload,monotonic-50,bench-monotonic,--count 12800)
$(call accuracy_workload,monotonic-300,bench-monotonic,--count 76800)
$(call accuracy_workload,reuse-5,bench-reuse,--turns 1280)
$(call accuracy_workload,reuse-50,bench-reuse,--turns 12800)
$(call accuracy_workload,reuse-400,bench-reuse,--turns 102400)
$(call accuracy_workload,steady-50,bench-steady,--slots 500 --turns 11900 --leak 360x64 --leak 40x3000)
$(call accuracy_workload,steady-300,bench-steady,--slots 1000 --turns 73400 --leak 2160x64 --leak 240x3000)
# Four counter slots: windows and gaps are those of threads.
$(call accuracy_workload,steady-t4,bench-steady,--slots 1000 --turns 75800 --threads 4,HEADER_POISSON_BYTES HEADER_BERNOULLI HEADER_HASH)
# Leaks of six sizes, each in a size bin of its own, so that one run holds six; over the six workloads each size leaks 1, 3, 10, 30, 100 and 300 blocks.
accuracy_leaks = $(call accuracy_workload,$(1),bench-steady,--slots 300 --turns 6000 $(foreach leak,$(2),--leak $(leak)))
$(call accuracy_leaks,leaks-1,1x48 3x100 10x400 30x3000 100x10000 300x40000)
$(call accuracy_leaks,leaks-2,3x48 10x100 30x400 100x3000 300x10000 1x40000)
$(call accuracy_leaks,leaks-3,10x48 30x100 100x400 300x3000 1x10000 3x40000)
$(call accuracy_leaks,leaks-4,30x48 100x100 300x400 1x3000 3x10000 10x40000)
$(call accuracy_leaks,leaks-5,100x48 300x100 1x400 3x3000 10x10000 30x40000)
$(call accuracy_leaks,leaks-6,300x48 1x100 3x400 10x3000 30x10000 100x40000)
# Addresses in steps: what a hash of them makes of a regular layout, beside one that mixes and one that draws.
$(foreach stride,80 128 1024 4096,$(call accuracy_workload,stride-$(stride),bench-steady,--slots 12800 --turns 0 --stride $(stride),HEADER_BERNOULLI HEADER_HASH_SPLITMIX HEADER_HASH HEADER_PAGE_HASH))

# At equal bytes a mask is what it was; only means differ.
ACCURACY_BYTES_WORKLOADS := monotonic-50 steady-300
ACCURACY_BYTES_SCHEMES := HEADER_POISSON_BYTES HEADER_BERNOULLI HEADER_HYBRID

ACCURACY_RAW := $(DATA)/raw/accuracy
ACCURACY_BYTES_RAW := $(DATA)/raw/accuracy-bytes
ACCURACY_TABLES := $(addprefix $(DATA)/,accuracy.csv accuracy.txt accuracy-findings.json)

.PRECIOUS: $(ACCURACY_TABLES)
.PHONY: accuracy accuracy-reference clean-accuracy

accuracy: $(ACCURACY_TABLES) $(DATA)/plots/accuracy.drawn $(BIN)/results ## how wrong each scheme's estimates are at equal budget: bias, coverage, leaks, blind spots
	@$(write_results)

# Some twenty thousand run files, so their rules are there only when they are wanted.
ifneq ($(filter accuracy accuracy-reference $(DATA)/raw/accuracy% $(ACCURACY_TABLES),$(MAKECMDGOALS)),)

ACCURACY_NUMBERS := $(shell seq -f '%03g' 1 $(ACCURACY_RUNS))
accuracy_run_files = $(foreach s,$(3),$(1)/$(2)/$(s)/run-$(4).json)
# Round by round.
ACCURACY_RUN_FILES := $(foreach n,$(ACCURACY_NUMBERS), \
  $(foreach w,$(ACCURACY_WORKLOADS),$(call accuracy_run_files,$(ACCURACY_RAW),$(w),$(ACCURACY_SCHEMES_$(w)),$(n))) \
  $(foreach w,$(ACCURACY_BYTES_WORKLOADS),$(call accuracy_run_files,$(ACCURACY_BYTES_RAW),$(w),$(ACCURACY_BYTES_SCHEMES),$(n))))
ACCURACY_COUNTING := $(foreach w,$(ACCURACY_WORKLOADS),$(ACCURACY_RAW)/$(w)/SIZES)
ACCURACY_BUDGETS := $(addsuffix /budget.json,$(addprefix $(ACCURACY_RAW)/,$(ACCURACY_WORKLOADS)) $(addprefix $(ACCURACY_BYTES_RAW)/,$(ACCURACY_BYTES_WORKLOADS)))
ACCURACY_PARAMETERS := $(sort $(foreach file,$(filter %/run-001.json,$(ACCURACY_RUN_FILES)),$(dir $(file))parameters))

accuracy_path = $(call part,4,$@)/$(workload)/$(scheme)
accuracy_command = $(ACCURACY_PROGRAM_$(1)) $(ACCURACY_ARGUMENTS_$(1)) --seed $(call accuracy_seed,$(1))
# Of a workload or a path, worked out once: with twenty thousand runs the processes that take a hash would be much of the time.
accuracy_seed = $(or $(ACCURACY_SEED_$(1)),$(eval ACCURACY_SEED_$(1) := $(call PREFIXED_SEED,$(SEED) $(1)))$(ACCURACY_SEED_$(1)))

$(ACCURACY_COUNTING:=/parameters): export PARAMETERS = --scheme SIZES --window $(WINDOW) -- $(call accuracy_command,$(workload))
$(ACCURACY_COUNTING:=/parameters): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$PARAMETERS" | cmp -s - $@ || printf '%s\n' "$$PARAMETERS" > $@

$(ACCURACY_COUNTING:=/run-001.json): %/run-001.json: %/parameters $(BIN)/sampler-run $(BIN)/libsampler_preload.so $$(ACCURACY_PROGRAM_$$(workload))
	$(BIN)/sampler-run --scheme SIZES --window $(WINDOW) --ground-truth --timeout $(TIMEOUT) --out $@ -- $(call accuracy_command,$(workload)) > $(@D)/output.txt

# Rewritten only where their text changes: a scheme whose parameters stay the same is not run again.
$(ACCURACY_RAW)/%/budget.json: $(ACCURACY_RAW)/%/SIZES/run-001.json $(BIN)/budget FORCE
	@$(BIN)/budget --sizes $< --budget $(ACCURACY_BUDGET) --of allocs$(if $(SALT), --salted) --out $(@D)

$(ACCURACY_BYTES_RAW)/%/budget.json: $(ACCURACY_RAW)/%/SIZES/run-001.json $(BIN)/budget FORCE
	@$(BIN)/budget --sizes $< --budget $(ACCURACY_BUDGET) --of bytes$(if $(SALT), --salted) --out $(@D)

$(ACCURACY_PARAMETERS): $$(dir $$(@D))budget.json ;

# Depends on the workload's command too, through the counting run's parameters.
$(ACCURACY_RUN_FILES): $$(@D)/parameters $(ACCURACY_RAW)/$$(workload)/SIZES/parameters $(BIN)/sampler-run $(BIN)/libsampler_preload.so $$(ACCURACY_PROGRAM_$$(workload))
	@$(if $(filter %00,$(number)),echo '$(accuracy_path): run $(number) of $(ACCURACY_RUNS)';) exec $(RUNNER) $(BIN)/sampler-run $$(< $(@D)/parameters) --window $(WINDOW) --ground-truth --timeout $(TIMEOUT) \
	  --seed 0x$$(printf %x $$(($(call accuracy_seed,$(accuracy_path)) ^ 10#$(number)))) \
	  --out $@ -- $(call accuracy_command,$(workload)) > $(@D)/output.txt

$(ACCURACY_TABLES) &: $(ACCURACY_RUN_FILES) $(ACCURACY_BUDGETS) $(BIN)/accuracy
	$(BIN)/accuracy --raw $(DATA)/raw --out $(DATA)

endif

$(DATA)/plots/accuracy.drawn: $(ACCURACY_TABLES) $(BIN)/plot | needs-gnuplot
	$(BIN)/plot --data $(DATA) --subset accuracy --out $(DATA)/plots/accuracy
	@touch $@

accuracy-reference: accuracy ## copies accuracy.txt, its answers and its figures to data/reference/accuracy, where they are committed
	rm -rf data/reference/accuracy && mkdir -p data/reference/accuracy
	cp $(DATA)/accuracy.txt $(DATA)/accuracy-findings.json $(DATA)/plots/accuracy/*.png data/reference/accuracy

clean: clean-accuracy
clean-accuracy:
	rm -f $(ACCURACY_TABLES)
