# SPDX-License-Identifier: GPL-2.0-or-later
#
# control.mk - what the tests of rtprelayctl run besides it

$(B)/tests/control/stall: $(B)/tests/control/stall.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

$(B)/tests/control/pause: $(B)/tests/control/pause.o $(B)/tests/bench/ng_client.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

control-programs: bench-tools $(B)/tests/control/stall $(B)/tests/control/pause $(B)/tests/daemon/prom_lint

check-control: deps-control ## the tests of rtprelayctl and the control socket alone
	@tests/control/run

check-page: deps-page ## the page in a browser alone; screenshots go to build/logs/page
	@tests/page/run

.PHONY: check-control check-page control-programs
