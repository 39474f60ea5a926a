/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_journal_sdes.c - a call with SRTP on one side goes on after the daemon was killed: keys,
 * rollover counters, the index of SRTCP; its keys are nowhere but in the journal
 */
#include <sys/stat.h>
#include <utlist.h>
#include "daemon/call/media_sdes.h"
#include "daemon/call/restore.h"
#include "daemon/packet/bridge.h"
#include "daemon/srtp/context.h"
#include "journal_sample.h"
#include "tests/unit/journal_files.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"
#include "tests/unit/test_clock.h"

#define OURS 7 /* the tag of the phone's line */

/* A relay, a phone with SRTP that calls, and a plain one. */
struct world {
	struct scene scene;
	char dir[JOURNAL_FILES_DIR];
	struct journal *journal;
	struct journal_calls calls;
	int secure, plain, secure_rtcp, plain_rtcp; /* sockets */
	uint16_t port[2];			    /* of the relay, by side */
	struct srtp *send, *receive;
};

static void start_relay(struct world *w)
{
	struct journal_conf conf = { w->dir, NULL, journal_call_encode, journal_call_restore,
				     &w->calls };
	int error;

	scene_open(&w->scene);
	w->calls = (struct journal_calls){ w->scene.calls, arena_new(1 << 14) };
	conf.base = w->scene.base;
	w->journal = w->scene.calls->journal = journal_open(&conf, &error);
	scene_must(w->journal, "journal");
	worker_pool_flush(w->scene.workers);
}

static void stop_relay(struct world *w)
{
	journal_close(w->journal);
	w->scene.calls->journal = NULL;
	arena_free(w->calls.arena);
	CU_ASSERT(scene_close(&w->scene));
}

/* What the journal was told of is on disk; nothing else is. */
static void restart(struct world *w)
{
	int64_t until_ms = test_real_ms() + SCENE_DEADLINE_MS;

	worker_pool_flush(w->scene.workers);
	worker_pool_dispatch(w->scene.workers);
	while (!journal_is_idle(w->journal) && test_real_ms() < until_ms)
		event_base_loop(w->scene.base, EVLOOP_ONCE);
	CU_ASSERT(journal_is_idle(w->journal));
	stop_relay(w);
	start_relay(w);
}

static int phone(const char *text)
{
	struct endpoint at = sample_ep(text);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	scene_must(fd >= 0 && !bind(fd, &at.sa, endpoint_len(&at)), text);
	return fd;
}

static const struct media *audio(struct world *w)
{
	struct call *call = call_find(w->scene.calls, STR("call"));

	scene_must(call && call->dialogs->media[0], "the call");
	return call->dialogs->media[0];
}

static struct reply run(struct world *w, command_fn *command, const char *sdp)
{
	struct request request = { .call_id = STR("call"),
				   .from_tag = STR("from"),
				   .to_tag = command == command_answer ? STR("to") : STR_NONE,
				   .sdp = str_of(sdp),
				   .transport_protocol =
					   command == command_offer ? STR("RTP/AVP") : STR_NONE,
				   .tos = -1 };
	struct reply reply = scene_run(&w->scene, command, request);

	CU_ASSERT_EQUAL_FATAL(reply.code, REPLY_OK);
	return reply;
}

static struct sdes_line line_in(struct str sdp)
{
	struct sdes_line line = { 0 };
	struct str before = STR("a=crypto:");

	while (sdp.len && !str_starts(sdp, before)) {
		sdp.s++;
		sdp.len--;
	}
	sdp.s += before.len;
	sdp.len -= before.len;
	CU_ASSERT_EQUAL_FATAL(sdes_read(str_split(&sdp, '\r'), &line), SDES_OK);
	return line;
}

#define SDP(port, proto, lines)                                                                    \
	"v=0\r\no=- 1 1 IN IP4 127.80.0.9\r\ns=-\r\nc=IN IP4 127.80.0.9\r\nt=0 0\r\n"              \
	"m=audio " port " " proto " 0\r\n" lines
