# SPDX-License-Identifier: GPL-2.0-or-later
#
# control.mk - the programs of the tests of rtprelayctl

$(B)/tests/control/stall: $(B)/tests/control/stall.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

$(B)/tests/control/pause: $(B)/tests/control/pause.o $(B)/tests/bench/ng_client.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

$(B)/tests/control/json_lint: $(B)/tests/control/json_lint.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

control-programs: load-programs $(B)/tests/control/stall $(B)/tests/control/pause $(B)/tests/daemon/prom_lint

check-control: deps-control ## only the tests of rtprelayctl and the control socket
	@tests/control/run

check-page: deps-page ## only the tests of the page in a browser; screenshots go to build/logs/page
	@tests/page/run

.PHONY: check-control check-page control-programs
