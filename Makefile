# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makefile - builds, installs and tests rtprelay; `make help` lists the targets
#
# Objects go to build/ (build-san/ with SAN=1, build-fuzz/ for `make fuzz`). Reading this file needs
# no package and no network, so that `make help`, `make deps` and `make demo` work on a bare
# machine.

# --- Programs -------------------------------------------------------------------------------------

all: daemon control module ## daemon/rtprelayd, control/rtprelayctl, rtprelay.ko

RELEASE    := $(shell sed -n 's/^.define RTPRELAY_RELEASE "\(.*\)"/\1/p' include/version.h)
# Of a checkout; empty in an unpacked archive.
COMMIT     := $(if $(wildcard .git),$(addprefix -g,$(shell git rev-parse --short=10 HEAD 2>/dev/null)))
VERSION    := $(RELEASE)$(COMMIT)
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
# With sanitizers -O1, as their manuals advise: it compiles in half the time, and moves less code
# that a report points at.
CFLAGS     ?= $(if $(SAN),-O1,-O2) -g
SECONDS    ?= 60
comma      := ,
# A word and a name for each step; V=1 shows the commands.
Q          := $(if $(V),,@)
say         = $(if $(V),@:,@printf '  %-5s %s\n')

B     := build$(if $(SAN),-san)
# The first of these that is installed; the format is that of version 14.
newest = $(firstword $(notdir $(foreach version,14 19,$(wildcard /usr/bin/$(1)-$(version)))) $(1)-14)
CLANG        ?= $(call newest,clang)
CLANG_FORMAT ?= $(call newest,clang-format)
CLANG_TIDY   ?= $(call newest,clang-tidy)

PACKAGES := libevent libevent_pthreads jansson inih libcap libmnl libnftnl libssl libcrypto libsystemd nettle sqlite3 libpcap libseccomp
# pkg-config runs once, and only for a rule that compiles: this run of make may install the
# packages.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PACKAGES) 2>/dev/null))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PACKAGES) 2>/dev/null) $(BPF_LIBS) $(UPNP_LIBS))$(PKG_LIBS)

# The BPF program needs clang and libbpf; without them the daemon is built without it.
HAS_BPF    = $(eval HAS_BPF := $$(shell pkg-config --exists libbpf 2>/dev/null && command -v $(CLANG)))$(HAS_BPF)
BPF_CFLAGS = $(if $(HAS_BPF),-DRTPRELAY_HAS_BPF)
BPF_LIBS   = $(if $(HAS_BPF),$(shell pkg-config --libs libbpf))

# Routers can be asked by UPnP only with libminiupnpc.
HAS_UPNP    = $(eval HAS_UPNP := $$(shell pkg-config --exists miniupnpc 2>/dev/null && echo yes))$(HAS_UPNP)
UPNP_CFLAGS = $(if $(HAS_UPNP),-DRTPRELAY_HAS_UPNP $(shell pkg-config --cflags miniupnpc))
UPNP_LIBS   = $(if $(HAS_UPNP),$(shell pkg-config --libs miniupnpc))

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wcast-qual -Wwrite-strings \
	-Wformat=2 -Wundef
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
LANGUAGE := -std=gnu11 -D_GNU_SOURCE -DRTPRELAY_HAS_COMMIT -I. -Idaemon -Iinclude

ALL_CFLAGS = $(LANGUAGE) $(WARN) -pthread $(CPPFLAGS) $(CFLAGS) $(SANFLAGS) $(PKG_CFLAGS) $(BPF_CFLAGS)
LINK       = $(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -pthread

DAEMON_OBJ  := $(patsubst %.c,$(B)/%.o,$(filter-out daemon/main.c,$(wildcard daemon/*.c daemon/*/*.c)))
CONTROL_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard control/*.c))
UNIT_OBJ    := $(patsubst %.c,$(B)/%.o,$(wildcard tests/unit/*.c tests/unit/*/*.c))
# The daemon's code as a library for other programs; only the objects that they use are linked.
LIBDAEMON   := $(B)/libdaemon.a

