# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of daemon and module together, in a guest. Included by the Makefile.

RELAY_TESTS_OBJ := $(patsubst %.c,$(B)/%.o,tests/unit/main.c tests/unit/values.c tests/unit/test_clock.c tests/kmod/nl.c tests/kmod/world.c $(wildcard tests/relay/*.c))

check-relay: deps-guest ## daemon and module together in a virtual machine
	@tests/guest/relay

check-steady: deps-guest ## what 4,500 calls in the kernel cost the daemon: under 1 % of a core
	@tests/guest/steady

guest-relay-programs: guest-tools $(B)/tests/relay/relay-tests $(B)/daemon/rtprelayd $(B)/control/rtprelayctl

$(B)/tests/relay/relay-tests: $(RELAY_TESTS_OBJ)
	$(say) LINK $@
	$(Q)$(LINK) -Wl,--wrap=clock_gettime,--wrap=pthread_clockjoin_np -o $@ $^ -lmnl -lcunit

.PHONY: check-relay check-steady guest-relay-programs
