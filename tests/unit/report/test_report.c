/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_report.c - reports of the daemon and of a call have each figure at its place */
#include <time.h>
#include "daemon/call/cdr_file.h"
#include "daemon/report/report.h"
#include "tests/unit/packet/talk_scene.h"

/* Valid until the next one. */
static const struct daemon_report *report_daemon(struct scene *scene, int64_t now_ms)
{
	const struct daemon_report *made;

	arena_reset(scene->env.arena);
	made = daemon_report_make(scene->env.arena, scene->calls, &scene->stats, now_ms);
	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	return made;
}

static const struct call_report *report_call(struct scene *scene, const char *id)
{
	const struct call *call = call_find(scene->calls, str_of(id));
	const struct call_report *made;

	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	arena_reset(scene->env.arena);
	made = call_report_make(scene->env.arena, call, clock_ms());
	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	return made;
}

/* --- The daemon ------------------------------------------------------------------------------- */

/* Packets that could not be sent are part of the module's packets. */
static void test_totals_of_the_module_are_added(void)
{
	static const struct relayed wanted = { 1000 - 31, 172000, 31 };
	const struct daemon_report *daemon;
	struct talk t;

	talk_open(&t, true);
	fake.totals[RTPRELAY_C_PACKETS] = 1000;
	fake.totals[RTPRELAY_C_BYTES] = 172000;
	fake.totals[RTPRELAY_C_DROP_SOURCE] = 11;
	fake.totals[RTPRELAY_C_DROP_BLOCKED] = 12;
	fake.totals[RTPRELAY_C_DROP_TTL] = 13;
	fake.totals[RTPRELAY_C_DROP_NOMEM] = 15;
	fake.totals[RTPRELAY_C_DROP_XMIT] = 16;
	daemon = report_daemon(&t.scene, clock_ms());
	CU_ASSERT_EQUAL(memcmp(&daemon->relayed[PATH_KERNEL], &wanted, sizeof(wanted)), 0);
	CU_ASSERT_EQUAL(daemon->relayed[PATH_USER].packets, 0);
	CU_ASSERT_EQUAL(daemon->drops[DROP_SOURCE], 11);
	CU_ASSERT_EQUAL(daemon->drops[DROP_BLOCKED], 12);
	CU_ASSERT_EQUAL(daemon->drops[DROP_TTL], 13);
	CU_ASSERT_EQUAL(daemon->user.drops[DROP_SOURCE], 0);
	CU_ASSERT(daemon->kernel_on && daemon->kernel_there);
	talk_close(&t);
}

/* Averages per second since the last sample; 0 if the module has begun to count again. */
static void test_rates_are_per_second(void)
{
	static const struct relayed wanted = { 450, 43000, 50 };
	const struct relayed *rate;
	struct talk t;

	talk_open(&t, true);
	rate = &t.scene.stats.sample.rate[PATH_KERNEL];
	t.scene.stats.started_ms = 1000;
	fake.totals[RTPRELAY_C_PACKETS] = 1000;
	fake.totals[RTPRELAY_C_BYTES] = 86000;
	fake.totals[RTPRELAY_C_DROP_XMIT] = 100;
	stats_sample(&t.scene.stats, t.scene.calls, 3000);
	CU_ASSERT_EQUAL(memcmp(rate, &wanted, sizeof(wanted)), 0);
	fake.totals[RTPRELAY_C_PACKETS] = 200;
	stats_sample(&t.scene.stats, t.scene.calls, 4000);
	CU_ASSERT_EQUAL(rate->packets, 0);
	CU_ASSERT_EQUAL(rate->bytes, 0);
	CU_ASSERT_EQUAL(rate->errors, 0);
	talk_close(&t);
}

static void test_interfaces_have_both_addresses(void)
{
	static const char *const interfaces[] = { "pub/127.80.0.1!203.0.113.9", "priv/127.80.0.2" };
	const struct daemon_report *daemon;
	struct scene scene;
	char text[ENDPOINT_TEXT];

	scene_open_at(&scene, interfaces, COUNT(interfaces), 21000, 21019);
	scene.stats.started_ms = clock_ms() - 61500;
	daemon = report_daemon(&scene, clock_ms());
	CU_ASSERT_EQUAL_FATAL(daemon->n_ifaces, 2);
	CU_ASSERT(str_eq(daemon->iface[0].name, STR("pub")));
	CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&daemon->iface[0].bind, text), "127.80.0.1");
	CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&daemon->iface[0].advertised, text),
			       "203.0.113.9");
	CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&daemon->iface[1].advertised, text),
			       "127.80.0.2");
	CU_ASSERT_EQUAL(daemon->iface[1].ports.pairs, 10);
	CU_ASSERT(daemon->uptime_s >= 61 && daemon->uptime_s < 120);
	CU_ASSERT(scene_close(&scene));
}

