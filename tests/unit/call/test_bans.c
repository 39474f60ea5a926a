/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_bans.c - the list of bans: order, bound, what is refused, its file; flows of banned sources
 * leave the kernel and come back
 */
#include <sys/stat.h>
#include "daemon/base/count.h"
#include "daemon/call/ban_visit.h"
#include "daemon/call/bans.h"
#include "daemon/firewall/nft.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/own_network.h"
#include "tests/unit/packet/talk_scene.h"
#include "tests/unit/test_clock.h"

static struct endpoint addr(const char *text)
{
	struct endpoint ep = { 0 };

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(text), AF_UNSPEC, &ep));
	return ep;
}

static struct ban_visit visit;

static struct bans *open_list(struct scene *scene, const char *dir)
{
	const struct bans_conf conf = {
		.workers = scene->workers, .dir = dir, .changed = ban_visit_begin, .arg = &visit
	};

	ban_visit_init(&visit, scene->calls);
	return bans_open(&conf);
}

static int ban(struct bans *bans, const char *text)
{
	const struct endpoint ep = addr(text);
	int error = bans_add(bans, &ep);

	bans_flush(bans);
	return error;
}

static int unban(struct bans *bans, const char *text)
{
	const struct endpoint ep = addr(text);
	int error = bans_remove(bans, &ep);

	bans_flush(bans);
	return error;
}

static bool is_banned(const struct bans *bans, const char *text)
{
	const struct endpoint ep = addr(text);

	return bans_has(bans, &ep);
}

/* --- The list --------------------------------------------------------------------------------- */

static void test_list(void)
{
	struct endpoint with_port = addr("192.0.2.7");
	struct scene scene;
	struct bans *bans;

	scene_open(&scene);
	bans = open_list(&scene, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bans);
	endpoint_set_port(&with_port, 4000);
	CU_ASSERT_EQUAL(ban(bans, "2001:db8::7"), 0);
	CU_ASSERT_EQUAL(ban(bans, "192.0.2.9"), 0);
	CU_ASSERT_EQUAL(bans_add(bans, &with_port), 0);
	CU_ASSERT_EQUAL(ban(bans, "192.0.2.7"), 0); /* again */
	CU_ASSERT_EQUAL(bans_count(bans), 3);
	CU_ASSERT_TRUE(bans_has(bans, &with_port) && is_banned(bans, "2001:db8::7"));
	CU_ASSERT_FALSE(is_banned(bans, "192.0.2.8"));
	CU_ASSERT_TRUE(endpoint_addr_eq(&bans_at(bans, 0)->addr, &with_port));
	CU_ASSERT_EQUAL(endpoint_port(&bans_at(bans, 0)->addr), 0);
	CU_ASSERT_PTR_NULL(bans_at(bans, 3));
	CU_ASSERT_EQUAL(unban(bans, "192.0.2.8"), -ENOENT);
	CU_ASSERT_EQUAL(unban(bans, "192.0.2.7"), 0);
	CU_ASSERT_EQUAL(unban(bans, "192.0.2.7"), -ENOENT);
	CU_ASSERT_TRUE(is_banned(bans, "192.0.2.9") && is_banned(bans, "2001:db8::7"));
	CU_ASSERT_EQUAL(bans_count(bans), 2);
	bans_close(bans);
	CU_ASSERT(scene_close(&scene));
}

static void test_only_hosts(void)
{
	static const char *const none[] = { "0.0.0.0", "255.255.255.255", "224.0.0.1",
					    "::", "ff02::1" };
	struct scene scene;
	struct bans *bans;

	scene_open(&scene);
	bans = open_list(&scene, NULL);
	for (size_t i = 0; i < COUNT(none); i++)
		CU_ASSERT_EQUAL(ban(bans, none[i]), -EINVAL);
	CU_ASSERT_EQUAL(bans_count(bans), 0);
	bans_close(bans);
	CU_ASSERT(scene_close(&scene));
}

