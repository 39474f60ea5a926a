/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_call_memory.c - memory is exhausted at any step of a command, with journal and firewall: the
 * command takes effect as a whole, or nothing has changed
 */
#include "daemon/base/count.h"
#include "daemon/call/media.h"
#include "daemon/firewall/nft.h"
#include "daemon/journal/journal.h"
#include "daemon/packet/bridge.h"
#include "tests/unit/journal_files.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

#define AT(addr)      "v=0\r\no=- 1 1 IN IP4 " addr "\r\ns=-\r\nc=IN IP4 " addr "\r\nt=0 0\r\n"
#define AUDIO(port)   "m=audio " port " RTP/AVP 0\r\n"
#define FAX(port)     "m=image " port " udptl t38\r\n"
#define PORTS_OF_RTP  4
#define PORTS_OF_FAX  2
#define MEDIAS	      3
#define PORTS_OF_CALL (2 * PORTS_OF_RTP + PORTS_OF_FAX)

static const char offer_sdp[] = AT("192.0.2.1") AUDIO("4000") AUDIO("4002") FAX("4010");
static const char answer_sdp[] = AT("192.0.2.2") AUDIO("5000") AUDIO("5002") FAX("5010");
/* Other addresses for all medias, and one media more. */
static const char moved_sdp[] =
	AT("192.0.2.3") AUDIO("6000") AUDIO("6002") FAX("6010") AUDIO("6020");

struct relay {
	struct scene scene;
	char dir[JOURNAL_FILES_DIR];
	struct journal *journal;
	struct nft *nft;
};

static size_t encode(void *arg, void *owner, uint8_t *to, size_t room)
{
	(void)arg;
	(void)owner;
	(void)room;
	to[0] = 1;
	return 1;
}

static int restore(void *arg, struct journal *journal, int64_t id, const uint8_t *bytes, size_t len)
{
	(void)arg;
	(void)journal;
	(void)id;
	(void)bytes;
	(void)len;
	return 0;
}

/* Its table is in the network namespace of the unit tests. */
static struct nft *open_firewall(const struct iface_table *ifaces)
{
	struct addr_ports relay[4];
	struct nft_conf conf = { .relay = relay,
				 .n_relay = iface_count(ifaces),
				 .mode = FIREWALL_PINHOLE };
	int error;

	scene_must(conf.n_relay <= COUNT(relay), "addresses");
	for (size_t i = 0; i < conf.n_relay; i++)
		relay[i] = iface_bound(iface_at(ifaces, i));
	return nft_open(&conf, &error);
}

static void relay_open(struct relay *relay)
{
	struct journal_conf conf = { relay->dir, NULL, encode, restore, NULL };
	int error;

	scene_open(&relay->scene);
	log_set_level(LOG_LEVEL_ERR - 1); /* errors are expected here */
	journal_files_make(relay->dir);
	conf.base = relay->scene.base;
	relay->journal = journal_open(&conf, &error);
	relay->nft = open_firewall(relay->scene.ifaces);
	scene_must(relay->journal && relay->nft, "journal and firewall");
	relay->scene.calls->journal = relay->journal;
	relay->scene.calls->conf.nft = relay->nft;
}

/* Ports that are open in the firewall. */
static size_t pinholes(struct relay *relay)
{
	CU_ASSERT_EQUAL(nft_flush(relay->nft), 0);
	return nft_count(relay->nft);
}

static void relay_close(struct relay *relay)
{
	char command[64];

	call_table_close_all(relay->scene.calls);
	CU_ASSERT_EQUAL(pinholes(relay), 0);
	nft_close(relay->nft, false);
	CU_ASSERT_EQUAL(journal_close(relay->journal), 0);
	relay->scene.calls->conf.nft = NULL;
	relay->scene.calls->journal = NULL;
	CU_ASSERT(scene_close(&relay->scene));
	snprintf(command, sizeof(command), "rm -r %s", relay->dir);
	CU_ASSERT_EQUAL(system(command), 0);
	log_set_level(LOG_LEVEL_ERR);
}

static struct reply run(struct relay *relay, command_fn *command, const char *sdp)
{
	struct request request = { .call_id = STR("call"),
				   .from_tag = STR("a"),
				   .to_tag = str_of(sdp == offer_sdp ? NULL : "b"),
				   .sdp = str_of(sdp),
				   .metadata = STR("metadata"),
				   .flags = REQ_REPLACE_VERSION,
				   .tos = TOS_UNSET,
				   .delete_delay = 0 };

	return scene_run(&relay->scene, command, request);
}

static struct call *the_call(struct relay *relay)
{
	return call_find(relay->scene.calls, STR("call"));
}