daemon: daemon/rtprelayd ## the relay

control: control/rtprelayctl ## the operator's tool

# Built under $(B), then hard-linked to its place: `make` after `make SAN=1` restores the plain
# program.
daemon/rtprelayd control/rtprelayctl: %: $(B)/% FORCE
	@[ $@ -ef $< ] || ln -f $< $@

$(B)/daemon/rtprelayd: $(B)/daemon/main.o $(DAEMON_OBJ)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

$(B)/control/rtprelayctl: $(CONTROL_OBJ) $(LIBDAEMON)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS) -lncurses -lresolv

$(LIBDAEMON): $(DAEMON_OBJ)
	$(say) AR $@
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# Warnings are kept beside the object: tests/build.sh finds those of an earlier build.
$(B)/%.o: %.c $(B)/flags
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $< 2>$@.warnings; status=$$?; cat $@.warnings >&2; \
		[ $$status -eq 0 ] || [ -s $@.warnings ] || echo "make: $(CC) failed without a message: is the disk of $(B)/ full?" >&2; \
		exit $$status

# The assembler includes these files.
$(B)/daemon/web/page.o: $(wildcard daemon/web/page/*)

# Compiled again when the library comes or goes.
$(B)/upnp: FORCE
	@mkdir -p $(@D)
	@[ "$$(cat $@ 2>/dev/null)" = "$(or $(HAS_UPNP),no)" ] || { echo $(or $(HAS_UPNP),no) >$@; \
		$(if $(HAS_UPNP),:,echo 'make: libminiupnpc-dev is missing: built without upnp of external-address and port-mapping; `make deps-build` installs it' >&2); }

UPNP_FILES := upnp_address upnp_igd upnp_map
$(UPNP_FILES:%=$(B)/daemon/nat/%.o) $(UPNP_FILES:%=$(B)/lint/daemon/nat/%.tidy): private CFLAGS += $(UPNP_CFLAGS)
$(UPNP_FILES:%=$(B)/daemon/nat/%.o): $(B)/upnp

# For tests. SECCOMP=log: seccomp=log is the daemon's default, and what its lists lack is written to
# $(B)/seccomp.calls, a line for each thread and call. SECCOMP=learn: the lists are empty, so this
# is all that the threads call. tests/seccomp/run uses log.
SECCOMP_FLAGS_log   := -DCONFINE_DEFAULT='"log"' -DCONFINE_CALLS='"$(CURDIR)/$(B)/seccomp.calls"'
SECCOMP_FLAGS_learn := $(SECCOMP_FLAGS_log) -DCONFINE_LEARN
SECCOMP_OBJ := $(B)/daemon/conf/table.o $(B)/daemon/base/confine_program.o $(B)/daemon/base/confine_watch.o
$(SECCOMP_OBJ): private CPPFLAGS += $(SECCOMP_FLAGS_$(SECCOMP))
$(SECCOMP_OBJ): $(B)/seccomp
$(B)/seccomp: FORCE
	@mkdir -p $(@D)
	@[ "$$(cat $@ 2>/dev/null)" = '$(or $(SECCOMP),on)' ] || echo '$(or $(SECCOMP),on)' >$@

# The program for the kernel, which the assembler includes. Without the debugging information of
# DWARF, that of BTF stays.
BPF_PROGRAM := $(B)/daemon/bpf/relay.bpf.o
BPF_STRIP    = $(patsubst clang%,llvm-strip%,$(notdir $(CLANG)))

$(BPF_PROGRAM): $(wildcard daemon/bpf/prog/*.[ch] daemon/bpf/prog/libc/*.h daemon/bpf/layout.h include/*.h) $(B)/flags
	$(say) BPF $@
	@mkdir -p $(@D)
	$(if $(HAS_BPF),$(BPF_BUILD),$(BPF_MISSING))

define BPF_BUILD
$(Q)$(CLANG) -target bpf -O2 -g -Wall -Wextra -Werror -ffreestanding -ffile-prefix-map=$(CURDIR)=. -Idaemon -Iinclude -isystem daemon/bpf/prog/libc \
		-idirafter /usr/include/$(shell $(CC) -print-multiarch) -c -o $@.new daemon/bpf/prog/relay.c
	@! command -v $(BPF_STRIP) >/dev/null || $(BPF_STRIP) -g $@.new
	@mv $@.new $@
endef
BPF_MISSING = @echo 'make: clang or libbpf-dev is missing: built without the path bpf; `make deps-build` installs both' >&2; : > $@

$(B)/daemon/bpf/load.o $(B)/lint/daemon/bpf/load.tidy: private BPF_CFLAGS += $(if $(HAS_BPF),-DRTPRELAY_BPF_PROGRAM='"$(BPF_PROGRAM)"')
$(B)/daemon/bpf/load.o: $(BPF_PROGRAM)

# Needed for each compilation. Libraries may come from any source. If some are missing, the Debian
# packages are installed for root, as by the other targets; other users get an error that says what
# to do.
PACKAGES_MISSING := echo "make: build packages are missing: run 'make deps-build' as root" >&2; exit 1

program-packages:
	@{ pkg-config --exists $(PACKAGES) ncurses && echo '#include <uthash.h>' | $(CC) -E - ; } >/dev/null 2>&1 || \
		{ [ "$$(id -u)" -eq 0 ] && packaging/install-deps program; } || { $(PACKAGES_MISSING); }

# Changes with the compiler's flags, so that all objects are built again.
$(B)/flags: program-packages FORCE | include/commit.h
	@mkdir -p $(@D)
	@pkg-config --print-errors --exists $(PACKAGES) 2>&1 || { $(PACKAGES_MISSING); }
	@echo '$(subst ','\'',$(CC) $(ALL_CFLAGS) $(LDFLAGS))' | cmp -s - $@ || \
		echo '$(subst ','\'',$(CC) $(ALL_CFLAGS) $(LDFLAGS))' > $@

# Changes with the commit; only files that print the version are compiled again.
include/commit.h: FORCE
	@printf '%s\n' '/* SPDX-License-Identifier: GPL-2.0-or-later */' '#define RTPRELAY_COMMIT "$(COMMIT)"' > $@.new
	@cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@

-include $(shell find $(B) \( -path $(B)/mutants -o -path $(B)/bare \) -prune -o -type f -name '*.d' -print 2>/dev/null)

# --- Kernel module --------------------------------------------------------------------------------

# The running kernel's headers; if they are not installed, the newest headers that are.
# Listed by the shell: $(wildcard) does not see headers that this run has installed.
KDIR ?= $(firstword $(shell ls -d /lib/modules/$$(uname -r)/build 2>/dev/null; \
	ls -dv /usr/src/linux-headers-*[0-9]-*amd64 /usr/src/linux-headers-*[0-9]-arm64 /usr/src/linux-headers-*-generic \
		/usr/src/kernels/* /lib/modules/*/build/ 2>/dev/null | tac))
KBUILD = $(MAKE) -C $(KDIR) M=$(CURDIR) W=1

module: $(if $(wildcard Kbuild),rtprelay.ko) ## rtprelay.ko for the running kernel, or KDIR=

rtprelay.ko: Kbuild $(wildcard kmod/*.[ch] include/*.h) include/commit.h build/kdir
	+$(KBUILD) modules
	@touch $@

NO_HEADERS := echo "make: kernel headers are missing: run 'make deps-build' as root, or set KDIR=" >&2; exit 1

module-packages:
	@[ -d '$(KDIR)' ] || { [ "$$(id -u)" -eq 0 ] && packaging/install-deps module; } || { $(NO_HEADERS); }

# Changes with KDIR.
build/kdir: module-packages FORCE
	@mkdir -p $(@D)
	@[ -d '$(KDIR)' ] || { $(NO_HEADERS); }
	@echo '$(KDIR)' | cmp -s - $@ || echo '$(KDIR)' > $@

# --- Install --------------------------------------------------------------------------------------

SBIN := $(DESTDIR)$(PREFIX)/sbin
MAN7 := $(DESTDIR)$(PREFIX)/share/man/man7
MAN8 := $(DESTDIR)$(PREFIX)/share/man/man8
DOC  := $(DESTDIR)$(PREFIX)/share/doc/rtprelay
UNIT := $(DESTDIR)$(PREFIX)/lib/systemd/system
SYSUSERS := $(DESTDIR)$(PREFIX)/lib/sysusers.d
SYSCTL := $(DESTDIR)$(PREFIX)/lib/sysctl.d
ETC  := $(DESTDIR)$(SYSCONFDIR)/rtprelay
LOGS := $(DESTDIR)$(SYSCONFDIR)/logrotate.d
COMPLETIONS := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
# As AppArmor names profiles: usr.local.sbin.rtprelayd
APPARMOR := $(DESTDIR)$(SYSCONFDIR)/apparmor.d/$(subst /,.,$(patsubst /%,%,$(PREFIX)/sbin/rtprelayd))
DKMS := $(DESTDIR)/usr/src/rtprelay-$(VERSION)

install: daemon control install-module-source ## DESTDIR= PREFIX=/usr/local: programs, manuals, completion, unit, configuration, module source for dkms
	install -d $(SBIN) $(MAN7) $(MAN8) $(DOC)/kamailio $(UNIT) $(SYSUSERS) $(SYSCTL) $(ETC) $(LOGS) $(COMPLETIONS)
	for file in docs/fail2ban/*/*; do install -D -m 644 $$file $(DOC)/$${file#docs/} || exit 1; done
	install -m 755 daemon/rtprelayd control/rtprelayctl $(SBIN)
	control/rtprelayctl completion bash > $(COMPLETIONS)/rtprelayctl
	install -m 644 docs/*.7 $(MAN7)
	install -m 644 docs/*.8 $(MAN8)
	install -m 644 CHANGELOG.md LICENSE docs/*.md docs/rtprelay.conf docs/opensips.cfg \
		docs/grafana-dashboard.json docs/prometheus-alerts.yml $(DOC)
	install -m 644 docs/kamailio/kamailio.cfg $(DOC)/kamailio
	# README and the files of docs/ are installed to the same folder.
	for page in README.md ARCHITECTURE.md CONTRIBUTING.md; do sed 's|](docs/|](|g' $$page > $(DOC)/$$page || exit 1; done
	sed 's|@SBINDIR@|$(PREFIX)/sbin|' packaging/rtprelayd.service > $(UNIT)/rtprelayd.service
	install -d $(dir $(APPARMOR))
	sed 's|@SBINDIR@|$(PREFIX)/sbin|; s|@NAME@|$(notdir $(APPARMOR))|' packaging/rtprelay.apparmor > $(APPARMOR)
	install -m 644 packaging/rtprelay.sysusers $(SYSUSERS)/rtprelay.conf
	install -m 644 packaging/rtprelay.sysctl $(SYSCTL)/30-rtprelay.conf
	$(if $(DESTDIR),,$(ADD_USER))
	[ -e $(LOGS)/rtprelay ] || install -m 644 packaging/rtprelay.logrotate $(LOGS)/rtprelay
	[ -e $(ETC)/rtprelay.conf ] || install -m 644 docs/rtprelay.conf $(ETC)/rtprelay.conf

# A package does this after it is unpacked.
ADD_USER = @getent passwd rtprelay >/dev/null || systemd-sysusers $(SYSUSERS)/rtprelay.conf 2>/dev/null || \
	useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin rtprelay || \
	echo 'make: there is no user rtprelay, which rtprelayd.service runs as: add it' >&2

install-module-source: include/commit.h ## the module's source to /usr/src, for dkms
	install -d $(DKMS)/kmod $(DKMS)/include
	install -m 644 Kbuild $(DKMS)
	install -m 644 kmod/*.[ch] $(DKMS)/kmod
	install -m 644 include/*.h $(DKMS)/include
	sed 's|@VERSION@|$(VERSION)|' packaging/dkms.conf > $(DKMS)/dkms.conf

# One way for both: what the other way has installed is removed first.
install-module: module install-module-source ## the module: by dkms if it is installed, so also for later kernels; else rtprelay.ko of this build
	+$(if $(DESTDIR),$(KBUILD) INSTALL_MOD_PATH=$(DESTDIR) modules_install)
	$(if $(DESTDIR),,packaging/install-module '$(VERSION)' '$(KDIR)')

uninstall: ## removes what install and install-module have installed; keeps configuration, calls, records and the user
	rm -f $(SBIN)/rtprelayd $(SBIN)/rtprelayctl $(UNIT)/rtprelayd.service $(SYSUSERS)/rtprelay.conf $(SYSCTL)/30-rtprelay.conf $(LOGS)/rtprelay $(COMPLETIONS)/rtprelayctl $(APPARMOR)
	rm -f $(patsubst docs/%,$(MAN7)/%,$(wildcard docs/*.7)) $(patsubst docs/%,$(MAN8)/%,$(wildcard docs/*.8))
	$(if $(DESTDIR),,packaging/install-module --remove)
	rm -rf $(DOC) $(DESTDIR)/usr/src/rtprelay-$(RELEASE)*

deb: deps-deb ## Debian packages of HEAD (not of uncommitted changes) to build/deb, without network
	@packaging/deb

# --- Tests ----------------------------------------------------------------------------------------

deps: ## installs the missing Debian packages for build, tests, demo, lint and fuzzing; deps-build: only for build
	@packaging/install-deps build test demo lint fuzz

# deps-build, deps-test, deps-demo, ...: a group of packaging/deps. A target that needs a group has
# it as its only prerequisite and builds by a second make, so that packages are installed before
# compiling.
deps-%:
	@packaging/install-deps $*

check: deps-test ## every test: unit, fuzz corpus, daemon, install, lint, end to end in namespaces and in a guest; SUITES="...": these
	@SAN=$(SAN) tests/run $(SUITES)

check-long: deps-test deps-guest-kernels ## longer tests, about an hour: packages, bare systems, guests, other kernels, clang-tidy over all files
	@SAN=$(SAN) tests/run --long

check-unit: deps-unit ## only the unit tests; SUITE=x TEST=y: patterns of suite and test names
	@$(MAKE) --no-print-directory $(B)/tests/unit/unit
	timeout --foreground -k 5 600 $(B)/tests/unit/unit $(if $(SUITE)$(TEST),'$(or $(SUITE),*)$(if $(TEST),/$(TEST))')

check-unit-load: deps-unit ## RUNS=100: the unit tests that often, three at a time, to find tests that depend on an idle machine
	@SAN=$(SAN) tests/unit/load $(RUNS)

check-seccomp: deps-test ## the suites of this host with a daemon that tells which system calls its lists lack; builds in place of the usual daemon
	@tests/seccomp/run

check-bare: deps-bare ## demo, build, make check and each package group on a new minimal Debian; Debian 13; takes an hour and a half
	@tests/bare demo build groups check trixie

$(B)/tests/unit/unit: $(UNIT_OBJ) $(DAEMON_OBJ) $(filter-out %/main.o,$(CONTROL_OBJ))
	$(say) LINK $@
	$(Q)$(LINK) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=clock_gettime,--wrap=pthread_clockjoin_np,--wrap=connect,--wrap=bridge_update,--wrap=journal_store_write -o $@ $^ $(PKG_LIBS) -lncurses -lresolv -lcunit -lsrtp2 -lm

coverage: deps-unit ## lines covered by the unit tests, by folder; FOLDERS="daemon/call daemon/sdp/parse.c": by file
	@$(MAKE) --no-print-directory B=build-cov CFLAGS='-O0 -g' SANFLAGS=--coverage build-cov/tests/unit/unit
	@tests/coverage $(FOLDERS)

demo: deps-demo ## a call between two phones behind NATs; prints what each phone received
	@$(MAKE) --no-print-directory daemon control
	@tests/netns/demo.sh

bench: deps-bench ## measures the cost of a packet and of a command, as a table
	@$(MAKE) --no-print-directory daemon
	@tests/bench/run

# --- Fuzzing --------------------------------------------------------------------------------------

FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

# Programs that replay the corpus of the tree without libFuzzer: part of `make check`.
fuzz-replay: $(FUZZ:%=$(B)/tests/fuzz/replay_%)

# This parser is in rtprelayctl.
$(B)/tests/fuzz/replay_migrate $(B)/tests/fuzz/fuzz_migrate: $(patsubst %,$(B)/control/%.o,migrate migrate_rtpengine migrate_rtpproxy options shell_words)

$(B)/tests/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(LIBDAEMON)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(LIBDAEMON) $(PKG_LIBS)

fuzz: deps-fuzz ## SECONDS=60 FUZZ="...": each parser with random input; findings are kept in build-fuzz/
	@$(MAKE) --no-print-directory B=build-fuzz CC=$(CLANG) \
		SANFLAGS='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
		$(FUZZ:%=fuzz-run-%)

fuzz-run-%: $(B)/tests/fuzz/fuzz_%
	@mkdir -p $(B)/corpus/$*
	$(say) FUZZ $<
	$(Q)$< -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix=$(B)/$*- \
		$(B)/corpus/$* $(wildcard tests/fuzz/corpus/$*) 2>$(B)/$*.log || { tail -40 $(B)/$*.log; exit 1; }
	@echo "fuzz $*: nothing found in $(SECONDS) s, $$(sed -n 's/^stat::number_of_executed_units: *//p' $(B)/$*.log) inputs"

$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(LIBDAEMON)
	$(say) LINK $@
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBDAEMON) $(PKG_LIBS)

# --- Lint -----------------------------------------------------------------------------------------

# Without the kernel modules of the tests.
LINT_C := $(filter-out $(addprefix tests/kmod/,bench/bench.c bench/packets.c nic/nic.c nogrow/nogrow.c),$(wildcard daemon/*.c daemon/*/*.c control/*.c tests/*/*.c tests/*/*/*.c))
LINT_H := $(wildcard daemon/*.h daemon/*/*.h control/*.h tests/*/*.h tests/*/*/*.h include/*.h)

lint: deps-lint ## layers, format, scripts, words, clang-tidy, cppcheck; `make -k lint` continues after a finding
	@$(MAKE) --no-print-directory lint-layers lint-format lint-shell lint-words lint-tidy lint-cppcheck

lint-layers:
	$(say) LAYERS
	$(Q)tests/layers && tests/stray

# Prerequisites of clang-tidy; built under the lock of tests/make, since suites run in parallel.
lint-objects: $(LINT_C:%.c=$(B)/%.o)

lint-format:
	$(say) FORMAT
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(LINT_C) $(LINT_H) $(wildcard kmod/*.[ch] daemon/bpf/prog/*.[ch] daemon/bpf/prog/libc/*.h)

# Disabled checks and the reasons: .shellcheckrc
lint-shell:
	$(say) SHELL
	$(Q)git grep -lE '^#!/bin/(ba)?sh|^# shellcheck shell=' | LC_ALL=C.UTF-8 xargs -n1 shellcheck

lint-words:
	$(say) WORDS
	$(Q)tests/words

# For tests/changed.
print-lint-c:
	@printf '%s\n' $(LINT_C)

lint-tidy: $(LINT_C:%.c=$(B)/lint/%.tidy)

lint-cppcheck:
	$(say) CPPCHECK
	@mkdir -p $(B)/cppcheck
	$(Q)cppcheck --quiet -j "$$(nproc)" --cppcheck-build-dir=$(B)/cppcheck --error-exitcode=1 --std=c11 --inline-suppr --suppressions-list=tests/cppcheck.off \
		--include=/usr/include/uthash.h --include=/usr/include/utlist.h --include=/usr/include/libmnl/libmnl.h \
		$(if $(HAS_BPF),--include=/usr/include/bpf/libbpf_common.h) \
		--enable=warning,performance,portability -D_GNU_SOURCE -I. -Idaemon -Iinclude $(LINT_C)

# Depends on the object because the object's rule knows the headers.
$(B)/lint/%.tidy: %.c $(B)/%.o .clang-tidy
	@mkdir -p $(@D)
	$(say) TIDY $<
	$(Q)tests/tidy $(CLANG_TIDY) '$(shell command -v $(CLANG))' $< $@.log $(LANGUAGE) $(PKG_CFLAGS) $(BPF_CFLAGS) $(CFLAGS)
	@touch $@

# --- Housekeeping ---------------------------------------------------------------------------------

format: deps-format ## reformats all C files according to .clang-format
	$(CLANG_FORMAT) -i $(LINT_C) $(LINT_H) $(wildcard kmod/*.[ch] daemon/bpf/prog/*.[ch] daemon/bpf/prog/libc/*.h)

compile_commands.json: deps-unit ## the compiler command of each file, for editors and clang's tools
	@tests/compile-commands > $@.new && mv $@.new $@

hooks: ## installs git's pre-commit hook: checks format, layers and white space of staged files
	@hook=$$(git rev-parse --git-path hooks)/pre-commit && mkdir -p "$${hook%/*}" && \
	if [ -e "$$hook" ] && ! grep -q 'installed by `make hooks`' "$$hook"; then \
		echo "make: $$hook exists and was not installed by make hooks: not replaced" >&2; exit 1; \
	fi && install -m 755 tests/pre-commit "$$hook" && echo "installed $$hook"

changelog: ## RELEASE=1: for a release, merges the fragments of changes/ into CHANGELOG.md; else says what that would do
	@packaging/changelog $(if $(RELEASE),--release)

clean: ## removes all build results
	rm -f include/commit.h
	rm -rf build build-san build-fuzz build-cov compile_commands.json daemon/rtprelayd control/rtprelayctl
	rm -f rtprelay.ko *.o *.mod *.mod.c .*.cmd .*.d kmod/*.o kmod/.*.cmd kmod/.*.d Module.symvers modules.order
	rm -rf .tmp_versions

help: ## this list
	@echo 'make SAN=1 TARGET builds with address and undefined behaviour sanitizers.'
	@targets=$$(sed -n "$$HELP_TARGETS" Makefile; sed -n "1{x;s/^/Tests/;x};$$HELP_TARGETS" $(sort $(wildcard tests/*/*.mk))); \
	sed -n 's/^# --- \(.*[^-]\) -*$$/\1/p' Makefile | while read -r group; do \
		printf '\n%s\n' "$$group"; \
		echo "$$targets" | sed -n "s/^$$group|//p" | while IFS='|' read -r name text; do \
			printf '  %-22s %s\n' "$$name" "$$text"; done; done

# GROUP|TARGET|TEXT of each target with a text after ##; its group is the heading above it.
define HELP_TARGETS
/^# --- .*[^-] -*$$/ { s/^# --- //; s/ -*$$//; h; }
/^[a-z][a-z_.-]*:[^#]*## / { G; s/^\([^:]*\):[^#]*## \(.*\)\n\(.*\)/\3|\1|\2/p; }
endef
help: export HELP_TARGETS := $(HELP_TARGETS)

-include $(wildcard tests/*/*.mk)

FORCE:
.PHONY: all daemon control program-packages module module-packages install install-module-source \
	install-module uninstall deb deps check check-unit check-unit-load check-bare demo bench fuzz fuzz-replay lint lint-layers \
	lint-format lint-tidy lint-cppcheck format clean help check-long check-seccomp lint-objects lint-shell \
	lint-words print-lint-c coverage hooks changelog FORCE
# Intermediate files are kept; a target is deleted if its recipe fails.
.SECONDARY:
.DELETE_ON_ERROR:
