# How runs are named, and with which parameters they are made.
#
# A run file is $(DATA)/raw/SET/WORKLOAD/SCHEME/run-NN.json. Runs go round by round, all schemes of run 1, then of run 2, so that drift of the machine hits
# all alike.

# $(call PREFIXED_SEED,WORDS): the seed that these words stand for.
PREFIXED_SEED = 0x$(firstword $(shell printf '%s' '$(1)' | sha256sum | cut -c1-16))
# The mean of your own programs.
MEAN_OWN := 524288

# $(call set_of,WORKLOAD), $(call mean_of,WORKLOAD,SCHEME)
set_of = $(or $(SET_$(1)),own)
# Schemes that differ in their tracking alone have the same mean.
mean_of = $(or $(MEAN),$(MEAN_$(1)_$(2)),$(if $(findstring POISSON,$(2)),$(MEAN_$(1)_HEADER_POISSON_BYTES)),$(MEAN_OWN))
# Of those that use a mask, all but this hash.
SALT_OPTION := $(if $(SALT), --salt seed)
# $(call parameters_of,WORKLOAD,SCHEME): options of sampler-run, those only that the scheme uses and that a result depends on.
USES_MASK := HEADER_HASH HEADER_PAGE_HASH HEADER_HYBRID HEADER_BERNOULLI HEADER_HASH_SPLITMIX SAMPLE_HEADERS_HASH_MAP STATELESS_HASH_XOR STATELESS_HASH_SPLITMIX STATELESS_HASH_MURMURISH
USES_MEAN := HEADER_POISSON_BYTES HEADER_HYBRID SAMPLE_HEADERS_POISSON SAMPLE_HEADERS_POISSON_MAP STATELESS_POISSON_BERNOULLI
parameters_of = --scheme $(2)$(if $(filter $(2),$(USES_MASK)), --mask $(MASK)$(if $(filter-out HEADER_BERNOULLI,$(2)),$(SALT_OPTION)))$(if $(filter $(2),$(USES_MEAN)), --mean $(call mean_of,$(1),$(2))) --window $(WINDOW) $(OPTIONS_$(1))

# $(call run_numbers,RUNS): 01 02 ...
run_numbers = $(shell seq -f '%02g' 1 $(1))
# Runs that are compared with each other, all schemes of a workload and round, are one word NUMBER:WORKLOAD: with SHARD=3/8 every eighth word, from the
# third on. So they are of one machine, and shares differ by one word at most.
share = $(if $(SHARD),$(foreach i,$(shell seq $(firstword $(subst /, ,$(SHARD))) $(lastword $(subst /, ,$(SHARD))) $(words $(1))),$(word $(i),$(1))),$(1))
number_in = $(firstword $(subst :, ,$(1)))
workload_in = $(lastword $(subst :, ,$(1)))
run_directory = $(DATA)/raw/$(call set_of,$(1))/$(1)/$(2)
# $(call run_files_of,WORDS,FUNCTION): the function gives a workload's schemes.
run_files_of = $(foreach r,$(1),$(foreach s,$(call $(2),$(call workload_in,$(r))),$(call run_directory,$(call workload_in,$(r)),$(s))/run-$(call number_in,$(r)).json))

# The runs of `make experiments`.
round_of = $(ROUND)
RUN_FILES := $(call run_files_of,$(call share,$(foreach n,$(call run_numbers,$(RUNS)),$(addprefix $(n):,$(WORKLOADS)))),round_of)
SETS := $(sort $(foreach w,$(WORKLOADS),$(call set_of,$(w))))

# Of the path that is made: its parts, counted from its end.
part = $(call from_end,$(1),$(subst /, ,$@))
from_end = $(word $(words $(wordlist $(1),$(words $(2)),$(2))),$(2))
scheme = $(call part,2)
workload = $(call part,3)
set = $(call part,4)
root = $(call part,5)
number = $(patsubst run-%.json,%,$(@F))