static void nothing_is_left(struct relay *relay)
{
	CU_ASSERT_PTR_NULL(the_call(relay));
	CU_ASSERT_EQUAL(call_table_count(relay->scene.calls), 0);
	CU_ASSERT_EQUAL(pinholes(relay), 0);
	CU_ASSERT_EQUAL(relay->scene.calls->n_media, 0);
	CU_ASSERT_EQUAL(relay->scene.calls->n_streams, 0);
	CU_ASSERT(scene_settle(&relay->scene));
	CU_ASSERT_EQUAL(scene_used(&relay->scene, "pub"), 0);
}

static void make_call(struct relay *relay)
{
	CU_ASSERT_EQUAL_FATAL(run(relay, command_offer, offer_sdp).code, REPLY_OK);
	CU_ASSERT_EQUAL_FATAL(run(relay, command_answer, answer_sdp).code, REPLY_OK);
	CU_ASSERT_EQUAL(pinholes(relay), PORTS_OF_CALL);
}

static void end_call(struct relay *relay)
{
	call_end(the_call(relay), CALL_DELETED);
	nothing_is_left(relay);
}

/* Runs the command with the @n-th allocation failing. Return: one failed, so it was refused */
static bool is_refused(struct relay *relay, unsigned int n, command_fn *command, const char *sdp)
{
	struct reply reply;
	bool failed;

	alloc_fail_at(n);
	reply = run(relay, command, sdp);
	failed = alloc_failed();
	alloc_fail_at(0);
	CU_ASSERT_EQUAL(reply.code, failed ? REPLY_ERROR : REPLY_OK);
	if (failed)
		CU_ASSERT_STRING_EQUAL(reply.error, "Out of memory");
	return failed;
}

static void test_first_offer_is_undone(void)
{
	struct relay relay;
	unsigned int n = 1;

	relay_open(&relay);
	for (; is_refused(&relay, n, command_offer, offer_sdp); n++)
		nothing_is_left(&relay);
	/* Each m= line: itself, its bridge, its pinholes; call, dialog, mark, texts */
	CU_ASSERT(n > MEDIAS * 2 + PORTS_OF_CALL + 4);
	CU_ASSERT_EQUAL(relay.scene.stats.calls_made, 1);
	CU_ASSERT_EQUAL(pinholes(&relay), PORTS_OF_CALL);
	CU_ASSERT_EQUAL(relay.scene.calls->n_streams, PORTS_OF_CALL);
	CU_ASSERT_PTR_NOT_NULL(the_call(&relay)->mark);
	end_call(&relay);
	relay_close(&relay);
}

/* What a command may change in a call. */
struct state {
	struct bridge_conf conf[MEDIAS];
	size_t n_media, pinholes, streams;
	bool answered;
	int64_t version;
};

static void note(struct relay *relay, struct state *state)
{
	const struct dialog *dialog = the_call(relay)->dialogs;

	memset(state, 0, sizeof(*state));
	state->n_media = dialog->n_media;
	state->pinholes = pinholes(relay);
	state->streams = relay->scene.calls->n_streams;
	state->answered = dialog->answered;
	if (dialog->party[SIDE_B].shown)
		state->version = (int64_t)dialog->party[SIDE_B].shown->version;
	for (size_t i = 0; i < MEDIAS; i++)
		state->conf[i] = *bridge_conf(dialog->media[i]->bridge);
}

/* A command in a call that was offered or, with @answered, answered. */
static void check_undo(command_fn *command, const char *sdp, bool answered)
{
	bool refused = true;
	struct relay relay;
	unsigned int n;

	relay_open(&relay);
	for (n = 1; refused; n++) {
		struct state before, after;

		CU_ASSERT_EQUAL(run(&relay, command_offer, offer_sdp).code, REPLY_OK);
		if (answered)
			CU_ASSERT_EQUAL(run(&relay, command_answer, answer_sdp).code, REPLY_OK);
		note(&relay, &before);
		refused = is_refused(&relay, n, command, sdp);
		note(&relay, &after);
		CU_ASSERT_EQUAL(!memcmp(&before, &after, sizeof(before)), refused);
		end_call(&relay);
	}
	CU_ASSERT(n > MEDIAS); /* new settings of each bridge at least */
	relay_close(&relay);
}

static void test_answer_is_undone(void)
{
	check_undo(command_answer, answer_sdp, false);
}

static void test_offer_in_a_call_is_undone(void)
{
	check_undo(command_offer, moved_sdp, true);
}

static void test_end_of_a_call_needs_no_memory(void)
{
	struct relay relay;

	relay_open(&relay);
	for (unsigned int n = 1; n < 10; n++) {
		make_call(&relay);
		alloc_fail_at(n);
		end_call(&relay);
		alloc_fail_at(0);
	}
	CU_ASSERT_EQUAL(relay.scene.stats.calls_deleted, 9);
	relay_close(&relay);
}

TEST_SUITE(call_memory, { "first offer is undone", test_first_offer_is_undone },
	   { "answer is undone", test_answer_is_undone },
	   { "offer in a call is undone", test_offer_in_a_call_is_undone },
	   { "the end of a call needs no memory", test_end_of_a_call_needs_no_memory });
