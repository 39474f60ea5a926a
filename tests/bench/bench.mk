# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.mk - the programs of tests/bench/run

BENCH := $(B)/tests/bench

bench-tools: $(addprefix $(BENCH)/,ng_load rtp_load min_forward)

$(BENCH)/ng_load $(BENCH)/rtp_load: $(BENCH)/%: $(BENCH)/%.o $(BENCH)/ng_client.o $(BENCH)/proc.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

$(BENCH)/min_forward: $(BENCH)/min_forward.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

.PHONY: bench-tools
