# Workloads of set `comparison`. Every scheme expects to sample one allocation in 256: a mask of 8 bits, and means that solve E[1 - exp(-size/mean)] = 1/256.

# The seed's case: a million allocations of 16 to 4096 B, and of 16 to 256 B over a few addresses; 5 % leak.
CMD_monotonic-1m = $(BIN)/bench-monotonic --count 1000000 --leak-percent 5 --seed $(call PREFIXED_SEED,$(SEED) monotonic-1m)
MEAN_monotonic-1m_HEADER_POISSON_BYTES := 524970
MEAN_monotonic-1m_HEADER_HYBRID := 34602
CMD_reuse-1m = $(BIN)/bench-reuse --turns 1000000 --seed $(call PREFIXED_SEED,$(SEED) reuse-1m)
MEAN_reuse-1m_HEADER_POISSON_BYTES := 34730
MEAN_reuse-1m_HEADER_HYBRID := 34602

COMPARISON_RATES := reuse-1m frees-reuse
COMPARISON_FREES := frees-plain frees-realloc frees-cross-thread frees-reuse
frees = $(BIN)/bench-frees --kind $(patsubst frees-%,%,$(1)) --count $(2) --leak-percent 5 --seed $(call PREFIXED_SEED,$(SEED) $(1))
CMD_frees-plain = $(call frees,frees-plain,1000000)
CMD_frees-cross-thread = $(call frees,frees-cross-thread,1000000)
CMD_frees-reuse = $(call frees,frees-reuse,1000000)
# Two reallocs a block: three allocations.
CMD_frees-realloc = $(call frees,frees-realloc,333333)
$(foreach w,$(COMPARISON_FREES),$(eval MEAN_$(w)_HEADER_POISSON_BYTES := 110171)$(eval MEAN_$(w)_HEADER_HYBRID := 49052))
MEAN_frees-realloc_HEADER_POISSON_BYTES := 121679

# Live blocks: live-BLOCKS-BYTES. Of blocks of one size s the mean is s / -ln(1 - 1/256).
BLOCKS_100k := 100000
BLOCKS_1m := 1000000
BLOCKS_10m := 10000000
MEAN_OF_16 := 4088
MEAN_OF_64 := 16352
MEAN_OF_256 := 65408
MEAN_OF_4096 := 1046527
live_blocks = $(BLOCKS_$(word 2,$(subst -, ,$(1))))
live_bytes = $(word 3,$(subst -, ,$(1)))
COMPARISON_LIVE := $(foreach blocks,100k 1m 10m,$(foreach bytes,16 64 256 4096,live-$(blocks)-$(bytes)))
$(foreach w,$(COMPARISON_LIVE),$(eval CMD_$(w) = $$(BIN)/bench-live --blocks $$(call live_blocks,$(w)) --size $$(call live_bytes,$(w)))$(eval MEAN_$(w)_HEADER_POISSON_BYTES := $(MEAN_OF_$(call live_bytes,$(w)))))
$(foreach w,monotonic-1m reuse-1m $(COMPARISON_FREES) $(COMPARISON_LIVE),$(eval SET_$(w) := comparison)$(eval OPTIONS_$(w) := --ground-truth)$(eval PROGRAM_$(w) = $$(firstword $$(CMD_$(w)))))
