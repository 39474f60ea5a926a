# SPDX-License-Identifier: GPL-2.0-or-later
#
# proxies.mk - the programs that hold the conversations of proxies with the daemon

$(B)/tests/proxies/replay: $(addprefix $(B)/tests/proxies/,replay.o phone.o flow_value.o shape.o) $(B)/tests/netns/peer_sdp.o $(LIBDAEMON)
$(B)/tests/proxies/tap: $(addprefix $(B)/tests/proxies/,tap.o shape.o) $(LIBDAEMON)
$(B)/tests/proxies/replay $(B)/tests/proxies/tap:
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ -ljansson

proxies-programs: $(B)/tests/proxies/replay $(B)/tests/proxies/tap

check-proxies: deps-proxies ## only the conversations of proxies with the daemon; tests/proxies/run PATTERN selects some
	@tests/proxies/run

.PHONY: proxies-programs check-proxies
