# Not a study: how much the tests of the crates that compute would notice.

.PHONY: mutants

mutants: ## changes core, statistics and aggregate in small ways, and shows the changes that no test notices (hours)
	tools/mutants