static void test_null_bans_nothing(void)
{
	bans_flush(NULL);
	bans_close(NULL);
	CU_ASSERT_EQUAL(bans_count(NULL), 0);
	CU_ASSERT_PTR_NULL(bans_at(NULL, 0));
	CU_ASSERT_FALSE(is_banned(NULL, "192.0.2.1"));
	CU_ASSERT_EQUAL(unban(NULL, "192.0.2.1"), -ENOENT);
	CU_ASSERT_EQUAL(ban(NULL, "192.0.2.1"), -ENOMEM);
}

/* --- The file --------------------------------------------------------------------------------- */

static char dir[] = "/tmp/rtprelay-bans-XXXXXX";
static char path[sizeof(dir) + 16];

static void make_dir(void)
{
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	scene_must(mkdtemp(dir), dir);
	snprintf(path, sizeof(path), "%s/" BANS_FILE, dir);
}

static void remove_dir(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(dir), 0); /* nothing else is left there */
}

static void write_text(const char *text)
{
	FILE *file = fopen(path, "w");

	scene_must(file && fputs(text, file) >= 0 && !fclose(file), path);
}

/* As many as there may be, and one more. */
static void write_full(void)
{
	FILE *file = fopen(path, "w");

	scene_must(file, path);
	for (unsigned int i = 0; i <= BANS_MAX; i++)
		fprintf(file, "10.0.%u.%u 5\n", i / 256, i % 256);
	scene_must(!fclose(file), path);
}

static void test_bound(void)
{
	struct log_capture capture;
	struct scene scene;
	struct bans *bans;
	char text[1024];

	make_dir();
	write_full();
	scene_open(&scene);
	log_capture_begin(&capture, LOG_LEVEL_INFO);
	bans = open_list(&scene, dir);
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "1 of 10001 lines"));
	CU_ASSERT_EQUAL(bans_count(bans), BANS_MAX);
	CU_ASSERT_EQUAL(ban(bans, "192.0.2.1"), -ENOSPC);
	CU_ASSERT_FALSE(is_banned(bans, "192.0.2.1"));
	CU_ASSERT_EQUAL(ban(bans, "10.0.0.0"), 0); /* it is there */
	CU_ASSERT_EQUAL(unban(bans, "10.0.0.0"), 0);
	CU_ASSERT_EQUAL(ban(bans, "192.0.2.1"), 0);
	bans_close(bans);
	CU_ASSERT(scene_close(&scene));
	remove_dir();
}

static void test_list_survives_a_restart(void)
{
	struct scene scene;
	struct bans *bans;
	int64_t since_s;

	make_dir();
	scene_open(&scene);
	bans = open_list(&scene, dir);
	CU_ASSERT_EQUAL(ban(bans, "192.0.2.7") + ban(bans, "2001:db8::7"), 0);
	CU_ASSERT_EQUAL(ban(bans, "192.0.2.8") + unban(bans, "192.0.2.8"), 0);
	since_s = bans_at(bans, 0)->since_s;
	CU_ASSERT_TRUE(since_s > 1700000000);
	bans_close(bans); /* writes nothing */
	bans = open_list(&scene, dir);
	CU_ASSERT_EQUAL_FATAL(bans_count(bans), 2);
	CU_ASSERT_TRUE(is_banned(bans, "192.0.2.7") && is_banned(bans, "2001:db8::7"));
	CU_ASSERT_EQUAL(bans_at(bans, 0)->since_s, since_s);
	CU_ASSERT_EQUAL(unban(bans, "192.0.2.7") + unban(bans, "2001:db8::7"), 0);
	bans_close(bans);
	bans = open_list(&scene, dir);
	CU_ASSERT_EQUAL(bans_count(bans), 0);
	bans_close(bans);
	CU_ASSERT(scene_close(&scene));
	remove_dir();
}

static void test_bad_lines_are_ignored(void)
{
	struct log_capture capture;
	struct scene scene;
	struct bans *bans;
	char text[1024];

	make_dir();
	write_text("192.0.2.7 100\nnonsense\n192.0.2.8\n0.0.0.0 5\n\n192.0.2.9 x\n2001:db8::7 7");
	scene_open(&scene);
	log_capture_begin(&capture, LOG_LEVEL_INFO);
	bans = open_list(&scene, dir);
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_EQUAL(bans_count(bans), 3);
	CU_ASSERT_TRUE(is_banned(bans, "192.0.2.7") && is_banned(bans, "192.0.2.8") &&
		       is_banned(bans, "2001:db8::7"));
	CU_ASSERT_EQUAL(bans_at(bans, 0)->since_s, 100);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "4 of 7 lines are not an address to ban, ignored"));
	bans_close(bans);
	CU_ASSERT(scene_close(&scene));
	remove_dir();
}

