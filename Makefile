# SPDX-License-Identifier: GPL-2.0-only
# make            builds module, daemon and control      make deps     installs the packages they need
# make demo       shows a call through the relay         make check    runs every test
# make install    DESTDIR= PREFIX=                       make help     lists all targets

all: daemon control module

CC       ?= gcc
PREFIX   ?= /usr/local
PACKAGES := libevent libevent_pthreads jansson inih libcap libsystemd
VERSION  := 0.1.0

B := build$(if $(SAN),-san)

WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef
CFLAGS ?= -O2 -g
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
comma  := ,
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DRTPRELAY_VERSION='"$(VERSION)"' $(WARN) -pthread -I. -Iinclude $(CFLAGS) $(SANFLAGS) \
	     $(shell pkg-config --cflags $(PACKAGES))
LIBS = $(shell pkg-config --libs $(PACKAGES)) -pthread

DAEMON_SRC  := $(filter-out daemon/main.c,$(wildcard daemon/*.c))
DAEMON_OBJ  := $(DAEMON_SRC:%.c=$(B)/%.o)
UNIT_SRC    := tests/main.c tests/alloc.c $(wildcard tests/test_*.c)
UNIT_OBJ    := $(UNIT_SRC:%.c=$(B)/%.o)

daemon: daemon/rtprelayd
control: control/rtprelayctl

daemon/rtprelayd: $(B)/daemon/main.o $(DAEMON_OBJ)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

control/rtprelayctl: $(patsubst %.c,$(B)/%.o,$(wildcard control/*.c)) $(DAEMON_OBJ)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/tests/unit: $(UNIT_OBJ) $(DAEMON_OBJ)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc -o $@ $^ $(LIBS) -lcunit -lm

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

check-unit: $(B)/tests/unit
	$(B)/tests/unit

-include $(shell find $(B) -name '*.d' 2>/dev/null)

clean:
	rm -rf build build-san build-fuzz daemon/rtprelayd control/rtprelayctl

.PHONY: all daemon control module check-unit clean
