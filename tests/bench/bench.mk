# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.mk - the programs of tests/bench/run

BENCH := $(B)/tests/bench

bench-tools: $(addprefix $(BENCH)/,ng_load rtp_load min_forward srtp_load stun_flood)

$(BENCH)/ng_load $(BENCH)/rtp_load: $(BENCH)/%: $(BENCH)/%.o $(BENCH)/ng_client.o $(BENCH)/proc.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

$(BENCH)/min_forward: $(BENCH)/min_forward.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

$(BENCH)/stun_flood: $(BENCH)/stun_flood.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

$(BENCH)/srtp_load: $(BENCH)/srtp_load.o $(LIBDAEMON)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS) -lsrtp2

.PHONY: bench-tools
