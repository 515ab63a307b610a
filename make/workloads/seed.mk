# Workloads of set `seed`, which repeats the starting table with the means that it did not state.

CMD_monotonic = $(BIN)/bench-monotonic --count $(MONOTONIC_COUNT) --seed $(call PREFIXED_SEED,$(SEED) monotonic)
SET_monotonic := seed
PROGRAM_monotonic := $(BIN)/bench-monotonic
OPTIONS_monotonic := --ground-truth
MEAN_monotonic_HEADER_POISSON_BYTES := 524288
MEAN_monotonic_HEADER_HYBRID := 65536

CMD_reuse = $(BIN)/bench-reuse --turns $(REUSE_TURNS) --seed $(call PREFIXED_SEED,$(SEED) reuse)
SET_reuse := seed
PROGRAM_reuse := $(BIN)/bench-reuse
OPTIONS_reuse := --ground-truth
MEAN_reuse_HEADER_POISSON_BYTES := 65536
MEAN_reuse_HEADER_HYBRID := 65536
