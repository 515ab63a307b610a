# `make experiments-real`: real programs (make/workloads/real.mk) under the schemes that their questions are about.

## Variables of real programs (make experiments-real RUNS=2)
REAL_WORKLOADS ?= nginx memcached redis curl python#  real programs of `make experiments-real`
REAL_SCHEMES ?= NONE PLAIN HEADER_HASH HEADER_PAGE_HASH HEADER_POISSON_BYTES HEADER_HYBRID SAMPLE_HEADERS_POISSON#  schemes that they run under
REAL_RUNS ?=#                            runs of each (default: RUNS if that is given, else 5)
##
$(call check,names,REAL_WORKLOADS REAL_SCHEMES)
$(call check,count_or_nothing,REAL_RUNS)

REAL_NUMBERS := $(shell seq -f '%02g' 1 $(or $(REAL_RUNS),$(if $(filter file default undefined,$(origin RUNS)),5,$(RUNS))))
real_schemes_of = $(REAL_SCHEMES)
REAL_RUN_FILES := $(call run_files_of,$(call share,$(foreach n,$(REAL_NUMBERS),$(addprefix $(n):,$(REAL_WORKLOADS)))),real_schemes_of)
REAL_PARAMETER_FILES := $(sort $(foreach file,$(REAL_RUN_FILES),$(dir $(file))parameters))
REAL_TOTAL := $(words $(REAL_RUN_FILES))
NUMBERED_REAL_RUN_FILES := $(join $(addsuffix :,$(shell seq 1 $(REAL_TOTAL))),$(REAL_RUN_FILES))
real_position = $(firstword $(subst :, ,$(filter %:$@,$(NUMBERED_REAL_RUN_FILES))))
# Of the real workloads in either list.
REAL_ASKED_FILES := $(sort $(foreach w,$(REAL_KNOWN),$(filter $(DATA)/raw/real/$(w)/%,$(RUN_FILES) $(REAL_RUN_FILES))))
.PHONY: experiments-real $(addprefix needs-real-,$(REAL_KNOWN))

# A share makes its runs alone.
experiments-real: $(REAL_RUN_FILES) $(if $(SHARD),,$(TABLES) $(DATA)/plots/real.drawn $(DATA)/real.txt $(DATA)/plots/real-costs.drawn $(BIN)/results) ## real programs: servers under load, a build, scripts; then tables and figures
	@$(if $(SHARD),,$(write_results))

$(REAL_ASKED_FILES): $(BIN)/sampler-live
# With -j too.
$(DATA)/raw/runs.list: | $(if $(filter experiments-real,$(MAKECMDGOALS)),$(REAL_RUN_FILES))
$(foreach w,$(REAL_KNOWN),$(eval $(filter $(DATA)/raw/real/$(w)/%,$(REAL_ASKED_FILES)): | needs-real-$(w)))
$(addprefix needs-real-,$(REAL_KNOWN)): needs-real-%:
	@tools/need $(NEEDS_$*)$(if $(SKIP_MISSING), || true)

# Unpacked and configured once; a download that fails is a missing program.
$(filter $(DATA)/raw/real/curl/%,$(REAL_ASKED_FILES)): | $(CURL_TREE)
$(CURL_TREE): $(CURL_SOURCE) | needs-real-curl
	tools/curl-source $@ $(CURL_SOURCE)$(if $(SKIP_MISSING), || true)

$(filter-out $(PARAMETER_FILES) $(COMPARISON_PARAMETER_FILES),$(REAL_PARAMETER_FILES)): export PARAMETERS = $(call parameters_of,$(workload),$(scheme)) SEED $(SEED) -- $(CMD_$(workload))
$(filter-out $(PARAMETER_FILES) $(COMPARISON_PARAMETER_FILES),$(REAL_PARAMETER_FILES)): FORCE
	@$(if $(CMD_$(workload)),,echo 'make: workload $(workload) has no command: give CMD_$(workload)="program arguments"; known without: $(REAL_KNOWN)' >&2; exit 1)
	@mkdir -p $(@D)
	@printf '%s\n' "$$PARAMETERS" | cmp -s - $@ || printf '%s\n' "$$PARAMETERS" > $@

# Time left: as long as the runs of this call took so far. Recipes are expanded when they run, so a counter can be kept in a variable.
REAL_MADE := 0
REAL_START :=
real_time_left = $(if $(REAL_START),$(shell \
  if (($(REAL_MADE) > 0)); then echo ", about $$(((($$(date +%s) - $(REAL_START)) * ($(REAL_TOTAL) - $(real_position) + 1) / $(REAL_MADE) + 59) / 60)) min left"; fi),$(eval REAL_START := $(shell date +%s)))
real_count = $(eval REAL_MADE := $(shell echo $$(($(REAL_MADE) + 1))))
# A program that is not there, if that is to be said and no more.
real_missing = $(if $(SKIP_MISSING),$(shell for program in $(NEEDS_$(workload)); do PATH=$$PATH:/usr/sbin:/sbin command -v $$program > /dev/null || { echo $$program; break; }; done; \
  [ $(workload) != curl ] || [ -e $(CURL_TREE) ] || echo "its source"))

$(filter-out $(RUN_FILES),$(REAL_RUN_FILES)): $$(@D)/parameters $(BIN)/sampler-run $(BIN)/libsampler_preload.so $$(PROGRAM_$$(workload))
	@echo 'run $(real_position)/$(REAL_TOTAL) $(workload) $(scheme)$(real_time_left)'
	$(real_count)@$(if $(real_missing),echo 'skipped: $(real_missing) is not installed'; exit 0;) exec $(RUNNER) $(BIN)/sampler-run $(call parameters_of,$(workload),$(scheme)) --timeout $(TIMEOUT) \
	  --seed $(call PREFIXED_SEED,$(SEED) $(workload) $(scheme) $(number)) \
	  --out $@ -- $(CMD_$(workload)) > $(@D)/output.txt
