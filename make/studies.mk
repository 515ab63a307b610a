# What all studies share. A study X is one file, make/studies/X.mk: its variables, its run files, its tables, and the target X that measures and reports it.
# It says what is its own by these names:
#   ALL_RUN_FILES +=          its run files; runs.mk has the rule that makes them
#   PLANNED_GOAL :=           the run files that a goal makes, for the line that says how far it is
#   RUNS_OF_GOAL :=           raw, counted: whose list of runs waits for that goal's runs
#   TABLES_X :=               what its stage writes; `make clean` removes it
#   PLOTS_IN_X :=             the directory of its figures below data/plots, if they have one of their own
#   SUBSET_X :=               what `plot --subset` calls them, if not X
#   REFERENCE_X :=            what `make X-reference` copies to data/reference/X

STUDIES := $(patsubst make/studies/%.mk,%,$(wildcard make/studies/*.mk))
ALL_RUN_FILES := $(RUN_FILES)
PLANNED_experiments := $(RUN_FILES)
RUNS_OF_experiments := raw

.PHONY: $(STUDIES) $(STUDIES:%=%-reference)

include $(sort $(wildcard make/studies/*.mk))

DERIVED += $(foreach study,$(filter-out soak,$(STUDIES)) real-instructions,$(TABLES_$(study)))

# As in the Makefile: tables are written whole or not at all.
.PRECIOUS: $(foreach study,$(STUDIES),$(TABLES_$(study)))

DRAWN := accuracy comparison cost real-costs soak
$(DRAWN:%=$(DATA)/plots/%.drawn): $(DATA)/plots/%.drawn: $$(TABLES_$$*) $(BIN)/plot | needs-gnuplot
	$(BIN)/plot --data $(DATA) --subset $(or $(SUBSET_$*),$*) --out $(DATA)/plots$(PLOTS_IN_$*)
	@touch $@

COPIED := $(foreach study,$(STUDIES),$(if $(REFERENCE_$(study)),$(study)-reference))
$(COPIED): %-reference: %
	rm -rf data/reference/$* && mkdir -p data/reference/$*
	cp $(wildcard $(REFERENCE_$*)) data/reference/$*
