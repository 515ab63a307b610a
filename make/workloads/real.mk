# Set `real`: real programs under load, started, loaded and verified by `drive`. They are workloads like any other: make experiments WORKLOADS="nginx redis".

## Variables of real programs
EFFORT ?= 100#                           share of the usual load on real programs, in percent, for a quick look
CURL_SOURCE ?=#                          a tar file of curl's sources (default: the distribution's, fetched)
##
$(call check,count,EFFORT)
$(call check,path_or_nothing,CURL_SOURCE)

REAL_KNOWN := nginx memcached redis curl python
CURL_TREE := target/sources/curl
NEEDS_nginx := nginx wrk
NEEDS_memcached := memcached memcaslap
NEEDS_redis := redis-server redis-benchmark
NEEDS_curl := cc make ar tar gzip
NEEDS_python := python3
$(foreach w,$(REAL_KNOWN),$(eval CMD_$(w) = $$(BIN)/drive $(w) --effort $$(EFFORT)))
CMD_curl += --source $(CURL_TREE)
TREE_curl := $(CURL_TREE)
$(foreach w,$(REAL_KNOWN),$(eval SET_$(w) := real)$(eval PROGRAM_$(w) := $(BIN)/drive $(BIN)/sampler-live)$(eval OPTIONS_$(w) := --driver))

.PHONY: $(REAL_KNOWN:%=needs-%)
$(REAL_KNOWN:%=needs-%): needs-%:
	@tools/need $(NEEDS_$*)$(if $(SKIP_MISSING), || true)

# Unpacked and configured once; a download that fails is a missing program.
$(CURL_TREE): $(CURL_SOURCE) | needs-curl
	tools/curl-source $@ $(CURL_SOURCE)$(if $(SKIP_MISSING), || true)