#define THEIRS                                                                                     \
	SDP("4000", "RTP/SAVP", "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:" SAMPLE_KEY "\r\n")

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	struct sdes_line theirs, ours;

	scene_must(w, "world");
	journal_files_make(w->dir);
	/* Before the relay, whose descriptors are counted. */
	w->secure = phone("127.80.0.9:4000");
	w->plain = phone("127.80.0.9:5000");
	w->secure_rtcp = phone("127.80.0.9:4001");
	w->plain_rtcp = phone("127.80.0.9:5001");
	start_relay(w);
	run(w, command_offer, THEIRS);
	ours = line_in(run(w, command_answer, SDP("5000", "RTP/AVP", "")).sdp);
	CU_ASSERT_EQUAL(ours.tag, OURS);
	worker_pool_flush(w->scene.workers);
	memcpy(w->port, audio(w)->port, sizeof(w->port));
	CU_ASSERT_EQUAL(sdes_read(STR("7 AES_CM_128_HMAC_SHA1_80 inline:" SAMPLE_KEY), &theirs),
			SDES_OK);
	w->send = srtp_new(&theirs.keys[0], SRTP_SEND);
	w->receive = srtp_new(&ours.keys[0], SRTP_RECEIVE);
	scene_must(w->send && w->receive, "keys");
	return w;
}

static void remove_files(const struct world *w)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	CU_ASSERT_EQUAL(system(command), 0);
}

static void world_free(struct world *w)
{
	stop_relay(w);
	remove_files(w);
	close(w->secure);
	close(w->plain);
	close(w->secure_rtcp);
	close(w->plain_rtcp);
	srtp_free(w->send);
	srtp_free(w->receive);
	free(w);
}

static void send_to(int fd, uint16_t port, const uint8_t *bytes, size_t len)
{
	struct endpoint to = sample_ep("127.80.0.1:1");

	endpoint_set_port(&to, port);
	CU_ASSERT_EQUAL(sendto(fd, bytes, len, 0, &to.sa, endpoint_len(&to)), (ssize_t)len);
}

static size_t hear(int fd, uint8_t *bytes, size_t size)
{
	struct pollfd ready = { fd, POLLIN, 0 };

	if (poll(&ready, 1, SCENE_DEADLINE_MS) <= 0)
		return 0;
	return (size_t)recv(fd, bytes, size, 0);
}

#define LEN 52

static void make_rtp(uint8_t *bytes, uint16_t seq)
{
	memset(bytes, 0x55, LEN);
	memcpy(bytes,
	       (uint8_t[]){ 0x80, 0, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, 0, 1, 1, 2, 3, 4 },
	       12);
}

