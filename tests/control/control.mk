# SPDX-License-Identifier: GPL-2.0-only
#
# control.mk - what the tests of rtprelayctl run besides it

$(B)/tests/control/stall: $(B)/tests/control/stall.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

check-control: daemon control bench-tools $(B)/tests/control/stall ## the tests of rtprelayctl and the control socket alone
	tests/control/run

.PHONY: check-control
