# SPDX-License-Identifier: GPL-2.0-or-later
#
# daemon.mk - the daemon as a process: what its tests run besides it

$(B)/tests/daemon/notify_tap $(B)/tests/daemon/line_tap $(B)/tests/daemon/prom_lint $(B)/tests/daemon/hold_thread: %: %.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

check-daemon: daemon control ## the tests of the daemon as a process alone
	tests/daemon/run

.PHONY: check-daemon
