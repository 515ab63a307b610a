# How a run is made: one rule for its file and one for its parameters, for all sets.
#
# A workload W says what is its own by CMD_W (its command), and where it has them PROGRAM_W (the program of ours in it), OPTIONS_W (of sampler-run),
# NEEDS_W (what must be installed) and TREE_W (a directory that must be there); a set by RUN_SEED_SET and PROGRESS_SET, where they are not the usual ones;
# a root, raw or counted, by COMMAND_ENDS_ROOT.

command = $(CMD_$(workload))$(if $(COMMAND_ENDS_$(root)), $(COMMAND_ENDS_$(root)))

# Rewritten only when the text changes, so that a changed parameter reruns just what it touches.
PARAMETER_FILES := $(filter-out $(BUDGETED_PARAMETERS),$(addsuffix parameters,$(sort $(dir $(ALL_RUN_FILES)))))
$(PARAMETER_FILES): export PARAMETERS = $(call parameters_of,$(workload),$(scheme)) SEED $(SEED) -- $(command)
$(PARAMETER_FILES): FORCE
	@$(if $(CMD_$(workload)),,echo 'make: workload $(workload) has no command: give CMD_$(workload)="program arguments"; known without: monotonic reuse' >&2; exit 1)
	@mkdir -p $(@D)
	@printf '%s\n' "$$PARAMETERS" | cmp -s - $@ || printf '%s\n' "$$PARAMETERS" > $@

# What `budget` solved, or what the workload says.
run_options = $(if $(filter $(@D)/parameters,$(BUDGETED_PARAMETERS)),$$(< $(@D)/parameters) --window $(WINDOW) $(OPTIONS_$(workload)),$(call parameters_of,$(workload),$(scheme)))
run_seed = $(or $(RUN_SEED_$(set)),$(call PREFIXED_SEED,$(SEED) $(workload) $(scheme) $(number)))

# How far it is, and the time left: as long as the runs of this call took so far. Recipes are expanded when they run, so a counter can be kept in a variable.
# Timed runs and counted ones have a count of their own.
ALL_PLANNED := $(foreach goal,$(MAKECMDGOALS),$(PLANNED_$(goal)))
numbered = $(join $(addsuffix :,$(shell seq 1 $(words $(1)))),$(1))
PLANNED_IN_raw := $(filter $(DATA)/raw/%,$(ALL_PLANNED))
PLANNED_IN_counted := $(filter $(DATA)/counted/%,$(ALL_PLANNED))
NUMBERED_IN_raw := $(call numbered,$(PLANNED_IN_raw))
NUMBERED_IN_counted := $(call numbered,$(PLANNED_IN_counted))
RUN_IN_counted := instructions
total = $(words $(PLANNED_IN_$(root)))
position = $(firstword $(subst :, ,$(filter %:$@,$(NUMBERED_IN_$(root)))))
seconds_left = ($$(date +%s) - $(START_IN_$(root))) * ($(total) - $(position) + 1) / $(words $(MADE_IN_$(root)))
# Of short runs it is said only where it is a minute or more.
time_left = $(if $(MADE_IN_$(root)),$(shell seconds=$$(($(seconds_left))); ((seconds < 60$(if $(NEEDS_$(workload)), && 0))) || echo ", about $$(((seconds + 59) / 60)) min left"),$(eval START_IN_$(root) := $(shell date +%s)))$(eval MADE_IN_$(root) += made)
# A run that was asked for by its path is in no plan.
usual_progress = $(or $(RUN_IN_$(root)),run) $(if $(position),$(position)/$(total),$(number)) $(workload) $(scheme)$(if $(position),$(time_left))
progress = $(if $(filter undefined,$(origin PROGRESS_$(set))),$(usual_progress),$(PROGRESS_$(set)))

# What a workload needs, if it says so.
needs = $(if $(NEEDS_$(workload)),needs-$(workload)) $(TREE_$(workload))
# With SKIP_MISSING: the first thing that is not there.
missing = $(if $(SKIP_MISSING),$(shell for program in $(NEEDS_$(workload)) $(NEEDS_$(root)); do PATH=$$PATH:/usr/sbin:/sbin command -v $$program > /dev/null || { echo $$program; exit; }; done; \
  [ -z "$(TREE_$(workload))" ] || [ -e "$(TREE_$(workload))" ] || echo "its source"))

# In the shell's place, so that a signal that ends make reaches the run and not a shell that leaves it behind.
ALL_RUN_FILES := $(sort $(ALL_RUN_FILES))
$(ALL_RUN_FILES): $$(@D)/parameters $(BIN)/sampler-run $(BIN)/libsampler_preload.so $$(PROGRAM_$$(workload)) | $$(needs)
	@$(eval SAID := $(progress))$(if $(SAID),echo '$(SAID)';) $(if $(missing),echo 'skipped: $(missing) is not installed'; exit 0;) \
	  exec $(RUNNER) $(BIN)/sampler-run $(run_options) --timeout $(TIMEOUT) --seed $(run_seed) --out $@ -- $(command) > $(@D)/output.txt

# The list of inputs, with their times: rewritten only when a run was added, removed or redone. It waits for the runs of the goals, with -j too.
$(DATA)/raw/runs.list $(DATA)/counted/runs.list: FORCE | $$(runs_before)
	@mkdir -p $(@D)
	@find $(@D) -name 'run-*.json' -printf '%P %s %T@\n' | LC_ALL=C sort > $@.part
	@cmp -s $@.part $@ && rm $@.part || mv $@.part $@
runs_before = $(foreach goal,$(MAKECMDGOALS),$(if $(filter $(notdir $(@D)),$(RUNS_OF_$(goal))),$(filter $(@D)/%,$(PLANNED_$(goal)))))
