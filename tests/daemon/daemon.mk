# SPDX-License-Identifier: GPL-2.0-or-later
#
# daemon.mk - the programs of the tests of the daemon as a process

$(B)/tests/daemon/notify_tap $(B)/tests/daemon/line_tap $(B)/tests/daemon/prom_lint $(B)/tests/daemon/hold_thread $(B)/tests/daemon/send_from: %: %.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

$(B)/tests/daemon/srtp_pair: %: %.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ -lsrtp2

$(B)/tests/daemon/dtls_pair: %: %.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ -lgnutls -lsrtp2

daemon-programs: $(addprefix $(B)/tests/daemon/,notify_tap line_tap prom_lint hold_thread send_from srtp_pair dtls_pair)

check-daemon: deps-daemon ## only the tests of the daemon as a process
	@tests/daemon/run

.PHONY: check-daemon daemon-programs
