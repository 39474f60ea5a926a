# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of the BPF program, on this host's kernel. Included by the Makefile.

BPF_TESTS_OBJ := $(patsubst %.c,$(B)/%.o,tests/unit/main.c tests/unit/values.c tests/unit/test_clock.c tests/kmod/world.c $(wildcard tests/bpf/*.c))

check-bpf: deps-bpf ## the BPF program in this host's kernel, as root; SUITE=x TEST=y
	@tests/bpf/run $(if $(SUITE)$(TEST),'$(or $(SUITE),*)$(if $(TEST),/$(TEST))')

$(B)/tests/bpf/bpf-tests: $(BPF_TESTS_OBJ) $(LIBDAEMON)
	$(say) LINK $@
	$(Q)$(LINK) -Wl,--wrap=clock_gettime,--wrap=pthread_clockjoin_np -o $@ $^ $(PKG_LIBS) -lcunit

bpf-cost: deps-bpf ## what a packet costs in the BPF program, as root
	@$(MAKE) --no-print-directory $(B)/tests/bpf/cost/bpf-cost
	@$(B)/tests/bpf/cost/bpf-cost

$(B)/tests/bpf/cost/bpf-cost: $(B)/tests/bpf/cost/cost.o $(B)/tests/bpf/frame.o $(LIBDAEMON)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

# For tests/guest/bench
$(B)/tests/bpf/cost/bench-flows: $(B)/tests/bpf/cost/bench-flows.o $(B)/tests/bpf/frame.o $(LIBDAEMON)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

.PHONY: check-bpf bpf-cost