static void test_file_that_cannot_be_written(void)
{
	struct log_capture capture;
	struct scene scene;
	struct bans *bans;
	char text[1024];

	make_dir();
	scene_open(&scene);
	bans = open_list(&scene, dir);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
	log_capture_begin(&capture, LOG_LEVEL_INFO);
	CU_ASSERT_EQUAL(ban(bans, "192.0.2.7"), 0); /* it is in effect */
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_TRUE(is_banned(bans, "192.0.2.7"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "cannot be written: No such file or directory"));
	CU_ASSERT_EQUAL(bans_state(bans), BANS_FAILING);
	CU_ASSERT_EQUAL(mkdir(dir, 0700), 0);
	CU_ASSERT_EQUAL(ban(bans, "192.0.2.8"), 0);
	CU_ASSERT_EQUAL(bans_state(bans), BANS_OK);
	bans_close(bans);
	remove_dir();
	CU_ASSERT(scene_close(&scene));
}

static size_t times(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void make_loop(void)
{
	scene_must(!symlink(BANS_FILE, path), path);
}

/* Opens, and reads with EIO. */
static void make_broken(void)
{
	scene_must(!symlink("/proc/self/mem", path), path);
}

static void make_directory(void)
{
	scene_must(!mkdir(path, 0700), path);
}

static void make_nonsense(void)
{
	write_text("no list of bans\nat all\n");
}

static void make_long(void)
{
	FILE *file = fopen(path, "w");

	scene_must(file, path);
	for (unsigned int i = 0; i <= 2 * BANS_MAX; i++)
		fputs("192.0.2.9 5\n", file);
	scene_must(!fclose(file), path);
}

/* The bans in it might be lost for ever. What could be read is in effect. */
static void test_file_that_cannot_be_read_is_left_alone(void)
{
	static const struct {
		void (*make)(void);
		const char *why;
		size_t count;
	} rows[] = {
		{ make_loop, "Too many levels of symbolic links", 0 },
		{ make_broken, "Input/output error", 0 },
		{ make_directory, "Is a directory", 0 },
		{ make_nonsense, "no line of it is an address to ban", 0 },
		{ make_long, "it has too many lines", 1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct log_capture capture;
		struct stat before, after;
		struct scene scene;
		struct bans *bans;
		char text[2048];

		make_dir();
		rows[i].make();
		CU_ASSERT_EQUAL(lstat(path, &before), 0);
		scene_open(&scene);
		log_capture_begin(&capture, LOG_LEVEL_INFO);
		bans = open_list(&scene, dir);
		CU_ASSERT_EQUAL(bans_count(bans), rows[i].count);
		CU_ASSERT_EQUAL(bans_state(bans), BANS_UNREADABLE);
		CU_ASSERT_EQUAL(ban(bans, "192.0.2.7") + ban(bans, "192.0.2.8"), 0);
		CU_ASSERT_EQUAL(unban(bans, "192.0.2.8"), 0);
		log_capture_end(&capture, text, sizeof(text));
		CU_ASSERT_TRUE(is_banned(bans, "192.0.2.7"));
		CU_ASSERT_EQUAL(bans_state(bans), BANS_UNREADABLE);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, rows[i].why));
		CU_ASSERT_EQUAL(times(text, "error: ban: "), 1);
		CU_ASSERT_EQUAL(lstat(path, &after), 0);
		CU_ASSERT_TRUE(before.st_ino == after.st_ino && before.st_size == after.st_size &&
			       before.st_mode == after.st_mode);
		bans_close(bans);
		CU_ASSERT(scene_close(&scene));
		if (S_ISDIR(before.st_mode))
			rmdir(path);
		remove_dir(); /* and no new file beside it */
	}
}

