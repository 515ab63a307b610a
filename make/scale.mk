# Real programs: runs of set `real` to tables and figures.

REAL_TABLES := $(addprefix $(DATA)/,real.csv real.txt real-findings.json)
DERIVED += $(REAL_TABLES)

.PRECIOUS: $(REAL_TABLES)
.PHONY: real real-reference

real: $(REAL_TABLES) $(DATA)/plots/real.drawn $(DATA)/plots/real-costs.drawn $(BIN)/results ## what the runs of real programs say: costs, ratios, bounds, figures
	@$(write_results)
	@sed -n '/^Bounds$$/,/^What the starting/p' $(DATA)/real.txt | sed '$$d'

$(REAL_TABLES) &: $(DATA)/raw/runs.list $(DATA)/counted/tables $(BIN)/real
	$(BIN)/real --raw $(DATA)/raw/real --instructions $(DATA)/real-instructions.csv --out $(DATA)

$(DATA)/plots/real-costs.drawn: $(REAL_TABLES) $(BIN)/plot | needs-gnuplot
	$(BIN)/plot --data $(DATA) --subset real --out $(DATA)/plots/real
	@touch $@

real-reference: real ## copies the tables and the figures of real programs to data/reference/real, where they are committed
	rm -rf data/reference/real && mkdir -p data/reference/real
	cp $(REAL_TABLES) $(DATA)/plots/real/*.png data/reference/real
	[ ! -e $(DATA)/real-instructions.csv ] || cp $(INSTRUCTION_TABLES) data/reference/real

## Variables of the soak (make soak SOAK_SECONDS=60)
SOAK_SECONDS ?= 600#                     how long `make soak` watches a service
SOAK_CYCLE ?= 40#                        seconds in which its load goes up and down once
##
$(call check,count,SOAK_SECONDS SOAK_CYCLE)

# What was watched is kept by `make clean`, like a run.
SOAK_FILES := $(addprefix $(DATA)/,soak.csv soak.txt)
SOAK_OPTIONS = --seconds $(SOAK_SECONDS) --cycle $(SOAK_CYCLE) --seed $(call PREFIXED_SEED,$(SEED) soak)$(if $(MEAN), --mean $(MEAN))

.PRECIOUS: $(SOAK_FILES)
.PHONY: soak soak-reference

soak: $(SOAK_FILES) $(DATA)/plots/soak.drawn ## a service under load for ten minutes, read live every second: does the estimate follow, does memory creep?
	@cat $(DATA)/soak.txt

$(DATA)/raw/soak/parameters: FORCE
	@mkdir -p $(@D)
	@echo '$(SOAK_OPTIONS)' | cmp -s - $@ || echo '$(SOAK_OPTIONS)' > $@

$(SOAK_FILES) &: $(DATA)/raw/soak/parameters $(addprefix $(BIN)/,soak sampler-live libsampler_preload.so)
	@tools/need redis-server
	@exec $(BIN)/soak $(SOAK_OPTIONS) --out $(DATA)

$(DATA)/plots/soak.drawn: $(SOAK_FILES) $(BIN)/plot | needs-gnuplot
	$(BIN)/plot --data $(DATA) --subset soak --out $(DATA)/plots
	@touch $@

soak-reference: soak ## copies the soak's files and figure to data/reference/soak, where they are committed
	rm -rf data/reference/soak && mkdir -p data/reference/soak
	cp $(SOAK_FILES) $(DATA)/plots/soak.png data/reference/soak
