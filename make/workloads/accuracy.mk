# Workloads of the sets `accuracy` and `accuracy-bytes`. The number in most names is the number of samples to expect at 1/256.

# $(call accuracy_workload,NAME,PROGRAM,ARGUMENTS[,SCHEMES]): the schemes are all of the study, unless they are given.
ACCURACY_WORKLOADS :=
accuracy_workload = $(eval ACCURACY_WORKLOADS += $(1))$(eval PROGRAM_$(1) := $(BIN)/$(2))$(eval CMD_$(1) = $(BIN)/$(2) $(3) --seed $$(call accuracy_seed,$(1)))$(eval OPTIONS_$(1) := --ground-truth)$(eval ACCURACY_SCHEMES_$(1) := $(4))
# Of a workload or a path, worked out once: with twenty thousand runs the processes that take a hash would be much of the time.
accuracy_seed = $(or $(ACCURACY_SEED_$(1)),$(eval ACCURACY_SEED_$(1) := $(call PREFIXED_SEED,$(SEED) $(1)))$(ACCURACY_SEED_$(1)))

$(call accuracy_workload,monotonic-5,bench-monotonic,--count 1280)
$(call accuracy_workload,monotonic-50,bench-monotonic,--count 12800)
$(call accuracy_workload,monotonic-300,bench-monotonic,--count 76800)
$(call accuracy_workload,reuse-5,bench-reuse,--turns 1280)
$(call accuracy_workload,reuse-50,bench-reuse,--turns 12800)
$(call accuracy_workload,reuse-400,bench-reuse,--turns 102400)
$(call accuracy_workload,steady-50,bench-steady,--slots 500 --turns 11900 --leak 360x64 --leak 40x3000)
$(call accuracy_workload,steady-300,bench-steady,--slots 1000 --turns 73400 --leak 2160x64 --leak 240x3000)
# Four counter slots: windows and gaps are those of threads.
$(call accuracy_workload,steady-t4,bench-steady,--slots 1000 --turns 75800 --threads 4,HEADER_POISSON_BYTES HEADER_BERNOULLI HEADER_HASH)
# Leaks of six sizes, each in a size bin of its own, so that one run holds six; over the six workloads each size leaks 1, 3, 10, 30, 100 and 300 blocks.
accuracy_leaks = $(call accuracy_workload,$(1),bench-steady,--slots 300 --turns 6000 $(foreach leak,$(2),--leak $(leak)))
$(call accuracy_leaks,leaks-1,1x48 3x100 10x400 30x3000 100x10000 300x40000)
$(call accuracy_leaks,leaks-2,3x48 10x100 30x400 100x3000 300x10000 1x40000)
$(call accuracy_leaks,leaks-3,10x48 30x100 100x400 300x3000 1x10000 3x40000)
$(call accuracy_leaks,leaks-4,30x48 100x100 300x400 1x3000 3x10000 10x40000)
$(call accuracy_leaks,leaks-5,100x48 300x100 1x400 3x3000 10x10000 30x40000)
$(call accuracy_leaks,leaks-6,300x48 1x100 3x400 10x3000 30x10000 100x40000)
# Addresses in steps: what a hash of them makes of a regular layout, beside one that mixes and one that draws.
$(foreach stride,80 128 1024 4096,$(call accuracy_workload,stride-$(stride),bench-steady,--slots 12800 --turns 0 --stride $(stride),HEADER_BERNOULLI HEADER_HASH_SPLITMIX HEADER_HASH HEADER_PAGE_HASH))
