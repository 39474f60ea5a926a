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

$(B)/tests/daemon/no_seccomp: %: %.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ -lseccomp

# A daemon whose parsers have holes.
$(B)/tests/daemon/rtprelayd_hole: $(B)/daemon/main.o $(B)/tests/daemon/hole.o $(DAEMON_OBJ)
	$(say) LINK $@
	$(Q)$(LINK) -Wl,--wrap=sdp_parse,--wrap=stream_accept -o $@ $^ $(PKG_LIBS)

daemon-programs: $(addprefix $(B)/tests/daemon/,notify_tap line_tap prom_lint hold_thread send_from srtp_pair dtls_pair \
	no_seccomp rtprelayd_hole)

check-daemon: deps-daemon ## only the tests of the daemon as a process
	@tests/daemon/run

.PHONY: check-daemon daemon-programs
