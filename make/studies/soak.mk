# Study `soak`: one service under load, read live.

## Variables of the soak (make soak SOAK_SECONDS=60)
SOAK_SECONDS ?= 600#                     how long `make soak` watches a service
SOAK_CYCLE ?= 40#                        seconds in which its load goes up and down once
##
$(call check,count,SOAK_SECONDS SOAK_CYCLE)

# What was watched is kept by `make clean`, like a run.
TABLES_soak := $(addprefix $(DATA)/,soak.csv soak.txt)
REFERENCE_soak := $(TABLES_soak) $(DATA)/plots/soak.png
SOAK_OPTIONS = --seconds $(SOAK_SECONDS) --cycle $(SOAK_CYCLE) --seed $(call PREFIXED_SEED,$(SEED) soak)$(if $(MEAN), --mean $(MEAN))

soak: $(TABLES_soak) $(DATA)/plots/soak.drawn ## a service under load for ten minutes, read live every second: does the estimate follow, does memory creep?
	@cat $(DATA)/soak.txt

soak-reference: ## copies the soak's files and figure to data/reference/soak, where they are committed

$(DATA)/raw/soak/parameters: FORCE
	@mkdir -p $(@D)
	@echo '$(SOAK_OPTIONS)' | cmp -s - $@ || echo '$(SOAK_OPTIONS)' > $@

$(TABLES_soak) &: $(DATA)/raw/soak/parameters $(addprefix $(BIN)/,soak sampler-live libsampler_preload.so)
	@tools/need redis-server
	@exec $(BIN)/soak $(SOAK_OPTIONS) --out $(DATA)
