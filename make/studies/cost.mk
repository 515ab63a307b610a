# Study `cost`: what each scheme costs. Rounds of measurements, one file each, then one table and its figures. The measured programs are prerequisites, so
# a new build is measured anew; files of different builds or machines are refused by `cost`.

## Variables of the cost measurement (make cost BENCH_ROUNDS=5)
BENCH_ROUNDS ?= 15#                      rounds of the timed loops
PROGRAM_ROUNDS ?= 9#                     rounds of the real programs
##
$(call check,count,BENCH_ROUNDS PROGRAM_ROUNDS)

COST_RAW := $(DATA)/raw/cost
COST_ROUNDS := $(foreach n,$(call run_numbers,$(BENCH_ROUNDS)),$(COST_RAW)/loops-$(n).json) \
               $(foreach n,$(call run_numbers,$(PROGRAM_ROUNDS)),$(COST_RAW)/programs-$(n).json)
COST_FILES := $(COST_RAW)/instructions-01.json $(COST_RAW)/memory-01.json $(COST_ROUNDS)
COST_PEERS := jemalloc tcmalloc-sampling mimalloc heaptrack
TABLES_cost := $(addprefix $(DATA)/,cost.csv cost.txt cost-findings.json)

.PHONY: bench bench-reference needs-cost

cost: $(TABLES_cost) $(DATA)/plots/cost.drawn $(BIN)/results ## what each scheme costs: time, instructions, memory, beside other allocators (ten minutes)
	@cat $(DATA)/cost.txt
	@$(write_results)

bench: cost ## the same as cost

$(COST_FILES): $(BIN)/measure-cost $(BIN)/bench-loops $(BIN)/libsampler_preload.so | needs-cost
	@echo 'cost $(words $(filter $(wildcard $(COST_RAW)/*.json),$(COST_FILES)))/$(words $(COST_FILES)) done; now $(basename $(@F))'
	@exec $(BIN)/measure-cost $(firstword $(subst -, ,$(@F))) --round $(patsubst 0%,%,$(lastword $(subst -, ,$(basename $(@F))))) --out $@

# Of this call's rounds alone: files of a longer measurement before are left out.
$(TABLES_cost) &: $(COST_FILES) $(BIN)/cost
	$(BIN)/cost --out $(DATA) $(COST_FILES) > /dev/null

# Without a peer or a program its rows are missing, and the table says so.
needs-cost:
	@tools/need valgrind
	@for thing in $(COST_PEERS) redis-server redis-benchmark python3 sqlite3 gcc taskset; do tools/need $$thing || true; done

# Beside the tables and figures of set seed.
cost-reference: cost ## copies the tables and the figures of costs to data/reference, where they are committed
	mkdir -p data/reference/plots
	cp $(TABLES_cost) data/reference
	cp $(DATA)/plots/cost_*.png data/reference/plots

bench-reference: cost-reference ## the same as cost-reference
