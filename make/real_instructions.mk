# Instructions of real programs, by callgrind: what a noisy machine cannot move. Their run files lie beside data/raw, since their times mean nothing.
# (Named so that it is read after real.mk, whose lists it takes.)

## Variables of counted instructions (make real-instructions INSTRUCTION_RUNS=3)
INSTRUCTION_SCHEMES ?= PLAIN NONE HEADER_POISSON_BYTES SAMPLE_HEADERS_POISSON#  schemes that instructions of real programs are counted under
INSTRUCTION_RUNS ?= 2#                   runs of each
##
$(call check,names,INSTRUCTION_SCHEMES)
$(call check,count,INSTRUCTION_RUNS)

INSTRUCTION_RAW := $(DATA)/counted/real
INSTRUCTION_WORKLOADS := $(filter $(REAL_KNOWN),$(REAL_WORKLOADS))
INSTRUCTION_NUMBERS := $(shell seq -f '%02g' 1 $(INSTRUCTION_RUNS))
# Round by round, and by shares, as the timed runs.
INSTRUCTION_RUN_FILES := $(foreach r,$(call share,$(foreach n,$(INSTRUCTION_NUMBERS),$(addprefix $(n):,$(INSTRUCTION_WORKLOADS)))), \
  $(foreach s,$(INSTRUCTION_SCHEMES),$(INSTRUCTION_RAW)/$(call workload_in,$(r))/$(s)/run-$(call number_in,$(r)).json))
INSTRUCTION_PARAMETER_FILES := $(sort $(foreach file,$(INSTRUCTION_RUN_FILES),$(dir $(file))parameters))
INSTRUCTION_TOTAL := $(words $(INSTRUCTION_RUN_FILES))
NUMBERED_INSTRUCTION_RUN_FILES := $(join $(addsuffix :,$(shell seq 1 $(INSTRUCTION_TOTAL))),$(INSTRUCTION_RUN_FILES))
instruction_position = $(firstword $(subst :, ,$(filter %:$@,$(NUMBERED_INSTRUCTION_RUN_FILES))))
INSTRUCTION_TABLES := $(addprefix $(DATA)/,real-instructions.csv real-instructions.txt)
DERIVED += $(INSTRUCTION_TABLES) $(DATA)/counted/tables

.PHONY: real-instructions needs-instructions

real-instructions: $(if $(SHARD),$(INSTRUCTION_RUN_FILES),$(DATA)/plots/real-instructions.drawn) ## instructions of real programs, by callgrind: what noise cannot move (five minutes)
	@$(if $(SHARD),,[ ! -e $(DATA)/real-instructions.txt ] || cat $(DATA)/real-instructions.txt)

# A part of all that is measured of real programs, after the timed runs.
experiments-real: $(if $(SHARD),$(INSTRUCTION_RUN_FILES),$(DATA)/plots/real-instructions.drawn)
real: $(DATA)/plots/real-instructions.drawn

needs-instructions:
	@tools/need valgrind$(if $(SKIP_MISSING), || true)
$(INSTRUCTION_RUN_FILES): | needs-instructions
$(foreach w,$(REAL_KNOWN),$(eval $(filter $(INSTRUCTION_RAW)/$(w)/%,$(INSTRUCTION_RUN_FILES)): | needs-real-$(w)))
$(filter $(INSTRUCTION_RAW)/curl/%,$(INSTRUCTION_RUN_FILES)): | $(CURL_TREE)

$(INSTRUCTION_PARAMETER_FILES): export PARAMETERS = $(call parameters_of,$(workload),$(scheme)) SEED $(SEED) -- $(CMD_$(workload)) --instructions
$(INSTRUCTION_PARAMETER_FILES): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$PARAMETERS" | cmp -s - $@ || printf '%s\n' "$$PARAMETERS" > $@

instruction_missing = $(if $(SKIP_MISSING),$(shell PATH=$$PATH:/usr/sbin:/sbin command -v valgrind > /dev/null || echo valgrind))

$(INSTRUCTION_RUN_FILES): $$(@D)/parameters $(BIN)/sampler-run $(BIN)/sampler-live $(BIN)/libsampler_preload.so $(BIN)/drive
	@echo 'instructions $(instruction_position)/$(INSTRUCTION_TOTAL) $(workload) $(scheme)'
	@$(if $(or $(instruction_missing),$(real_missing)),echo 'skipped: $(or $(instruction_missing),$(real_missing)) is not installed'; exit 0;) exec $(RUNNER) $(BIN)/sampler-run $(call parameters_of,$(workload),$(scheme)) --timeout $(TIMEOUT) \
	  --seed $(call PREFIXED_SEED,$(SEED) $(workload) $(scheme) $(number)) \
	  --out $@ -- $(CMD_$(workload)) --instructions > $(@D)/output.txt

# What is there, with times; what was skipped is not.
$(DATA)/counted/runs.list: FORCE | $(if $(filter real-instructions experiments-real,$(MAKECMDGOALS)),$(INSTRUCTION_RUN_FILES))
	@mkdir -p $(@D)
	@find $(@D) -name 'run-*.json' -printf '%P %s %T@\n' | LC_ALL=C sort > $@.part
	@cmp -s $@.part $@ && rm $@.part || mv $@.part $@

# Without a counted run there is no table.
$(DATA)/counted/tables: $(DATA)/counted/runs.list $(BIN)/instructions
	@if [ -s $< ]; then $(BIN)/instructions --raw $(INSTRUCTION_RAW) --out $(DATA); else rm -f $(INSTRUCTION_TABLES); fi
	@touch $@

$(DATA)/plots/real-instructions.drawn: $(DATA)/counted/tables $(BIN)/plot | needs-gnuplot
	@mkdir -p $(@D)
	if [ -e $(DATA)/real-instructions.csv ]; then $(BIN)/plot --data $(DATA) --subset real-instructions --out $(DATA)/plots/real; fi
	@touch $@
