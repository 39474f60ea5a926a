/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_leftover.c - a daemon without BPF removes what one with BPF has left when it was killed
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bpf/leftover.h"
#include "net.h"
#include "tests/kmod/world.h"
#include "tests/unit/test.h"

#define PIN   "/mnt/left"
#define OTHER "/mnt/other"

static char devices[FLOW_MAP_LEFT];

static struct flow_map *leave(const char *pin)
{
	const struct map_conf conf = {
		.pin = pin, .limit = 10, .handle = flow_map_handle(pin), .clsacts = &net_clsacts
	};
	char why[FLOW_MAP_WHY];
	struct flow_map *map;

	CU_ASSERT_EQUAL_FATAL(flow_map_open(&conf, &map, why), 0);
	CU_ASSERT_EQUAL(net_attach(map, "a0"), 0);
	CU_ASSERT_EQUAL(net_attach(map, "b0"), 0);
	return map;
}

static int clear(const char *pin)
{
	int error;

	world_enter("relay");
	error = flow_map_clear(pin, devices);
	world_leave();
	return error;
}

/* Programs of rtprelay and of others, at both devices */
static bool has(const char *name, int number)
{
	return !world_run("n=$(for d in a0 b0; do tc -n relay filter show dev $d ingress; done | "
			  "grep -c '%s' || :); test $n -eq %d",
			  name, number);
}

static void free_devices(void)
{
	world_run("for d in a0 b0; do tc -n relay qdisc del dev $d clsact; done");
	net_clsacts_end();
}

static void test_programs_and_pins_are_removed(void)
{
	struct foreign foreign;

	world_open();
	foreign_open(&foreign);
	flow_map_close(leave(PIN), false);
	CU_ASSERT_EQUAL(foreign_attach(&foreign, "a0", flow_map_handle(PIN), 7), 0);
	CU_ASSERT(has("rtprelay", 2));
	CU_ASSERT_EQUAL(access(PIN, F_OK), 0);
	CU_ASSERT_EQUAL(clear(PIN), 0);
	CU_ASSERT(strstr(devices, "a0") && strstr(devices, "b0"));
	CU_ASSERT(has("rtprelay", 0));
	CU_ASSERT(has("foreign", 1));
	CU_ASSERT_NOT_EQUAL(access(PIN, F_OK), 0);
	/* Again: there is nothing. */
	CU_ASSERT_EQUAL(clear(PIN), 0);
	CU_ASSERT_STRING_EQUAL(devices, "");
	foreign_close(&foreign);
	free_devices();
}

static void test_without_pins(void)
{
	world_open();
	flow_map_close(leave(NULL), false);
	CU_ASSERT(has("rtprelay", 2));
	CU_ASSERT_EQUAL(clear(NULL), 0);
	CU_ASSERT(has("rtprelay", 0));
	free_devices();
}

/* The other daemon has pins of its own; then one that runs has these. */
static void test_what_another_daemon_uses_stays(void)
{
	struct flow_map *map;

	world_open();
	map = leave(PIN);
	CU_ASSERT_EQUAL(clear(OTHER), 0);
	CU_ASSERT(has("rtprelay", 2));
	CU_ASSERT_EQUAL(clear(PIN), -EBUSY);
	CU_ASSERT(has("rtprelay", 2));
	CU_ASSERT_EQUAL(access(PIN, F_OK), 0);
	flow_map_close(map, false);
	CU_ASSERT_EQUAL(clear(PIN), 0);
	CU_ASSERT(has("rtprelay", 0));
	free_devices();
}

/* Else each would end the flows of the other one, and put its program in place of the other's. */
static void test_pins_are_of_one_daemon(void)
{
	const struct map_conf conf = { .pin = PIN, .limit = 20, .handle = flow_map_handle(PIN) };
	struct flow_map *map, *second;
	char why[FLOW_MAP_WHY];

	world_open();
	map = leave(PIN);
	CU_ASSERT_EQUAL(flow_map_open(&conf, &second, why), -EBUSY);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT(strstr(why, PIN) != NULL);
	CU_ASSERT_EQUAL(access(PIN "/slots4-1", F_OK), 0);
	CU_ASSERT(has("rtprelay", 2));
	flow_map_close(map, false);
	CU_ASSERT_EQUAL_FATAL(flow_map_open(&conf, &second, why), 0);
	CU_ASSERT_EQUAL(clear(PIN), -EBUSY);
	flow_map_close(second, true);
	CU_ASSERT_EQUAL(clear(PIN), 0);
	free_devices();
}

static void test_folder_of_another_user_is_not_used(void)
{
	const struct map_conf conf = { .pin = PIN, .limit = 10, .handle = flow_map_handle(PIN) };
	struct flow_map *map;
	char why[FLOW_MAP_WHY];

	world_open();
	CU_ASSERT_EQUAL_FATAL(mkdir(PIN, 0777), 0);
	CU_ASSERT_EQUAL_FATAL(chown(PIN, 65534, 65534), 0);
	CU_ASSERT_EQUAL_FATAL(flow_map_open(&conf, &map, why), 0);
	CU_ASSERT_FALSE(flow_map_pinned(map));
	CU_ASSERT(strstr(why, "belongs to another user") != NULL);
	CU_ASSERT_NOT_EQUAL(access(PIN "/slots4-1", F_OK), 0);
	flow_map_close(map, true);
	CU_ASSERT_EQUAL(rmdir(PIN), 0);
}

TEST_SUITE(bpf_leftover, { "programs and pins are removed", test_programs_and_pins_are_removed },
	   { "without pins", test_without_pins },
	   { "what another daemon uses stays", test_what_another_daemon_uses_stays },
	   { "pins are of one daemon", test_pins_are_of_one_daemon },
	   { "a folder of another user is not used", test_folder_of_another_user_is_not_used });