/* All of the list, or it is left alone. */
static void test_no_memory_for_the_list_of_the_file(void)
{
	struct log_capture capture;
	unsigned int unreadable = 0;
	struct scene scene;
	char text[4096];

	make_dir();
	write_text("192.0.2.7 5\n192.0.2.8 5\n");
	scene_open(&scene);
	log_capture_begin(&capture, LOG_LEVEL_ERR);
	ALLOC_FAILS_AT_EACH
	{
		struct bans *bans = open_list(&scene, dir);

		if (bans && bans_state(bans) == BANS_OK)
			CU_ASSERT_EQUAL(bans_count(bans), 2);
		else
			CU_ASSERT_TRUE(alloc_failed());
		unreadable += bans && bans_state(bans) == BANS_UNREADABLE;
		bans_close(bans);
	}
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_TRUE(unreadable >= 1);
	CU_ASSERT(scene_close(&scene));
	remove_dir();
}

/* --- Flows ------------------------------------------------------------------------------------ */

static void open_bans(struct talk *t)
{
	t->scene.calls->bans = open_list(&t->scene, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t->scene.calls->bans);
}

static void close_bans(struct talk *t)
{
	ban_visit_end(&visit);
	bans_close(t->scene.calls->bans);
	t->scene.calls->bans = NULL;
	talk_close(t);
}

static void test_flows_leave_and_come_back(void)
{
	struct talk t;

	talk_in_kernel(&t);
	open_bans(&t);
	CU_ASSERT_EQUAL(ban(t.scene.calls->bans, "127.0.0.2"), 0); /* nobody of this call */
	turn(&t);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 4);
	CU_ASSERT_EQUAL(ban(t.scene.calls->bans, "127.0.0.1"), 0); /* both phones */
	UNTIL(&t, fake_kmod_count(&fake) == 0);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user, "source is banned");
	all_send(&t);
	UNTIL(&t, report(&t, SIDE_A, COMP_RTP).drops[DROP_BANNED] == 1);
	UNTIL(&t, report(&t, SIDE_B, COMP_RTCP).drops[DROP_BANNED] == 1);
	/* Another change of the media does not set them again. */
	media_path_follow(media_of(&t));
	turn(&t);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT_EQUAL(unban(t.scene.calls->bans, "127.0.0.2"), 0);
	turn(&t);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT_EQUAL(unban(t.scene.calls->bans, "127.0.0.1"), 0);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	CU_ASSERT_PTR_NULL(report(&t, SIDE_A, COMP_RTP).why_user);
	close_bans(&t);
}

/* By the sets of the firewall; the list of the daemon stays empty. */
static void test_flows_of_what_others_ban_leave_and_come_back(void)
{
	const struct addr_ports relay = { addr("127.80.0.1"), 21000, 21999 };
	const struct nft_conf conf = { .relay = &relay,
				       .n_relay = 1,
				       .mode = FIREWALL_NOTRACK,
				       .others_changed = ban_visit_begin,
				       .arg = &visit };
	struct bans_conf list = { .changed = ban_visit_begin, .arg = &visit };
	struct talk t;
	int error;

	CU_ASSERT_FATAL(in_own_network());
	list.nft = nft_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(list.nft);
	talk_in_kernel(&t);
	list.workers = t.scene.workers;
	ban_visit_init(&visit, t.scene.calls);
	t.scene.calls->bans = bans_open(&list);
	CU_ASSERT_EQUAL(nft_flush(list.nft), 0);
	CU_ASSERT_EQUAL(system("nft add element inet rtprelay banned4 '{ 127.0.0.1 }'"), 0);
	nft_dispatch(list.nft);
	UNTIL(&t, fake_kmod_count(&fake) == 0);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user, "source is banned");
	CU_ASSERT_EQUAL(bans_count(t.scene.calls->bans), 0);
	CU_ASSERT_EQUAL(system("nft delete element inet rtprelay banned4 '{ 127.0.0.1 }'"), 0);
	nft_dispatch(list.nft);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	close_bans(&t);
	nft_close(list.nft, false);
}

