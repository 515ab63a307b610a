# Two references side by side: data/reference and what was measured again, here or elsewhere.

DERIVED += $(DATA)/compared.csv

.PHONY: compare-references

# Said before anything is built.
$(if $(filter compare-references,$(MAKECMDGOALS)),$(foreach v,A B,$(if $($(v)),,$(error $(v) is not given; accepted: make compare-references A=data/reference B=data))))

compare-references: $(BIN)/compare-references ## A=data/reference B=data: do two directories of tables agree as well as their intervals promise?
	@mkdir -p $(DATA)
	$(BIN)/compare-references '$(A)' '$(B)' --csv $(DATA)/compared.csv
