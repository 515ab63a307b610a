## Variables of the cost measurement (make bench BENCH_ROUNDS=5)
BENCH_ROUNDS ?= 15#                      rounds of the timed loops
PROGRAM_ROUNDS ?= 9#                     rounds of the real programs
##
$(call check,count,BENCH_ROUNDS PROGRAM_ROUNDS)

# What each scheme costs: rounds of measurements, one file each, then one table and its figures. The measured programs are prerequisites, so a new
# build is measured anew; files of different builds or machines are refused by `cost`.
COST_RAW := $(DATA)/raw/cost
COST_ROUNDS := $(foreach n,$(shell seq -f '%02g' 1 $(BENCH_ROUNDS)),$(COST_RAW)/loops-$(n).json) \
               $(foreach n,$(shell seq -f '%02g' 1 $(PROGRAM_ROUNDS)),$(COST_RAW)/programs-$(n).json)
COST_FILES := $(COST_RAW)/instructions-01.json $(COST_RAW)/memory-01.json $(COST_ROUNDS)
DERIVED += $(addprefix $(DATA)/,cost.csv cost.txt cost-findings.json)
COST_PEERS := jemalloc tcmalloc-sampling mimalloc heaptrack

.PHONY: bench bench-reference needs-bench

bench: $(DATA)/cost.csv $(DATA)/plots/cost.drawn $(BIN)/results ## what each scheme costs: time, instructions, memory, beside other allocators (ten minutes)
	@cat $(DATA)/cost.txt
	@$(write_results)

$(COST_FILES): $(BIN)/measure-cost $(BIN)/bench-loops $(BIN)/libsampler_preload.so | needs-bench
	@echo 'cost $(words $(filter $(wildcard $(COST_RAW)/*.json),$(COST_FILES)))/$(words $(COST_FILES)) done; now $(basename $(@F))'
	@exec $(BIN)/measure-cost $(firstword $(subst -, ,$(@F))) --round $(patsubst 0%,%,$(lastword $(subst -, ,$(basename $(@F))))) --out $@

# Of this call's rounds alone: files of a longer measurement before are left out.
$(DATA)/cost.csv: $(COST_FILES) $(BIN)/cost
	$(BIN)/cost --out $(DATA) $(COST_FILES) > /dev/null

$(DATA)/plots/cost.drawn: $(DATA)/cost.csv $(BIN)/plot | needs-gnuplot
	$(BIN)/plot --data $(DATA) --subset cost --out $(DATA)/plots
	@touch $@

# Without a peer or a program its rows are missing, and the table says so.
needs-bench:
	@tools/need valgrind
	@for thing in $(COST_PEERS) redis-server redis-benchmark python3 sqlite3 gcc taskset; do tools/need $$thing || true; done

bench-reference: $(DATA)/cost.csv $(DATA)/plots/cost.drawn ## copies the table and the figures of costs to data/reference, where they are committed
	mkdir -p data/reference/plots
	cp $(DATA)/cost.csv $(DATA)/cost.txt $(DATA)/cost-findings.json data/reference
	cp $(DATA)/plots/cost_*.png data/reference/plots
