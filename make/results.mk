# data/RESULTS.md: what all parts found that are measured so far. Each of them writes it anew when it is done, by `write_results` at the end of its own
# target, since what is to be read is known only then; it takes no time.

DERIVED += $(DATA)/RESULTS.md

.PHONY: results results-reference

results: $(BIN)/results ## RESULTS.md: the questions, answered by what was measured so far; every part renews it
	$(write_results)

results-reference: $(BIN)/results ## the same of data/reference, where it is committed
	$(BIN)/results --data data/reference --reference
