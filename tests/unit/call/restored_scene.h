/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * restored_scene.h - a call is restored by the next relay
 *
 * Two scenes one after the other; the second one gets what the first one has encoded.
 */
#ifndef RTPRELAY_RESTORED_SCENE_H
#define RTPRELAY_RESTORED_SCENE_H

#include "daemon/call/media.h"
#include "daemon/call/record.h"
#include "daemon/call/restore.h"
#include "daemon/packet/bridge.h"
#include "daemon/packet/pool.h"
#include "journal_sample.h"
#include "tests/unit/journal_files.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"
#include "tests/unit/test_clock.h"

#define RECORDS 4

/*
 * Most tests pass the records themselves: the journal's file is needed only to mark calls as
 * changed. What is in the file matters to those that call restart_from_disk().
 */
struct world {
	struct scene scene;
	char dir[JOURNAL_FILES_DIR];
	struct journal *journal;
	struct journal_calls calls;
	uint8_t bytes[RECORDS][65536];
	size_t len[RECORDS];
};

SCENE_FN const char offer_sdp[] =
	"v=0\r\no=- 1 1 IN IP4 127.80.0.9\r\ns=-\r\nc=IN IP4 127.80.0.9\r\n"
	"t=0 0\r\nm=audio 4000 RTP/AVP 0 96 97\r\na=rtpmap:96 opus/48000/2\r\n"
	"a=rtpmap:97 AMR/8000\r\n"
	"m=image 4010 udptl t38\r\n";
SCENE_FN const char answer_sdp[] =
	"v=0\r\no=- 1 1 IN IP4 127.80.0.9\r\ns=-\r\nc=IN IP4 127.80.0.9\r\n"
	"t=0 0\r\nm=audio 5000 RTP/AVP 0\r\nm=image 0 udptl t38\r\n";

typedef int restore_fn(void *arg, struct journal *journal, int64_t id, const uint8_t *bytes,
		       size_t len);

SCENE_FN void start_relay_with(struct world *w, restore_fn *restore)
{
	struct journal_conf conf = { w->dir, NULL, journal_call_encode, restore, &w->calls };
	int error;

	scene_open(&w->scene);
	w->calls = (struct journal_calls){ w->scene.calls, arena_new(1 << 14) };
	conf.base = w->scene.base;
	w->journal = w->scene.calls->journal = journal_open(&conf, &error);
	scene_must(w->journal, "journal");
}

SCENE_FN void start_relay(struct world *w)
{
	start_relay_with(w, journal_files_restore_none);
}

SCENE_FN void stop_relay(struct world *w)
{
	journal_close(w->journal);
	w->scene.calls->journal = NULL;
	arena_free(w->calls.arena);
	CU_ASSERT(scene_close(&w->scene));
}

SCENE_FN struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	scene_must(w, "world");
	journal_files_make(w->dir);
	start_relay(w);
	return w;
}

SCENE_FN void world_free(struct world *w)
{
	char command[128];

	stop_relay(w);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	CU_ASSERT_EQUAL(system(command), 0);
	free(w);
}

SCENE_FN struct request request(const char *sdp)
{
	return (struct request){ .call_id = STR("call"),
				 .from_tag = STR("from"),
				 .to_tag = str_of(sdp == answer_sdp ? "to" : NULL),
				 .via_branch = STR("branch"),
				 .sdp = str_of(sdp),
				 .direction = { STR("pub"), STR("priv") },
				 .metadata = STR("who=what"),
				 .flags = REQ_REPLACE_VERSION,
				 .tos = 184 };
}

SCENE_FN struct call *the_call(struct world *w)
{
	struct call *call = call_find(w->scene.calls, STR("call"));

	scene_must(call, "the call");
	return call;
}

SCENE_FN void make_call(struct world *w)
{
	struct request answer = request(answer_sdp);

	answer.sip_code = 200;
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_offer, request(offer_sdp)).code, REPLY_OK);
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_answer, answer).code, REPLY_OK);
	CU_ASSERT_PTR_NOT_NULL(the_call(w)->mark);
}

SCENE_FN void note(struct world *w, unsigned int n)
{
	w->len[n] = journal_call_encode(&w->calls, the_call(w), w->bytes[n], sizeof(w->bytes[n]));
	CU_ASSERT(w->len[n] > 0);
}

SCENE_FN int take_up(struct world *w, unsigned int n)
{
	return journal_call_restore(&w->calls, w->journal, 1, w->bytes[n], w->len[n]);
}

/* One relay ends, the next begins; in between the ports are free. */
SCENE_FN void restart(struct world *w)
{
	note(w, 0);
	stop_relay(w);
	start_relay(w);
	/* As in the daemon: the table gets its journal after the restore. */
	w->scene.calls->journal = NULL;
}

/* All changes that the journal was told of are on disk. */
SCENE_FN void settle(struct world *w)
{
	int64_t until_ms = test_real_ms() + SCENE_DEADLINE_MS;

	while (!journal_is_idle(w->journal) && test_real_ms() < until_ms)
		event_base_loop(w->scene.base, EVLOOP_ONCE);
	CU_ASSERT(journal_is_idle(w->journal));
}

/* As after a crash: a change that the journal was not told of is lost. */
SCENE_FN void restart_from_disk(struct world *w)
{
	settle(w);
	stop_relay(w);
	start_relay_with(w, journal_call_restore);
	worker_pool_flush(w->scene.workers);
}

SCENE_FN const struct media *audio(struct world *w)
{
	return the_call(w)->dialogs->media[0];
}

/* The decoded bytes of record 0, to be changed. */
SCENE_FN void reread(struct world *w, struct arena *arena, struct call_record *record)
{
	CU_ASSERT_EQUAL_FATAL(journal_record_read(arena, w->bytes[0], w->len[0], record), 0);
}

SCENE_FN void rewrite(struct world *w, struct call_record *record)
{
	w->len[0] = journal_record_write(record, w->bytes[0], sizeof(w->bytes[0]));
	CU_ASSERT(w->len[0] > 0);
}

#endif