static void test_lost_call_records_are_counted(void)
{
	static char line[5 << 20]; /* larger than the buffer of the file */
	struct cdr_file *file;
	struct scene scene;
	int err;

	scene_open(&scene);
	CU_ASSERT_EQUAL(report_daemon(&scene, clock_ms())->stats.cdr_lost, 0);
	file = scene.calls->conf.cdr_file =
		cdr_file_open(&(struct cdr_file_conf){ .path = "/dev/null" }, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	cdr_file_write(file, (struct str){ line, sizeof(line) });
	CU_ASSERT_EQUAL(report_daemon(&scene, clock_ms())->stats.cdr_lost, 1);
	scene.calls->conf.cdr_file = NULL;
	cdr_file_close(file);
	CU_ASSERT(scene_close(&scene));
}

/* --- A call ----------------------------------------------------------------------------------- */

static void test_totals_are_of_rtp_and_of_rtcp(void)
{
	const struct call_report *call;
	struct worker_totals totals;
	struct talk t;

	talk_open(&t, false);
	all_send(&t);
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, (worker_pool_totals(t.scene.workers, &totals), totals.packets == 5));
	call = report_call(&t.scene, "call");
	CU_ASSERT_EQUAL(call->rtp_packets, 3);
	CU_ASSERT_EQUAL(call->rtp_bytes, 3 * 172);
	CU_ASSERT_EQUAL(call->rtcp_packets, 2);
	CU_ASSERT_EQUAL(call->rtcp_bytes, 2 * 8);
	talk_close(&t);
}

#define SDP(direction)                                                                             \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"                \
	"m=audio 4000 RTP/AVP 0\r\na=" direction "\r\n"

static struct request request_of(const char *via, const char *to, const char *sdp)
{
	return (struct request){ .call_id = STR("call"),
				 .from_tag = STR("a"),
				 .to_tag = str_of(to),
				 .via_branch = str_of(via),
				 .sdp = str_of(sdp),
				 .tos = TOS_UNSET };
}

/* The caller sends music on hold. */
static void test_directions_are_those_of_each_party(void)
{
	const struct media_report *caller, *callee;
	const struct call_report *call;
	struct scene scene;

	scene_open(&scene);
	scene_run(&scene, command_offer, request_of("", "", SDP("sendonly")));
	scene_run(&scene, command_answer, request_of("", "b", SDP("recvonly")));
	call = report_call(&scene, "call");
	CU_ASSERT_EQUAL_FATAL(call->n_parties, 2);
	caller = &call->party[SIDE_A].media[0];
	callee = &call->party[SIDE_B].media[0];
	CU_ASSERT(caller->send && !caller->recv);
	CU_ASSERT(!callee->send && callee->recv);
	CU_ASSERT_EQUAL(caller->index, 1);
	CU_ASSERT(scene_close(&scene));
}

static void test_blocked_is_not_silenced(void)
{
	const struct media_report *caller;
	struct scene scene;

	scene_open(&scene);
	scene_run(&scene, command_offer, request_of("", "", SDP("sendrecv")));
	scene_run(&scene, command_answer, request_of("", "b", SDP("sendrecv")));
	scene_run(&scene, command_block_media, request_of("", "", ""));
	caller = &report_call(&scene, "call")->party[SIDE_A].media[0];
	CU_ASSERT(caller->blocked && !caller->silenced);
	scene_run(&scene, command_unblock_media, request_of("", "", ""));
	scene_run(&scene, command_silence_media, request_of("", "", ""));
	caller = &report_call(&scene, "call")->party[SIDE_A].media[0];
	CU_ASSERT(!caller->blocked && caller->silenced);
	CU_ASSERT(scene_close(&scene));
}

static void test_forks_have_their_own_peers(void)
{
	const struct call_report *call;
	struct scene scene;

	scene_open(&scene);
	scene_run(&scene, command_offer, request_of("z1", "", SDP("sendrecv")));
	scene_run(&scene, command_offer, request_of("z2", "", SDP("sendrecv")));
	call = report_call(&scene, "call");
	CU_ASSERT_EQUAL_FATAL(call->n_parties, 4);
	for (unsigned int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(call->party[i].peer, i ^ 1);
	CU_ASSERT(!str_eq(call->party[0].via_branch, call->party[2].via_branch));
	CU_ASSERT(scene_close(&scene));
}

static void test_times_become_wall_clock(void)
{
	const struct call_report *call;
	struct scene scene;
	time_t before, made;

	scene_open(&scene);
	scene_run(&scene, command_offer, request_of("", "", SDP("sendrecv")));
	before = time(NULL);
	call = report_call(&scene, "call");
	made = (time_t)((call->now_ms + call->wall_minus_mono_ms) / 1000);
	CU_ASSERT(made >= before && made <= time(NULL));
	CU_ASSERT(call->created_s <= made && call->created_s > made - 60);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(report, { "totals of the module are added", test_totals_of_the_module_are_added },
	   { "rates are per second", test_rates_are_per_second },
	   { "interfaces have both addresses", test_interfaces_have_both_addresses },
	   { "lost call records are counted", test_lost_call_records_are_counted },
	   { "totals are of RTP and of RTCP", test_totals_are_of_rtp_and_of_rtcp },
	   { "directions are those of each party", test_directions_are_those_of_each_party },
	   { "blocked is not silenced", test_blocked_is_not_silenced },
	   { "forks have their own peers", test_forks_have_their_own_peers },
	   { "times become wall clock", test_times_become_wall_clock });