/* One packet each way, with this sequence number. */
static void talk(struct world *w, uint16_t seq)
{
	uint8_t bytes[256], plain[LEN];
	struct srtp_packet packet = { bytes, LEN, sizeof(bytes) };

	make_rtp(plain, seq);
	memcpy(bytes, plain, LEN);
	CU_ASSERT_EQUAL(rtp_protect(w->send, &packet, 0), SRTP_OK);
	send_to(w->secure, w->port[SIDE_A], bytes, packet.len);
	CU_ASSERT_EQUAL(hear(w->plain, bytes, sizeof(bytes)), LEN);
	CU_ASSERT_TRUE(!memcmp(bytes, plain, LEN));

	send_to(w->plain, w->port[SIDE_B], plain, LEN);
	packet.len = hear(w->secure, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(packet.len, LEN + 10);
	CU_ASSERT_EQUAL(rtp_unprotect(w->receive, &packet, 0), SRTP_OK);
	CU_ASSERT_TRUE(!memcmp(bytes, plain, LEN));
}

/* Sequence numbers wrap three times: without the rollover counters no later packet is authentic. */
static void test_call_goes_on(void)
{
	struct world *w = world_new();
	uint32_t seq = 60000;
	struct sdes_line ours;

	for (; seq < 4 * 65536; seq += 16000)
		talk(w, (uint16_t)seq);
	restart(w);
	for (int i = 0; i < 3; i++, seq += 16000)
		talk(w, (uint16_t)seq);
	restart(w);
	talk(w, (uint16_t)seq);

	/* A re-INVITE keeps the key after a restart, too, and an answer repeats it. */
	run(w, command_offer, THEIRS);
	ours = line_in(run(w, command_answer, SDP("5000", "RTP/AVP", "")).sdp);
	CU_ASSERT_TRUE(srtp_master_eq(&ours.keys[0], &w->receive->master));
	worker_pool_flush(w->scene.workers);
	talk(w, (uint16_t)(seq + 1));
	world_free(w);
}

/* Killed between offer and answer, and before the first packet. */
static void test_answer_comes_after_the_restart(void)
{
	struct world *w = world_new();
	struct sdes_line ours;

	restart(w);
	run(w, command_offer, THEIRS);
	restart(w);
	ours = line_in(run(w, command_answer, SDP("5000", "RTP/AVP", "")).sdp);
	CU_ASSERT_TRUE(srtp_master_eq(&ours.keys[0], &w->receive->master));
	worker_pool_flush(w->scene.workers);
	talk(w, 1);
	world_free(w);
}

/* SRTCP goes on above all indexes that may have been used. */
static void test_no_index_of_srtcp_is_used_again(void)
{
	static const uint8_t report[] = { 0x80, 201, 0, 1, 1, 2, 3, 4 };
	struct world *w = world_new();
	uint8_t bytes[256];
	struct srtp_packet packet = { bytes, 0, sizeof(bytes) };

	talk(w, 1);
	for (int i = 0; i < 2; i++) {
		if (i)
			restart(w);
		send_to(w->plain_rtcp, w->port[SIDE_B] + 1, report, sizeof(report));
		packet.len = hear(w->secure_rtcp, bytes, sizeof(bytes));
		CU_ASSERT_EQUAL(packet.len, sizeof(report) + 14);
		CU_ASSERT_EQUAL(rtcp_unprotect(w->receive, &packet, 0), SRTP_OK);
	}
	CU_ASSERT_EQUAL(w->receive->sources[0].rtcp.top, SRTP_STATE_SKIP + 1);
	world_free(w);
}

static void test_journal_is_private(void)
{
	struct world *w = world_new();
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/" JOURNAL_FILE, w->dir);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	strcat(path, "-wal");
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	world_free(w);
}

/* A record that was read leaves no key behind in the arena. */
static void test_record_is_wiped(void)
{
	static uint8_t bytes[16384];
	struct arena *arena = arena_new(4096);
	struct sample sample;
	struct call_record call;
	size_t len = journal_record_write(sample_call(&sample), bytes, sizeof(bytes));
	struct str text;

	CU_ASSERT_EQUAL_FATAL(journal_record_read(arena, bytes, len, &call), 0);
	text = call.dialogs[0].media[0].sdes->text[SIDE_B][SDES_HEARD];
	journal_record_wipe(&call);
	for (size_t i = 0; i < text.len; i++)
		CU_ASSERT_TRUE(text.s[i] == '\0');
	arena_free(arena);
}

/* At each allocation: the call is restored as a whole, or not at all. */
static void test_restore_fails_without_memory(void)
{
	static uint8_t bytes[65536];
	struct world *w = world_new();
	unsigned int n = 0;
	bool failed;
	size_t len = journal_call_encode(&w->calls, call_find(w->scene.calls, STR("call")), bytes,
					 sizeof(bytes));

	CU_ASSERT_FATAL(len > 0);
	stop_relay(w);
	remove_files(w);
	journal_files_make(w->dir);
	start_relay(w);
	do {
		int error;

		alloc_fail_at(++n);
		error = journal_call_restore(&w->calls, w->journal, 1, bytes, len);
		failed = alloc_failed();
		alloc_fail_at(0);
		CU_ASSERT_EQUAL(!error, call_find(w->scene.calls, STR("call")) != NULL);
		if (error)
			CU_ASSERT_TRUE(scene_settle(&w->scene));
	} while (failed && n < 200);
	worker_pool_flush(w->scene.workers);
	CU_ASSERT_TRUE(n > 5 && n < 200);
	talk(w, 1);
	world_free(w);
}

TEST_SUITE(journal_sdes, { "a call with SRTP goes on", test_call_goes_on },
	   { "the answer comes after the restart", test_answer_comes_after_the_restart },
	   { "no index of SRTCP is used again", test_no_index_of_srtcp_is_used_again },
	   { "the journal is private", test_journal_is_private },
	   { "a record is wiped", test_record_is_wiped },
	   { "a restore fails without memory", test_restore_fails_without_memory });
