# Real programs: runs of set `real` to tables and figures.

REAL_TABLES := $(addprefix $(DATA)/,real.csv real.txt)
DERIVED += $(REAL_TABLES)

.PHONY: real real-reference

real: $(REAL_TABLES) $(DATA)/plots/real.drawn $(DATA)/plots/real-costs.drawn ## what the runs of real programs say: costs, ratios, bounds, figures
	@sed -n '/^Bounds$$/,/^What the starting/p' $(DATA)/real.txt | sed '$$d'

$(REAL_TABLES) &: $(DATA)/raw/runs.list $(BIN)/real
	$(BIN)/real --raw $(DATA)/raw/real --out $(DATA)

$(DATA)/plots/real-costs.drawn: $(REAL_TABLES) $(BIN)/plot | needs-gnuplot
	$(BIN)/plot --data $(DATA) --subset real --out $(DATA)/plots/real
	@touch $@

real-reference: real ## copies the tables and the figures of real programs to data/reference/real, where they are committed
	rm -rf data/reference/real && mkdir -p data/reference/real
	cp $(REAL_TABLES) $(DATA)/plots/real/*.png data/reference/real
