# Study `survive`: real programs print the same without the library and under every scheme. One script each, which says what it needs.

## Variables of survive (make survive SURVIVE='git redis')
SURVIVE ?=#                              programs that `make survive` runs (default: all; SCHEMES, if given, are the schemes)
##
$(call check,names,SURVIVE)

SURVIVE_SCRIPTS := $(if $(SURVIVE),$(SURVIVE:%=studies/survive/programs/%.sh),$(wildcard studies/survive/programs/*.sh))
QUICK_SCRIPTS := $(shell grep -lx '\# quick' studies/survive/programs/*.sh)
install_needs_of = tools/need $(sort $(shell sed -n 's/^\# needs: //p' $(1)))$(if $(SKIP_MISSING), || true)
survive_with = $(BIN)/survive $(if $(SKIP_MISSING),--skip-missing) $(if $(filter command%,$(origin SCHEMES)),$(addprefix --scheme ,$(SCHEMES)))

.PHONY: survive-quick needs-survive needs-survive-quick

survive: needs-survive $(PROGRAMS) ## real programs print the same under every scheme
	$(survive_with) $(SURVIVE)

survive-quick: needs-survive-quick $(PROGRAMS) ## the quick ones of them
	$(survive_with) --quick

needs-survive:
	@$(call install_needs_of,$(SURVIVE_SCRIPTS))

needs-survive-quick:
	@$(call install_needs_of,$(QUICK_SCRIPTS))
