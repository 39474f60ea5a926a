# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.mk - the programs of tests/bench/run

BENCH := $(B)/tests/bench

# Other suites make calls with these two; only the benchmarks need more packages.
load-programs: $(BENCH)/ng_load $(BENCH)/rtp_load

bench-tools: load-programs $(addprefix $(BENCH)/,min_forward srtp_load dtls_load webrtc_load stun_flood busy_meter)

$(BENCH)/ng_load $(BENCH)/rtp_load: $(BENCH)/%: $(BENCH)/%.o $(BENCH)/ng_client.o $(BENCH)/proc.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

$(BENCH)/busy_meter: $(BENCH)/busy_meter.o $(BENCH)/proc.o
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

$(BENCH)/dtls_load: $(BENCH)/dtls_load.o $(LIBDAEMON)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

$(BENCH)/webrtc_load: $(addprefix $(BENCH)/,webrtc_load.o browser.o ng_client.o proc.o) $(LIBDAEMON)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

.PHONY: bench-tools load-programs
