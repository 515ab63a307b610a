# Study `accuracy`, sets `accuracy` and `accuracy-bytes`: how wrong each scheme is at equal budget. A counting run of each workload (scheme SIZES) finds its
# sizes, `budget` solves the mask and the means with which every scheme expects the same samples, and many short runs follow.

## Variables (make accuracy ACCURACY_RUNS=50)
ACCURACY_RUNS ?= 200#                    runs of each scheme on each workload of the sets accuracy
ACCURACY_BUDGET ?= 1/256#                share that each scheme expects to sample: of allocations, and in set accuracy-bytes of bytes
##
$(call check,count,ACCURACY_RUNS)
$(call check,share_of_one,ACCURACY_BUDGET)

ACCURACY_SCHEMES := HEADER_POISSON_BYTES HEADER_BERNOULLI HEADER_HYBRID HEADER_HASH_SPLITMIX HEADER_HASH HEADER_PAGE_HASH
# At equal bytes a mask is what it was; only means differ.
ACCURACY_BYTES_WORKLOADS := monotonic-50 steady-300
ACCURACY_BYTES_SCHEMES := HEADER_POISSON_BYTES HEADER_BERNOULLI HEADER_HYBRID

ACCURACY_RAW := $(DATA)/raw/accuracy
ACCURACY_BYTES_RAW := $(DATA)/raw/accuracy-bytes
TABLES_accuracy := $(addprefix $(DATA)/,accuracy.csv accuracy.txt accuracy-findings.json)
REFERENCE_accuracy := $(filter-out %.csv,$(TABLES_accuracy)) $(DATA)/plots/accuracy/*.png
PLOTS_IN_accuracy := /accuracy

accuracy: $(TABLES_accuracy) $(DATA)/plots/accuracy.drawn $(BIN)/results ## how wrong each scheme's estimates are at equal budget: bias, coverage, leaks, blind spots
	@$(write_results)

accuracy-reference: ## copies accuracy.txt, its answers and its figures to data/reference/accuracy, where they are committed

# Some twenty thousand run files, so their rules are there only when they are wanted.
ifneq ($(filter accuracy accuracy-reference $(DATA)/raw/accuracy% $(TABLES_accuracy),$(MAKECMDGOALS)),)

ACCURACY_NUMBERS := $(shell seq -f '%03g' 1 $(ACCURACY_RUNS))
accuracy_run_files = $(foreach s,$(3),$(1)/$(2)/$(s)/run-$(4).json)
# Round by round.
ACCURACY_RUN_FILES := $(foreach n,$(ACCURACY_NUMBERS), \
  $(foreach w,$(ACCURACY_WORKLOADS),$(call accuracy_run_files,$(ACCURACY_RAW),$(w),$(or $(ACCURACY_SCHEMES_$(w)),$(ACCURACY_SCHEMES)),$(n))) \
  $(foreach w,$(ACCURACY_BYTES_WORKLOADS),$(call accuracy_run_files,$(ACCURACY_BYTES_RAW),$(w),$(ACCURACY_BYTES_SCHEMES),$(n))))
ACCURACY_COUNTING_FILES := $(ACCURACY_WORKLOADS:%=$(ACCURACY_RAW)/%/SIZES/run-001.json)
ACCURACY_BUDGETS := $(ACCURACY_WORKLOADS:%=$(ACCURACY_RAW)/%/budget.json) $(ACCURACY_BYTES_WORKLOADS:%=$(ACCURACY_BYTES_RAW)/%/budget.json)
ALL_RUN_FILES += $(ACCURACY_COUNTING_FILES) $(ACCURACY_RUN_FILES)

# Options of sampler-run that `budget` writes: rewritten only where they change, so a scheme whose parameters stay the same is not run again.
BUDGETED_PARAMETERS := $(sort $(foreach file,$(filter %/run-001.json,$(ACCURACY_RUN_FILES)),$(dir $(file))parameters))
$(BUDGETED_PARAMETERS): $$(dir $$(@D))budget.json ;

$(ACCURACY_RAW)/%/budget.json: $(ACCURACY_RAW)/%/SIZES/run-001.json $(BIN)/budget FORCE
	@$(BIN)/budget --sizes $< --budget $(ACCURACY_BUDGET) --of allocs$(if $(SALT), --salted) --out $(@D)

$(ACCURACY_BYTES_RAW)/%/budget.json: $(ACCURACY_RAW)/%/SIZES/run-001.json $(BIN)/budget FORCE
	@$(BIN)/budget --sizes $< --budget $(ACCURACY_BUDGET) --of bytes$(if $(SALT), --salted) --out $(@D)

# On the workload's command too, which the counting run's parameters hold.
$(ACCURACY_RUN_FILES): $(ACCURACY_RAW)/$$(workload)/SIZES/parameters
accuracy_path = $(set)/$(workload)/$(scheme)
RUN_SEED_accuracy = 0x$$(printf %x $$(($(call accuracy_seed,$(accuracy_path)) ^ 10\#$(number))))
RUN_SEED_accuracy-bytes = $(RUN_SEED_accuracy)
PROGRESS_accuracy = $(if $(filter %00,$(number)),$(accuracy_path): run $(number) of $(ACCURACY_RUNS))
PROGRESS_accuracy-bytes = $(PROGRESS_accuracy)

$(TABLES_accuracy) &: $(ACCURACY_RUN_FILES) $(ACCURACY_BUDGETS) $(BIN)/accuracy
	$(BIN)/accuracy --raw $(DATA)/raw --out $(DATA)

endif