/* Of the previous daemon: for the media threads, and before there are flows. */
static void test_list_of_the_file_is_in_effect(void)
{
	struct talk t;

	make_dir();
	write_text("127.0.0.1 5\n");
	talk_open(&t, true);
	t.scene.calls->bans = open_list(&t.scene, dir);
	worker_pool_flush(t.scene.workers);
	all_send(&t);
	UNTIL(&t, report(&t, SIDE_A, COMP_RTP).drops[DROP_BANNED] == 1);
	UNTIL(&t, report(&t, SIDE_B, COMP_RTCP).drops[DROP_BANNED] == 1);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	close_bans(&t);
	remove_dir();
}

/*
 * Each slice visits one call. The list changes when the first of two calls has been visited: in the
 * visit that follows it is seen again.
 */
static void test_change_during_a_visit(void)
{
	struct request request = { .call_id = STR("other"),
				   .from_tag = STR("a"),
				   .sdp = STR("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
					      "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
					      "m=audio 4000 RTP/AVP 0\r\n"),
				   .tos = TOS_UNSET };
	struct talk t;

	talk_in_kernel(&t);
	open_bans(&t);
	CU_ASSERT_EQUAL(scene_run(&t.scene, command_offer, request).code, REPLY_OK);
	test_clock_stop();
	test_clock_step(1000);
	CU_ASSERT_EQUAL(ban(t.scene.calls->bans, "127.0.0.1"), 0);
	kmod_flush(t.kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT_EQUAL(unban(t.scene.calls->bans, "127.0.0.1"), 0);
	kmod_flush(t.kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	for (int turns = 0; turns < 6; turns++)
		event_base_loop(t.scene.base, EVLOOP_NONBLOCK);
	test_clock_step(0);
	test_clock_go();
	kmod_flush(t.kmod); /* before news of the media thread, which would set the flows, too */
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 4);
	/* It has ended: no timer keeps the loop busy. */
	CU_ASSERT_EQUAL(event_base_loop(t.scene.base, EVLOOP_NONBLOCK), 0);
	close_bans(&t);
}

/* Either nothing has changed, or the ban takes effect in the next second. */
static void test_no_memory(void)
{
	struct log_capture capture;
	uint64_t dropped = 0;
	struct talk t;
	char text[1024];

	talk_open(&t, false);
	open_bans(&t);
	log_capture_begin(&capture, LOG_LEVEL_ERR);
	ALLOC_FAILS_AT_EACH
	{
		int error = ban(t.scene.calls->bans, "127.0.0.1");

		CU_ASSERT(!error || (alloc_failed() && error == -ENOMEM));
		CU_ASSERT_EQUAL(bans_count(t.scene.calls->bans), !error);
		if (error)
			continue;
		bans_flush(t.scene.calls->bans);
		worker_pool_flush(t.scene.workers);
		phone_sends(&t, SIDE_A, COMP_RTP);
		dropped++;
		UNTIL(&t, report(&t, SIDE_A, COMP_RTP).drops[DROP_BANNED] == dropped);
		CU_ASSERT_EQUAL(unban(t.scene.calls->bans, "127.0.0.1"), 0);
	}
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_TRUE(dropped > 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "trying again"));
	close_bans(&t);
}

TEST_SUITE(bans, { "list", test_list }, { "only hosts", test_only_hosts }, { "bound", test_bound },
	   { "NULL bans nothing", test_null_bans_nothing },
	   { "the list survives a restart", test_list_survives_a_restart },
	   { "bad lines are ignored", test_bad_lines_are_ignored },
	   { "a file that cannot be written", test_file_that_cannot_be_written },
	   { "no memory for the list of the file", test_no_memory_for_the_list_of_the_file },
	   { "a file that cannot be read is left alone",
	     test_file_that_cannot_be_read_is_left_alone },
	   { "flows leave and come back", test_flows_leave_and_come_back },
	   { "flows of what others ban leave and come back",
	     test_flows_of_what_others_ban_leave_and_come_back },
	   { "the list of the file is in effect", test_list_of_the_file_is_in_effect },
	   { "a change during a visit", test_change_during_a_visit },
	   { "no memory", test_no_memory });
