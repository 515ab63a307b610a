# Set `real`: real programs under load, started, loaded and verified by `drive`. They are workloads like any other (make experiments WORKLOADS="nginx redis");
# `make experiments-real` runs all of them under the schemes that their questions are about.

## Variables of real programs (make experiments-real RUNS=2)
REAL_WORKLOADS ?= nginx memcached redis curl python#  real programs of `make experiments-real`
REAL_SCHEMES ?= NONE PLAIN HEADER_HASH HEADER_PAGE_HASH HEADER_POISSON_BYTES HEADER_HYBRID SAMPLE_HEADERS_POISSON#  schemes that they run under
REAL_RUNS ?= $(if $(filter file default undefined,$(origin RUNS)),5,$(RUNS))#  runs of each, RUNS if that is given
EFFORT ?= 100#                           share of the usual load on real programs, in percent, for a quick look
CURL_SOURCE ?= target/sources/curl.tar#  curl's sources, a tar file; the default is fetched from the distribution
##

REAL_KNOWN := nginx memcached redis curl python
NEEDS_nginx := nginx wrk
NEEDS_memcached := memcached memcaslap
NEEDS_redis := redis-server redis-benchmark
NEEDS_curl := cc make tar gzip
NEEDS_python := python3
$(foreach w,$(REAL_KNOWN),$(eval CMD_$(w) = $$(BIN)/drive $(w) --effort $$(EFFORT)))
CMD_curl += --source $(CURL_SOURCE)
$(foreach w,$(REAL_KNOWN),$(eval SET_$(w) := real)$(eval PROGRAM_$(w) := $(BIN)/drive)$(eval OPTIONS_$(w) := --driver))

REAL_NUMBERS := $(shell seq -f '%02g' 1 $(REAL_RUNS))
real_schemes_of = $(REAL_SCHEMES)
REAL_RUN_FILES := $(call run_files_of,$(call share,$(foreach n,$(REAL_NUMBERS),$(addprefix $(n):,$(REAL_WORKLOADS)))),real_schemes_of)
REAL_PARAMETER_FILES := $(sort $(foreach file,$(REAL_RUN_FILES),$(dir $(file))parameters))
REAL_TOTAL := $(words $(REAL_RUN_FILES))
NUMBERED_REAL_RUN_FILES := $(join $(addsuffix :,$(shell seq 1 $(REAL_TOTAL))),$(REAL_RUN_FILES))
real_position = $(firstword $(subst :, ,$(filter %:$@,$(NUMBERED_REAL_RUN_FILES))))
# Of the real workloads in either list.
REAL_ASKED_FILES := $(sort $(foreach w,$(REAL_KNOWN),$(filter $(DATA)/raw/real/$(w)/%,$(RUN_FILES) $(REAL_RUN_FILES))))
# What they need: as a list of their names, when they are about to run.
REAL_ASKED := $(sort $(foreach file,$(REAL_ASKED_FILES),$(call part,3,$(file))))

.PHONY: experiments-real needs-real

# A share makes its runs alone.
experiments-real: $(REAL_RUN_FILES) $(if $(SHARD),,$(TABLES) $(DATA)/plots/real.drawn $(DATA)/real.txt $(DATA)/plots/real-costs.drawn) ## real programs: servers under load, a build, scripts; then tables and figures

$(REAL_ASKED_FILES): $(BIN)/sampler-live | needs-real
# With -j too.
$(DATA)/raw/runs.list: | $(if $(filter experiments-real,$(MAKECMDGOALS)),$(REAL_RUN_FILES))

# Of curl's sources; a download that fails is a missing program.
$(filter $(DATA)/raw/real/curl/%,$(REAL_ASKED_FILES)): | target/sources/curl.tar
target/sources/curl.tar:
	$(if $(findstring $@,$(CURL_SOURCE)),tools/curl-source $@$(if $(SKIP_MISSING), || true),@true)

needs-real:
	@tools/need $(sort $(foreach w,$(if $(filter experiments-real,$(MAKECMDGOALS)),$(REAL_WORKLOADS)) $(filter $(REAL_KNOWN),$(WORKLOADS)),$(NEEDS_$(w))))$(if $(SKIP_MISSING), || true)

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
  [ $(workload) != curl ] || [ -e $(CURL_SOURCE) ] || echo $(CURL_SOURCE)))

$(filter-out $(RUN_FILES),$(REAL_RUN_FILES)): $$(@D)/parameters $(BIN)/sampler-run $(BIN)/libsampler_preload.so $$(PROGRAM_$$(workload))
	@echo 'run $(real_position)/$(REAL_TOTAL) $(workload) $(scheme)$(real_time_left)'
	$(real_count)@$(if $(real_missing),echo 'skipped: $(real_missing) is not installed'; exit 0;) exec $(RUNNER) $(BIN)/sampler-run $(call parameters_of,$(workload),$(scheme)) --timeout $(TIMEOUT) \
	  --seed $(call PREFIXED_SEED,$(SEED) $(workload) $(scheme) $(number)) \
	  --out $@ -- $(CMD_$(workload)) > $(@D)/output.txt
