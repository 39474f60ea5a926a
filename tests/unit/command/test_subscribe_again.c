/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_subscribe_again.c - a recorder gets its copies from the next relay, too
 *
 * Two scenes one after the other: the second one gets the record that the first one has written.
 */
#include "daemon/call/copies.h"
#include "daemon/call/copies_restore.h"
#include "daemon/call/media.h"
#include "daemon/call/record.h"
#include "daemon/call/restore.h"
#include "daemon/journal/journal.h"
#include "tests/unit/command/command_scene.h"
#include "tests/unit/journal_files.h"

#define TO(port) "m=audio " port " RTP/AVP 0\r\n"
#define KEY	 "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

struct world {
	struct scene scene;
	char dir[JOURNAL_FILES_DIR];
	struct journal *journal;
	struct journal_calls calls;
	uint8_t bytes[65536];
	size_t len;
};

static unsigned int told;

static void tell_copies(void *arg, struct subscriber *subscriber)
{
	(void)arg;
	told += subscriber->copy ? 1 : 0;
}

static void start_relay(struct world *w)
{
	struct journal_conf conf = { w->dir, NULL, journal_call_encode, journal_files_restore_none,
				     &w->calls };
	int error;

	scene_open(&w->scene);
	scene_record(&w->scene);
	w->scene.calls->conf.copies = tell_copies;
	w->calls = (struct journal_calls){ w->scene.calls, arena_new(1 << 14) };
	conf.base = w->scene.base;
	w->journal = journal_open(&conf, &error);
	scene_must(w->journal, "journal");
	told = 0;
}

static void stop_relay(struct world *w)
{
	call_table_close_all(w->scene.calls);
	journal_close(w->journal);
	arena_free(w->calls.arena);
	CU_ASSERT(scene_close(&w->scene));
}

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	scene_must(w, "world");
	journal_files_make(w->dir);
	start_relay(w);
	CU_ASSERT_EQUAL(offer(&w->scene, A_HEAD AUDIO VIDEO).code, REPLY_OK);
	CU_ASSERT_EQUAL(answer(&w->scene, B_HEAD AUDIO VIDEO).code, REPLY_OK);
	return w;
}

static void world_free(struct world *w)
{
	char command[128];

	stop_relay(w);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	CU_ASSERT_EQUAL(system(command), 0);
	free(w);
}

static struct call *the_call(struct world *w)
{
	return call_find(w->scene.calls, STR("call"));
}

static int take_up(struct world *w)
{
	return journal_call_restore(&w->calls, w->journal, 1, w->bytes, w->len);
}

static void note(struct world *w)
{
	w->len = journal_call_encode(&w->calls, the_call(w), w->bytes, sizeof(w->bytes));
	CU_ASSERT_FATAL(w->len > 0);
}

static void restart(struct world *w)
{
	note(w);
	stop_relay(w);
	start_relay(w);
	CU_ASSERT_EQUAL_FATAL(take_up(w), 0);
	worker_pool_flush(w->scene.workers);
}

static struct reply subscribe(struct world *w, const char *profile)
{
	struct request request = base_request("");

	request.flags = REQ_ALL;
	request.siprec = true;
	request.to_tag = STR("rec");
	request.transport_protocol = str_of(profile);
	return scene_run(&w->scene, command_subscribe_request, request);
}

static struct reply answer_with(struct world *w, const char *sdp)
{
	struct request request = base_request(sdp);

	request.from_tag = STR_NONE;
	request.to_tag = STR("rec");
	return scene_run(&w->scene, command_subscribe_answer, request);
}

static struct subscriber *recorder(struct world *w)
{
	return subscriber_find(the_call(w), STR("rec"));
}

static size_t sent_lines(struct world *w)
{
	const struct subscriber *subscriber = recorder(w);
	size_t n = 0;

	for (size_t i = 0; i < subscriber->n; i++) {
		const struct subscriber_line *line = &subscriber->line[i];
		bool sends = subscriber_line_sends(subscriber, line);

		CU_ASSERT_PTR_EQUAL(line->tapped, sends ? subscriber_line_media(line) : NULL);
		n += sends;
	}
	CU_ASSERT_EQUAL(!n, !subscriber->copy);
	return n;
}

