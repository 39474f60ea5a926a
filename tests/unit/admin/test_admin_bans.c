/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_admin_bans.c - addresses are banned, by those who may */
#include <stdio.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/call/bans.h"
#include "admin_scene.h"

/* Without a directory a ban ends with the daemon, which is said. */
#define BANNED "{\"type\":\"unsaved\",\"state\":\"off\"}\n" END("1")

static struct bans *open_bans(const char *dir)
{
	const struct bans_conf conf = { .workers = talk.scene.workers, .dir = dir };

	return bans_open(&conf);
}

static void test_addresses_are_banned(void)
{
	start();
	talk.scene.calls->bans = open_bans(NULL);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"banned\"}"), END("0"));
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"ban\",\"address\":\"2001:db8::7\"}"), BANNED);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"ban\",\"address\":\"192.0.2.7\"}"), BANNED);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"ban\",\"address\":\"192.0.2.7\"}"), BANNED);
	ask("{\"verb\":\"banned\"}");
	CU_ASSERT(is_sound() && ends_with(END("2")));
	CU_ASSERT_EQUAL(count_of("{\"type\":\"banned\",\"address\":\"192.0.2.7\",\"since\":1"), 1);
	CU_ASSERT_EQUAL(count_of("{\"type\":\"banned\",\"address\":\"2001:db8::7\",\"since\":1"),
			1);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"unban\",\"address\":\"192.0.2.7\"}"), END("1"));
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"unban\",\"address\":\"192.0.2.7\"}"),
			       DENIED("not-banned", "the address is not banned"));
	CU_ASSERT_EQUAL(bans_count(talk.scene.calls->bans), 1);
	bans_close(talk.scene.calls->bans);
	CU_ASSERT(stop());
}

static void test_only_addresses_of_hosts_are_banned(void)
{
	static const char *const none[] = { "{\"verb\":\"ban\"}",
					    "{\"verb\":\"ban\",\"address\":\"192.0.2.7:4000\"}",
					    "{\"verb\":\"ban\",\"address\":\"192.0.2.0/24\"}",
					    "{\"verb\":\"ban\",\"address\":\"::ffff:192.0.2.7\"}",
					    "{\"verb\":\"ban\",\"address\":[\"192.0.2.7\"]}",
					    "{\"verb\":\"unban\",\"address\":\"phone.example\"}" };

	start();
	talk.scene.calls->bans = open_bans(NULL);
	for (size_t i = 0; i < COUNT(none); i++)
		CU_ASSERT_STRING_EQUAL(
			ask(none[i]),
			DENIED("bad-request",
			       "address must be an IPv4 or IPv6 address, without port and prefix "
			       "length"));
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"ban\",\"address\":\"0.0.0.0\"}"),
			       DENIED("bad-request", "the address is not that of a host"));
	bans_close(talk.scene.calls->bans);
	CU_ASSERT(stop());
}

static void test_readers_see_bans_and_make_none(void)
{
	start();
	talk.scene.calls->bans = open_bans(NULL);
	ask("{\"verb\":\"ban\",\"address\":\"192.0.2.7\"}");
	close(talk.fd);
	peer_spy_only_read(true);
	talk.fd = connect_peer();
	peer_spy_only_read(false);
	CU_ASSERT_STRING_EQUAL(
		ask("{\"verb\":\"ban\",\"address\":\"192.0.2.8\"}"),
		DENIED("denied", "only root and the daemon's user may make changes"));
	CU_ASSERT_STRING_EQUAL(
		ask("{\"verb\":\"unban\",\"address\":\"192.0.2.7\"}"),
		DENIED("denied", "only root and the daemon's user may make changes"));
	ask("{\"verb\":\"banned\"}");
	CU_ASSERT(ends_with(END("1")));
	CU_ASSERT_EQUAL(bans_count(talk.scene.calls->bans), 1);
	bans_close(talk.scene.calls->bans);
	CU_ASSERT(stop());
}

static void test_number_of_bans_is_limited(void)
{
	char dir[] = "/tmp/rtprelay-admin-XXXXXX", path[64];
	FILE *file;

	start();
	scene_must(mkdtemp(dir), dir);
	snprintf(path, sizeof(path), "%s/banned", dir);
	file = fopen(path, "w");
	scene_must(file, path);
	for (unsigned int i = 0; i < BANS_MAX; i++)
		fprintf(file, "10.0.%u.%u 5\n", i / 256, i % 256);
	fclose(file);
	talk.scene.calls->bans = open_bans(dir);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"ban\",\"address\":\"192.0.2.7\"}"),
			       DENIED("full", "10000 addresses are banned, the maximum"));
	bans_close(talk.scene.calls->bans);
	CU_ASSERT_EQUAL(unlink(path) + rmdir(dir), 0);
	CU_ASSERT(stop());
}

TEST_SUITE(admin_bans, { "addresses are banned", test_addresses_are_banned },
	   { "only addresses of hosts are banned", test_only_addresses_of_hosts_are_banned },
	   { "readers see bans, and make none", test_readers_see_bans_and_make_none },
	   { "the number of bans is limited", test_number_of_bans_is_limited });
