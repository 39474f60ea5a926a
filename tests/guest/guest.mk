# SPDX-License-Identifier: GPL-2.0-or-later
# guest.mk - tests of the kernel module in a guest; included by the Makefile

GUEST_TESTS_OBJ := $(patsubst %.c,$(B)/%.o,tests/unit/main.c tests/unit/values.c tests/unit/test_clock.c $(wildcard tests/kmod/*.c))

check-guest: deps-guest ## module, module with daemon, and end to end in a virtual machine with Debian's kernel (no KVM needed)
	@tests/run guest guest-relay guest-steady guest-netns

check-guest-netns: deps-guest ## only the end-to-end cases in a virtual machine; NETNS_CASES="NAME..." selects some
	@tests/guest/netns $(NETNS_CASES)

bench-guest: deps-guest ## instructions per packet forwarded by the module and by BPF, compared with plain IP forwarding, as a table
	@tests/guest/bench

check-debug-kernel: deps-debug-kernel ## the same tests in a kernel that checks memory, locks and RCU; builds it first: 20 minutes, once
	@tests/guest/debug-kernel

check-kernels: deps-kernels ## the module built against 5.10, 6.1, 6.12 and the newest kernel that Debian has; KERNELS="6.12 newest": these
	@tests/guest/kernels $(KERNELS)

check-guest-kernels: deps-guest-kernels ## as check-kernels, and the tests of module and BPF program in virtual machines with these kernels
	@tests/guest/kernels --run $(KERNELS)

# Programs that run in a guest. Built without sanitizers, since the guest gets the host's libraries.
# Each script builds only the programs that its guest needs: the demo needs no CUnit.
guest-tools: $(B)/tests/guest/guest-exit
guest-programs: guest-tools $(B)/tests/kmod/kernel-tests
guest-bench-programs: guest-tools $(B)/tests/kmod/set-flows $(if $(HAS_BPF),$(B)/tests/bpf/cost/bench-flows)

$(B)/tests/guest/guest-exit: tests/guest/guest-exit.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(LANGUAGE) $(WARN) -O2 -static -o $@ $<

$(B)/tests/kmod/kernel-tests: $(GUEST_TESTS_OBJ)
	$(say) LINK $@
	$(Q)$(LINK) -Wl,--wrap=clock_gettime,--wrap=pthread_clockjoin_np -o $@ $^ -lmnl -lcunit

$(B)/tests/kmod/set-flows: $(B)/tests/kmod/bench/set-flows.o $(B)/tests/kmod/nl.o $(B)/tests/kmod/world.o
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ -lmnl

.PHONY: check-guest check-guest-netns bench-guest check-debug-kernel check-kernels check-guest-kernels guest-tools guest-programs guest-bench-programs