static void test_copies_go_on(void)
{
	struct world *w = world_new();
	struct reply reply = subscribe(w, NULL);
	uint64_t id;
	int ports[4];

	for (unsigned int i = 0; i < 4; i++)
		ports[i] = port_of(reply, i);
	CU_ASSERT_EQUAL(
		answer_with(w, B_HEAD TO("5000") "m=video 0 RTP/AVP 96\r\n" TO("5002")).code,
		REPLY_OK);
	CU_ASSERT_EQUAL(sent_lines(w), 2);
	id = recorder(w)->sdp_id;
	restart(w);
	CU_ASSERT_PTR_NOT_NULL_FATAL(recorder(w));
	CU_ASSERT_EQUAL(sent_lines(w), 2);
	CU_ASSERT(told > 0);
	CU_ASSERT_EQUAL(recorder(w)->sdp_id, id);
	CU_ASSERT_EQUAL(recorder(w)->n, 4);
	CU_ASSERT_EQUAL(recorder(w)->line[2].label, 2);
	CU_ASSERT_EQUAL(endpoint_port(&recorder(w)->line[2].to[COMP_RTP]), 5002);
	CU_ASSERT_EQUAL(endpoint_port(&recorder(w)->line[2].to[COMP_RTCP]), 5003);
	CU_ASSERT_EQUAL(recorder(w)->line[0].pts[0], 1);
	/* The proxy asks again, and gets the same ports. */
	reply = subscribe(w, NULL);
	CU_ASSERT_EQUAL(reply.code, REPLY_OK);
	for (unsigned int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(port_of(reply, i), ports[i]);
	CU_ASSERT(memmem(reply.sdp.s, reply.sdp.len, " 2 IN IP4 ", 10) != NULL);
	world_free(w);
}

/* The number of the line with @suite. */
static int tag_of(struct str lines, const char *suite)
{
	while (lines.len) {
		struct str line = str_split(&lines, '\n');

		if (memmem(line.s, line.len, suite, strlen(suite)))
			return atoi(line.s);
	}
	return -1;
}

static void test_keys_and_indexes_stay(void)
{
	struct world *w = world_new();
	struct srtp_indexes indexes;
	struct str sent;
	char text[300], key[200];
	int tag;

	CU_ASSERT_EQUAL(subscribe(w, "RTP/SAVP").code, REPLY_OK);
	tag = tag_of(recorder(w)->line[0].crypto, "AES_CM_128_HMAC_SHA1_80");
	snprintf(text, sizeof(text),
		 B_HEAD "m=audio 5000 RTP/SAVP 0\r\na=crypto:%d AES_CM_128_HMAC_SHA1_80 " KEY
			"\r\n",
		 tag);
	CU_ASSERT_EQUAL(answer_with(w, text).code, REPLY_OK);
	sent = recorder(w)->line[0].key;
	CU_ASSERT_FATAL(sent.len > 0 && sent.len < sizeof(key));
	memcpy(key, sent.s, sent.len);
	sent.s = key;
	restart(w);
	CU_ASSERT(str_eq(recorder(w)->line[0].key, sent));
	CU_ASSERT(recorder(w)->line[0].crypto.len > 0);
	CU_ASSERT_FALSE(copy_port_has(recorder(w)->line[0].sockets, NULL));
	CU_ASSERT_EQUAL(sent_lines(w), 1);
	/* Whatever the first relay has sent of SRTCP, its indexes are not used again. */
	copy_port_indexes(recorder(w)->line[0].sockets, &indexes);
	CU_ASSERT(indexes.rtcp_sent > 0);
	world_free(w);
}

static void test_lines_that_cannot_go_on_end(void)
{
	struct world *w = world_new();
	struct call_record record;
	struct endpoint taken;
	int port, fd;

	CU_ASSERT_EQUAL(subscribe(w, NULL).code, REPLY_OK);
	CU_ASSERT_EQUAL(
		answer_with(w, B_HEAD TO("5000") "m=video 0 RTP/AVP 96\r\n" TO("5002")).code,
		REPLY_OK);
	note(w);
	port = recorder(w)->line[0].port;
	stop_relay(w);
	taken = (struct endpoint){ .in4 = { .sin_family = AF_INET } };
	CU_ASSERT(endpoint_parse(STR("127.80.0.1"), port, &taken));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL(bind(fd, &taken.sa, endpoint_len(&taken)), 0);
	start_relay(w);
	arena_reset(w->calls.arena);
	CU_ASSERT_EQUAL(journal_record_read(w->calls.arena, w->bytes, w->len, &record), 0);
	CU_ASSERT_EQUAL(record.n_subscribers, 1);
	CU_ASSERT_EQUAL(take_up(w), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(recorder(w));
	CU_ASSERT_EQUAL(sent_lines(w), 1);
	CU_ASSERT_EQUAL(recorder(w)->line[0].port, 0);
	CU_ASSERT_EQUAL(recorder(w)->line[2].label, 2);
	world_free(w);
	close(fd);
}

static void test_without_a_recorder_the_call_goes_on(void)
{
	struct world *w = world_new();

	CU_ASSERT_EQUAL(subscribe(w, NULL).code, REPLY_OK);
	note(w);
	stop_relay(w);
	start_relay(w);
	w->scene.calls->conf.copies = NULL;
	CU_ASSERT_EQUAL(take_up(w), 0);
	CU_ASSERT_PTR_NULL(recorder(w));
	world_free(w);
}

static void test_out_of_memory_ends_no_call(void)
{
	struct world *w = world_new();

	CU_ASSERT_EQUAL(subscribe(w, NULL).code, REPLY_OK);
	CU_ASSERT_EQUAL(answer_with(w, B_HEAD TO("5000")).code, REPLY_OK);
	restart(w);
	call_end(the_call(w), CALL_FORCED);
	CU_ASSERT(scene_settle(&w->scene));
	ALLOC_FAILS_AT_EACH
	{
		int error = take_up(w);

		CU_ASSERT(!error || alloc_failed());
		if (!error)
			call_end(the_call(w), CALL_FORCED);
		CU_ASSERT_EQUAL(w->scene.calls->copies->subscribers, 0);
		CU_ASSERT_EQUAL(w->scene.calls->copies->lines, 0);
		CU_ASSERT(scene_settle(&w->scene));
	}
	world_free(w);
}

TEST_SUITE(subscribe_again, { "copies go on", test_copies_go_on },
	   { "keys and indexes stay", test_keys_and_indexes_stay },
	   { "lines that cannot go on end", test_lines_that_cannot_go_on_end },
	   { "without a recorder the call goes on", test_without_a_recorder_the_call_goes_on },
	   { "out of memory ends no call", test_out_of_memory_ends_no_call });
