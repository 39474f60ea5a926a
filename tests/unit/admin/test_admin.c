/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_admin.c - the control socket over a socketpair, with real calls: answers, filters, slices,
 * closed connections
 */
#include <dlfcn.h>
#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <jansson.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "daemon/admin/admin.h"
#include "control_proto.h"
#include "daemon/base/count.h"
#include "daemon/call/bans.h"
#include "daemon/call/events.h"
#include "daemon/conf/load.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"
#include "tests/unit/test_clock.h"

#define SDP                                                                                        \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"                \
	"m=audio 4000 RTP/AVP 0\r\n"

/* @admin owns the daemon's end; its output is collected in @text. */
struct talk {
	struct scene scene;
	struct events events;
	struct conf conf;
	struct admin *admin;
	int fd;
	char text[1 << 20];
	size_t len;
	bool ended;
};

static struct talk talk;

/* The peers that connect are of another user, in the group that may read. */
static bool peers_only_read;

/* For the whole program: who is at the other end of a connection. */
int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int (*real)(int, int, int, void *, socklen_t *) =
		(int (*)(int, int, int, void *, socklen_t *))dlsym(RTLD_NEXT, "getsockopt");
	int result = real(fd, level, name, value, len);

	if (!result && peers_only_read && level == SOL_SOCKET && name == SO_PEERCRED)
		*(struct ucred *)value = (struct ucred){ 1, geteuid() + 1, 0 };
	return result;
}

static void add_call(const char *id, const char *from, bool answered)
{
	struct request request = { .call_id = str_of(id),
				   .from_tag = str_of(from),
				   .sdp = STR(SDP),
				   .tos = TOS_UNSET,
				   .delete_delay = 0 };

	scene_run(&talk.scene, command_offer, request);
	request.to_tag = STR("to");
	if (answered)
		scene_run(&talk.scene, command_answer, request);
}

static int connect_peer(void)
{
	int fd[2];

	scene_must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd),
		   "socketpair");
	admin_accept(talk.admin, fd[1]);
	return fd[0];
}

static void apply(void *arg, const struct conf *conf)
{
	(void)arg;
	conf_take_live(&talk.conf, conf);
	talk.scene.calls->conf.max_sessions = conf->max_sessions;
}

#define END(n) "{\"type\":\"end\",\"count\":" n "}\n"

/* @listener: -1: peers connect only by admin_accept() */
static void start_with(int listener, unsigned int idle_s)
{
	struct admin_conf conf;

	memset(&talk, 0, sizeof(talk));
	scene_open(&talk.scene);
	talk.scene.calls->conf.events = &talk.events;
	talk.conf.kernel = KMOD_OFF;
	talk.conf.control_idle_s = idle_s;
	conf = (struct admin_conf){ .base = talk.scene.base,
				    .fd = listener,
				    .mode = 0660,
				    .calls = talk.scene.calls,
				    .events = &talk.events,
				    .conf = &talk.conf,
				    .settings = { .apply = apply } };
	talk.admin = admin_open(&conf);
	scene_must(talk.admin, "admin");
	talk.fd = connect_peer();
}

static void start_at(int listener)
{
	start_with(listener, 0);
}

static void start(void)
{
	start_at(-1);
}

static bool stop(void)
{
	close(talk.fd);
	admin_close(talk.admin);
	return scene_close(&talk.scene);
}

/* Runs the event loop until no more output comes; each call lets other connections run. */
static unsigned int listen_on(void)
{
	unsigned int turns = 0, quiet = 0;

	while (quiet < 3) {
		ssize_t got;

		event_base_loop(talk.scene.base, EVLOOP_NONBLOCK);
		turns++;
		got = recv(talk.fd, talk.text + talk.len, sizeof(talk.text) - 1 - talk.len, 0);
		talk.ended = !got;
		quiet = got > 0 ? 0 : quiet + 1;
		talk.len += got > 0 ? (size_t)got : 0;
	}
	talk.text[talk.len] = '\0';
	return turns;
}

static const char *ask(const char *request)
{
	talk.len = 0;
	scene_must(send(talk.fd, request, strlen(request), 0) == (ssize_t)strlen(request), "send");
	scene_must(send(talk.fd, "\n", 1, 0) == 1, "send");
	listen_on();
	return talk.text;
}

static size_t count_of(const char *part)
{
	size_t n = 0;

	for (const char *at = talk.text; (at = strstr(at, part)); at++)
		n++;
	return n;
}

/* Each line is JSON, and the last one ends the answer. */
static bool is_sound(void)
{
	const char *type = NULL;
	json_t *line = NULL;
	bool good = talk.len > 0;

	for (char *at = talk.text, *end; (end = strchr(at, '\n')) && good; at = end + 1) {
		json_decref(line);
		line = json_loadb(at, (size_t)(end - at), 0, NULL);
		type = json_string_value(json_object_get(line, "type"));
		good = type;
	}
	good = good && (!strcmp(type, "end") || !strcmp(type, "error"));
	json_decref(line);
	return good;
}

static bool ends_with(const char *line)
{
	size_t len = strlen(line);

	return talk.len >= len && !strcmp(talk.text + talk.len - len, line);
}

#define DENIED(code, text) "{\"type\":\"error\",\"code\":\"" code "\",\"text\":\"" text "\"}\n"

static void test_invalid_requests_are_refused_and_harmless(void)
{
	start();
	CU_ASSERT_STRING_EQUAL(
		ask("nonsense"),
		DENIED("bad-request", "a request must be a JSON object on one line"));
	CU_ASSERT_STRING_EQUAL(
		ask("[1]"), DENIED("bad-request", "a request must be a JSON object on one line"));
	CU_ASSERT_STRING_EQUAL(ask("{\"v\":1}"), DENIED("bad-request", "unknown verb"));
	CU_ASSERT_STRING_EQUAL(ask("{\"v\":2,\"verb\":\"status\"}"),
			       DENIED("version", "this daemon supports only version 1"));
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"calls\",\"path\":\"x\"}"),
			       DENIED("bad-request", "path must be user, kernel or mixed"));
	talk.scene.stats.calls_unheard = 1; /* long ago */
	stats_unheard(&talk.scene.stats, clock_ms());
	ask("{\"verb\":\"status\"}");
	CU_ASSERT(is_sound() && ends_with("{\"type\":\"end\",\"count\":1}\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(talk.text, "\"unheard\":{\"calls\":2,\"last-hour\":1}"));
	CU_ASSERT(stop());
}

static void test_calls_are_filtered(void)
{
	static const struct {
		const char *request;
		size_t calls;
	} rows[] = {
		{ "{\"verb\":\"calls\"}", 3 },
		{ "{\"verb\":\"calls\",\"call-id\":\"alpha\"}", 2 },
		{ "{\"verb\":\"calls\",\"call-id\":\"gamma\"}", 0 },
		{ "{\"verb\":\"calls\",\"tag\":\"f2\"}", 1 },
		{ "{\"verb\":\"calls\",\"tag\":\"to\"}", 2 },
		{ "{\"verb\":\"calls\",\"address\":\"192.0.2.1\"}", 3 },
		{ "{\"verb\":\"calls\",\"address\":\"192.0.2.1:4000\"}", 3 },
		{ "{\"verb\":\"calls\",\"address\":\"192.0.2.1:4002\"}", 0 },
		{ "{\"verb\":\"calls\",\"address\":\"127.80.0.1\"}", 3 },
		{ "{\"verb\":\"calls\",\"path\":\"user\"}", 3 },
		{ "{\"verb\":\"calls\",\"path\":\"kernel\"}", 0 },
		{ "{\"verb\":\"calls\",\"min-age\":1000}", 0 },
		{ "{\"verb\":\"calls\",\"tag\":\"f1\",\"call-id\":\"beta\"}", 0 },
	};

	start();
	add_call("alpha-1", "f1", true);
	add_call("alpha-2", "f2", true);
	add_call("beta-1", "f3", false);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ask(rows[i].request);
		CU_ASSERT(is_sound());
		CU_ASSERT_EQUAL(count_of("\"type\":\"call\""), rows[i].calls);
	}
	ask("{\"verb\":\"calls\"}");
	CU_ASSERT_EQUAL(count_of("\"state\":\"answered\""), 2);
	CU_ASSERT_EQUAL(count_of("\"state\":\"offered\""), 1);
	CU_ASSERT(stop());
}

static void test_call_is_shown_as_a_tree(void)
{
	start();
	add_call("alpha-1", "f1", true);
	ask("{\"verb\":\"call\",\"call-id\":\"alpha-1\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("\"type\":\"call\""), 1);
	CU_ASSERT_EQUAL(count_of("\"type\":\"party\""), 2);
	CU_ASSERT_EQUAL(count_of("\"type\":\"media\""), 2);
	CU_ASSERT_EQUAL(count_of("\"component\":\"rtp\""), 2);
	CU_ASSERT_EQUAL(count_of("\"component\":\"rtcp\""), 2);
	CU_ASSERT_EQUAL(count_of("\"signalled\":\"192.0.2.1:4000\""), 2);
	CU_ASSERT_EQUAL(count_of("\"why-user\":\"the kernel path is off\""), 4);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"call\",\"call-id\":\"alpha\"}"),
			       DENIED("unknown-call", "no such call"));
	ask("{\"verb\":\"streams\"}");
	CU_ASSERT(is_sound() && ends_with("{\"type\":\"end\",\"count\":4}\n"));
	CU_ASSERT(stop());
}

static void test_mode_of_latching_is_shown(void)
{
	static const struct {
		enum latch_mode mode;
		const char *flags;
	} rows[] = {
		{ LATCH_SMART, "\"flags\":[]" },
		{ LATCH_STRICT, "\"flags\":[\"latching=strict\"]" },
		{ LATCH_FIRST, "\"flags\":[\"latching=first\"]" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		start();
		talk.scene.calls->conf.latching = rows[i].mode;
		add_call("alpha", "f1", true);
		ask("{\"verb\":\"call\",\"call-id\":\"alpha\"}");
		CU_ASSERT_EQUAL(count_of(rows[i].flags), 2);
		CU_ASSERT(stop());
	}
}

/*
 * As if the kernel had received two intervals from @side, with @lost of 250 packets missing in
 * each.
 */
static void set_quality(const char *id, enum side side, uint64_t lost)
{
	struct media *media = call_find(talk.scene.calls, str_of(id))->dialogs->media[0];
	struct quality *q = calloc(1, sizeof(*q));
	struct quality_counts counts = { .ssrc = 7, .codec = quality_static_codec(0) };
	int64_t now_ms = clock_ms();

	CU_ASSERT_PTR_NOT_NULL_FATAL(q);
	quality_due(q, &counts, now_ms - 10000);
	for (int ms = 5000; ms >= 0; ms -= 5000) {
		counts.expected += 250;
		counts.lost += lost;
		counts.jitter_us = 3500;
		quality_close(q, &counts, 0, now_ms - ms);
	}
	media->path.quality[side] = q;
}

static void test_calls_have_their_quality(void)
{
	struct quality *q;
	json_t *line;
	double mos;

	start();
	add_call("good", "f1", true);
	add_call("bad", "f2", true);
	add_call("new", "f3", true);
	set_quality("good", SIDE_A, 0);
	set_quality("good", SIDE_B, 0);
	set_quality("bad", SIDE_A, 0);
	set_quality("bad", SIDE_B, 30);
	ask("{\"verb\":\"calls\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("\"mos\":"), 2); /* the new one has none yet */
	line = json_loadb(talk.text, strcspn(talk.text, "\n"), 0, NULL);
	mos = json_number_value(json_object_get(line, "mos"));
	CU_ASSERT(mos > 4.2 && mos < 4.5);
	json_decref(line);
	ask("{\"verb\":\"calls\",\"max-mos\":\"4.2\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("\"type\":\"call\""), 1);
	CU_ASSERT_EQUAL(count_of("\"call-id\":\"bad\""), 1);
	ask("{\"verb\":\"calls\",\"max-mos\":5}");
	CU_ASSERT_EQUAL(count_of("\"type\":\"call\""), 2);
	ask("{\"verb\":\"streams\",\"max-mos\":4.2}");
	CU_ASSERT_EQUAL(count_of("\"type\":\"stream\""), 4);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"calls\",\"max-mos\":\"0x3\"}"),
			       DENIED("bad-request", "max-mos must be a number from 1 to 5"));
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"calls\",\"max-mos\":6}"),
			       DENIED("bad-request", "max-mos must be a number from 1 to 5"));

	q = call_find(talk.scene.calls, STR("bad"))->dialogs->media[0]->path.quality[SIDE_A];
	q->far = (struct quality_far){ true, 64, 33, 2500, clock_ms() };
	q->leg_us = 20500;
	ask("{\"verb\":\"call\",\"call-id\":\"bad\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("\"quality\":{\"samples\":2,\"mos\":"), 2);
	CU_ASSERT_EQUAL(count_of("\"mos-lowest\":"), 2);
	CU_ASSERT_EQUAL(count_of("\"loss-percent\":0.000,\"jitter-ms\":3.500"), 1);
	CU_ASSERT_EQUAL(count_of("\"loss-percent\":12.000,\"jitter-ms\":3.500"), 1);
	CU_ASSERT_EQUAL(count_of("\"far\":{\"loss-percent\":25.000,\"lost\":33,\"jitter-ms\":2.500,"
				 "\"rtt-ms\":20.500,\"ago-ms\":"),
			1);
	CU_ASSERT(stop());
}

static void test_hostile_call_id_stays_one_line_of_json(void)
{
	start();
	add_call("a\"\n{\"type\":\"end\"}\xff\x1b[2J", "f1", true);
	ask("{\"verb\":\"calls\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("\n"), 2);
	CU_ASSERT(stop());
}

static void test_counters_have_unit_and_help(void)
{
	struct endpoint proxy;

	start();
	CU_ASSERT_TRUE(endpoint_parse_addr(STR("192.0.2.9"), 0, &proxy));
	add_call("alpha-1", "f1", true);
	stats_command(&talk.scene.stats, &proxy, VERB_QUERY, 2, false);
	stats_command(&talk.scene.stats, &proxy, VERB_QUERY, 5, false);
	ask("{\"verb\":\"stats\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_PTR_NOT_NULL(
		strstr(talk.text, "{\"type\":\"counter\",\"of\":\"daemon\",\"name\":\"calls_made\","
				  "\"value\":1,\"unit\":\"calls\",\"help\":\"offered and "
				  "accepted\"}\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(talk.text, "\"of\":\"drop\",\"name\":\"source\",\"value\":0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(talk.text, "\"of\":\"media\",\"name\":\"made\",\"value\":1"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(talk.text, "\"of\":\"kernel\",\"name\":\"pass_stun\",\"value\":0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(talk.text, "\"of\":\"proxy\",\"proxy\":\"192.0.2.9\","
						 "\"name\":\"query_time\",\"value\":7"));
	CU_ASSERT(stop());
}

static void test_calls_are_terminated_by_hand(void)
{
	start();
	add_call("alpha-1", "f1", true);
	add_call("alpha-2", "f2", true);
	add_call("alpha-3", "f3", true);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"terminate\"}"),
			       DENIED("bad-request", "either call-id or all is required"));
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"terminate\",\"call-id\":\"alpha-2\"}"),
			       "{\"type\":\"end\",\"count\":1}\n");
	CU_ASSERT_EQUAL(call_table_count(talk.scene.calls), 2);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"terminate\",\"all\":true}"),
			       "{\"type\":\"ended\",\"call-id\":\"alpha-1\"}\n"
			       "{\"type\":\"ended\",\"call-id\":\"alpha-3\"}\n"
			       "{\"type\":\"end\",\"count\":2}\n");
	CU_ASSERT_EQUAL(call_table_count(talk.scene.calls), 0);
	CU_ASSERT_EQUAL(talk.scene.stats.calls_forced, 3);
	CU_ASSERT(stop());
}

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
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"ban\",\"address\":\"2001:db8::7\"}"), END("1"));
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"ban\",\"address\":\"192.0.2.7\"}"), END("1"));
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"ban\",\"address\":\"192.0.2.7\"}"), END("1"));
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
	peers_only_read = true;
	talk.fd = connect_peer();
	peers_only_read = false;
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

static void test_drain_refuses_only_new_calls(void)
{
	start();
	add_call("alpha-1", "f1", false);
	ask("{\"verb\":\"set\",\"drain\":true}");
	add_call("alpha-2", "f2", false);
	add_call("alpha-1", "f1", true); /* an existing call continues */
	CU_ASSERT_EQUAL(call_table_count(talk.scene.calls), 1);
	CU_ASSERT_EQUAL(talk.scene.stats.calls_drained, 1);
	CU_ASSERT_EQUAL(talk.scene.stats.calls_rejected, 0);
	ask("{\"verb\":\"set\",\"drain\":\"off\",\"max-sessions\":2}");
	add_call("alpha-2", "f2", true);
	add_call("alpha-3", "f3", true);
	CU_ASSERT_EQUAL(call_table_count(talk.scene.calls), 2);
	CU_ASSERT_EQUAL(talk.scene.stats.calls_drained, 1);
	CU_ASSERT_EQUAL(talk.scene.stats.calls_rejected, 1);
	CU_ASSERT_STRING_EQUAL(
		ask("{\"verb\":\"set\",\"max-sessions\":-1,\"drain\":\"on\"}"),
		DENIED("bad-request", "max-sessions: -1 is out of range, 0 to 10000000"));
	CU_ASSERT_FALSE(talk.scene.calls->draining); /* all or nothing */
	CU_ASSERT_STRING_EQUAL(
		ask("{\"verb\":\"set\",\"max-sessions\":10000001}"),
		DENIED("bad-request", "max-sessions: 10000001 is out of range, 0 to 10000000"));
	CU_ASSERT_EQUAL(talk.scene.calls->conf.max_sessions, 2);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"set\",\"max-sessions\":10000000}"),
			       "{\"type\":\"end\",\"count\":1}\n");
	CU_ASSERT_EQUAL(talk.scene.calls->conf.max_sessions, 10000000);
	CU_ASSERT(stop());
}

static void test_watcher_receives_call_events(void)
{
	start();
	ask("{\"verb\":\"watch\"}");
	CU_ASSERT_STRING_EQUAL(talk.text, "{\"type\":\"watching\",\"calls\":0}\n");
	talk.len = 0;
	add_call("alpha-1", "f1", true);
	call_end(call_find(talk.scene.calls, STR("alpha-1")), CALL_DELETED);
	listen_on();
	CU_ASSERT_EQUAL(count_of("\"event\":\"made\",\"call-id\":\"alpha-1\"}\n"), 1);
	CU_ASSERT_EQUAL(
		count_of("\"event\":\"ended\",\"call-id\":\"alpha-1\",\"why\":\"deleted\"}\n"), 1);
	CU_ASSERT(stop());
}

static void test_watcher_that_leaves_is_removed(void)
{
	start();
	ask("{\"verb\":\"watch\"}");
	CU_ASSERT_PTR_NOT_NULL(talk.events.watchers);
	shutdown(talk.fd, SHUT_RDWR);
	listen_on();
	CU_ASSERT_PTR_NULL(talk.events.watchers);
	CU_ASSERT_EQUAL(admin_count(talk.admin), 0);
	CU_ASSERT(stop());
}

/* Events for a client that does not read are bounded; it gets the number that it missed. */
static void test_slow_watcher_learns_what_it_missed(void)
{
	const struct happening gone = { .kind = MODULE_WENT };
	const struct happening came = { .kind = MODULE_CAME };
	size_t told;

	start();
	ask("{\"verb\":\"watch\"}");
	talk.len = 0;
	for (int i = 0; i < 10000; i++)
		events_tell(&talk.events, &gone);
	listen_on();
	events_tell(&talk.events, &came);
	listen_on();
	told = count_of("module-gone");
	CU_ASSERT(told > 1000 && told < 10000);
	{
		char lost[64];

		snprintf(lost, sizeof(lost), "{\"type\":\"lost\",\"events\":%zu}\n", 10000 - told);
		CU_ASSERT_EQUAL(count_of(lost), 1);
		CU_ASSERT_EQUAL(talk.scene.stats.events_lost, 10000 - told);
	}
	CU_ASSERT_EQUAL(count_of("module-came"), 1);
	events_tell(&talk.events, &came);
	listen_on();
	CU_ASSERT_EQUAL(count_of("module-came"), 2);
	CU_ASSERT_EQUAL(count_of("\"type\":\"lost\""), 1); /* not again */
	CU_ASSERT(stop());
}

static void test_calls_may_end_under_the_cursor(void)
{
	struct call_cursor cursor;
	const struct call *call;

	start();
	add_call("1", "f", true);
	add_call("2", "f", true);
	add_call("3", "f", true);
	call_cursor_begin(&cursor, talk.scene.calls);
	call = call_cursor_next(&cursor);
	CU_ASSERT(str_eq(call->id, STR("1")));
	call_end(call_find(talk.scene.calls, STR("1")), CALL_DELETED);
	call_end(call_find(talk.scene.calls, STR("2")), CALL_DELETED);
	call = call_cursor_next(&cursor);
	CU_ASSERT(str_eq(call->id, STR("3")));
	call_end(call_find(talk.scene.calls, STR("3")), CALL_DELETED);
	CU_ASSERT_PTR_NULL(call_cursor_next(&cursor));
	CU_ASSERT_PTR_NULL(talk.scene.calls->cursors);
	call_cursor_end(&cursor);
	CU_ASSERT(stop());
}

/* @digits: length of each Call-ID */
static void add_forty_calls(int digits)
{
	for (int i = 0; i < 40; i++) {
		char id[512];

		snprintf(id, sizeof(id), "%0*d", digits, i);
		add_call(id, "f", false);
	}
}

/*
 * One client does not read: its answers wait, those of another do not, and all of its answers
 * arrive when it reads.
 */
static void test_answers_wait_for_their_reader(void)
{
	int slow;

	start();
	add_forty_calls(8);
	slow = talk.fd;
	for (int i = 0; i < 10; i++)
		scene_must(send(slow, "{\"verb\":\"streams\"}\n", 19, 0) == 19, "send");
	for (int i = 0; i < 1000; i++)
		event_base_loop(talk.scene.base, EVLOOP_NONBLOCK);
	talk.fd = connect_peer();
	ask("{\"verb\":\"status\"}");
	CU_ASSERT(is_sound());
	close(talk.fd);
	talk.fd = slow;
	talk.len = 0;
	CU_ASSERT(listen_on() > 5); /* not all of it was in the socket buffer */
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("{\"type\":\"end\",\"count\":160}"), 10);
	CU_ASSERT(stop());
}

/* One round of the event loop for each reading. */
struct rounds {
	unsigned int count;
	size_t largest; /* bytes that arrived in one round */
};

static struct rounds ask_by_rounds(const char *request)
{
	struct rounds rounds = { 0, 0 };

	talk.len = 0;
	talk.text[0] = '\0';
	scene_must(send(talk.fd, request, strlen(request), 0) == (ssize_t)strlen(request), "send");
	while (!strstr(talk.text, "{\"type\":\"end\"") && rounds.count++ < 1000) {
		ssize_t got;

		event_base_loop(talk.scene.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		got = recv(talk.fd, talk.text + talk.len, sizeof(talk.text) - 1 - talk.len, 0);
		if (got <= 0)
			continue;
		rounds.largest = (size_t)got > rounds.largest ? (size_t)got : rounds.largest;
		talk.len += (size_t)got;
		talk.text[talk.len] = '\0';
	}
	return rounds;
}

/*
 * Each reading of the clock takes longer than a slice may: after each call other events have their
 * turn.
 */
static void test_slow_answer_lets_others_in(void)
{
	struct rounds rounds;

	start();
	add_forty_calls(8);
	test_clock_stop();
	test_clock_step(2000);
	rounds = ask_by_rounds("{\"verb\":\"calls\",\"call-id\":\"none of them\"}\n");
	test_clock_go();
	CU_ASSERT_STRING_EQUAL(talk.text, "{\"type\":\"end\",\"count\":0}\n");
	CU_ASSERT(rounds.count > 40 && rounds.count < 100);
	CU_ASSERT(stop());
}

/* However fast it is made: 64 KiB, and the streams of one call. */
static void test_long_answer_is_made_in_parts(void)
{
	struct rounds rounds;

	start();
	add_forty_calls(500);
	test_clock_stop();
	rounds = ask_by_rounds("{\"verb\":\"streams\"}\n");
	test_clock_go();
	CU_ASSERT(talk.len > 72 * 1024);
	CU_ASSERT(rounds.largest < 72 * 1024);
	CU_ASSERT(stop());
}

/* Short requests with long answers, all at once: no more are answered than the client reads. */
static void test_requests_wait_for_the_reader_of_answers(void)
{
	static char requests[2 * 8000 + 64];
	struct rounds rounds;

	start();
	for (int i = 0; i < 8000; i++)
		strcpy(requests + (ptrdiff_t)2 * i, "x\n");
	strcat(requests, "{\"verb\":\"terminate\",\"all\":true}\n");
	rounds = ask_by_rounds(requests);
	CU_ASSERT_EQUAL(count_of("\"code\":\"bad-request\""), 8000);
	CU_ASSERT(ends_with("{\"type\":\"end\",\"count\":0}\n"));
	CU_ASSERT(rounds.largest < 72 * 1024);
	CU_ASSERT(stop());
}

/* What comes by HTTP may read, and change nothing. */
static void test_asking_without_a_connection_changes_nothing(void)
{
	static const char *const requests[] = {
		"{\"verb\":\"terminate\",\"all\":true}",
		"{\"verb\":\"set\",\"drain\":true}",
	};
	struct evbuffer *out = evbuffer_new();

	start();
	add_call("alpha-1", "f1", true);
	for (size_t i = 0; i < COUNT(requests); i++) {
		CU_ASSERT_EQUAL(admin_ask(talk.admin, str_of(requests[i]), out), 0);
		talk.len = (size_t)evbuffer_remove(out, talk.text, sizeof(talk.text) - 1);
		talk.text[talk.len] = '\0';
		CU_ASSERT_STRING_EQUAL(
			talk.text,
			DENIED("denied", "only root and the daemon's user may make changes"));
	}
	CU_ASSERT_EQUAL(call_table_count(talk.scene.calls), 1);
	CU_ASSERT_FALSE(talk.scene.calls->draining);
	CU_ASSERT_EQUAL(admin_ask(talk.admin, STR("{\"verb\":\"calls\"}"), out), 0);
	talk.len = (size_t)evbuffer_remove(out, talk.text, sizeof(talk.text) - 1);
	talk.text[talk.len] = '\0';
	CU_ASSERT_EQUAL(count_of("\"call-id\":\"alpha-1\""), 1);
	evbuffer_free(out);
	CU_ASSERT(stop());
}

static void test_requests_are_answered_in_order(void)
{
	start();
	add_call("alpha-1", "f1", true);
	ask("{\"verb\":\"calls\"}\n{\"verb\":\"nonsense\"}\n{\"verb\":\"terminate\",\"all\":"
	    "\"yes\"}");
	CU_ASSERT_EQUAL(count_of("\n"), 5);
	CU_ASSERT_PTR_NOT_NULL(strstr(talk.text, "\"count\":1}\n{\"type\":\"error\""));
	CU_ASSERT(ends_with("{\"type\":\"end\",\"count\":1}\n"));
	CU_ASSERT(stop());
}

static void test_endless_request_is_cut_off(void)
{
	char text[4096];
	size_t sent = 0;

	start();
	memset(text, 'x', sizeof(text));
	while (sent < CONTROL_PROTO_REQUEST) {
		ssize_t n = send(talk.fd, text, sizeof(text), MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			break;
		sent += n > 0 ? (size_t)n : 0;
		event_base_loop(talk.scene.base, EVLOOP_NONBLOCK);
	}
	listen_on();
	CU_ASSERT_STRING_EQUAL(talk.text, DENIED("bad-request", "the request is too long"));
	CU_ASSERT(talk.ended);
	CU_ASSERT_EQUAL(admin_count(talk.admin), 0);
	CU_ASSERT(stop());
}

static bool is_closed(int fd)
{
	char byte;

	return !recv(fd, &byte, 1, 0);
}

/* These clients are of the daemon's own user, who always gets in. */
static void test_oldest_idle_client_yields(void)
{
	int fd[CONTROL_PROTO_PEERS + 1];

	start();
	ask("{\"verb\":\"watch\"}"); /* is being answered until it ends: it does not yield */
	for (size_t i = 0; i < CONTROL_PROTO_PEERS; i++)
		fd[i] = connect_peer();
	CU_ASSERT_EQUAL(admin_count(talk.admin), CONTROL_PROTO_PEERS);
	CU_ASSERT_TRUE(is_closed(fd[0]));
	for (size_t i = 1; i < CONTROL_PROTO_PEERS; i++)
		CU_ASSERT_FALSE(is_closed(fd[i]));
	listen_on();
	CU_ASSERT_FALSE(talk.ended);
	/* A client that has asked for something yields after those that have not. */
	scene_must(send(fd[1], "{\"verb\":\"x\"}\n", 13, 0) == 13, "send");
	listen_on();
	fd[CONTROL_PROTO_PEERS] = connect_peer();
	CU_ASSERT_TRUE(is_closed(fd[2]));
	CU_ASSERT_FALSE(is_closed(fd[1]));
	for (size_t i = 0; i <= CONTROL_PROTO_PEERS; i++)
		close(fd[i]);
	CU_ASSERT(stop());
}

/* All are being answered: the one that came first makes room. */
static void test_user_of_the_daemon_always_gets_in(void)
{
	int fd[CONTROL_PROTO_PEERS];

	start();
	for (size_t i = 0; i < CONTROL_PROTO_PEERS - 1; i++) {
		fd[i] = connect_peer();
		scene_must(send(fd[i], "{\"verb\":\"watch\"}\n", 17, 0) == 17, "send");
	}
	ask("{\"verb\":\"watch\"}");
	fd[CONTROL_PROTO_PEERS - 1] = connect_peer();
	CU_ASSERT_EQUAL(admin_count(talk.admin), CONTROL_PROTO_PEERS);
	listen_on();
	CU_ASSERT_TRUE(talk.ended);
	CU_ASSERT_FALSE(is_closed(fd[CONTROL_PROTO_PEERS - 1]));
	for (size_t i = 0; i < CONTROL_PROTO_PEERS; i++)
		close(fd[i]);
	CU_ASSERT(stop());
}

/* Those who may only read are refused if all are being answered; they yield to who may more. */
static void test_readers_are_limited_and_yield(void)
{
	int fd[CONTROL_PROTO_PEERS], late, own;

	start(); /* talk.fd is of the daemon's own user */
	ask("{\"verb\":\"watch\"}");
	peers_only_read = true;
	for (size_t i = 1; i < CONTROL_PROTO_PEERS; i++) {
		fd[i] = connect_peer();
		scene_must(send(fd[i], "{\"verb\":\"watch\"}\n", 17, 0) == 17, "send");
	}
	listen_on();
	late = connect_peer();
	peers_only_read = false;
	CU_ASSERT_EQUAL(admin_count(talk.admin), CONTROL_PROTO_PEERS);
	CU_ASSERT_TRUE(is_closed(late));
	own = connect_peer();
	CU_ASSERT_EQUAL(admin_count(talk.admin), CONTROL_PROTO_PEERS);
	CU_ASSERT_FALSE(is_closed(own));
	listen_on();
	CU_ASSERT_FALSE(talk.ended); /* older than the readers, and not one of them */
	while (recv(fd[1], talk.text, sizeof(talk.text), 0) > 0)
		;
	CU_ASSERT_TRUE(is_closed(fd[1]));
	for (size_t i = 1; i < CONTROL_PROTO_PEERS; i++)
		close(fd[i]);
	close(late);
	close(own);
	CU_ASSERT(stop());
}

static void test_idle_client_is_disconnected(void)
{
	int64_t until_ms, begin_ms = clock_ms();
	int idle;

	start_with(-1, 1);
	idle = connect_peer();
	send(idle, "{\"verb\"", 7, 0);
	ask("{\"verb\":\"watch\"}");
	for (until_ms = begin_ms + SCENE_DEADLINE_MS; clock_ms() < until_ms;) {
		event_base_loop(talk.scene.base, EVLOOP_ONCE);
		if (is_closed(idle))
			break;
	}
	CU_ASSERT(clock_ms() - begin_ms >= 1000 && clock_ms() < until_ms);
	listen_on();
	CU_ASSERT_FALSE(talk.ended); /* it watches */
	close(idle);
	CU_ASSERT(stop());
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	bool *came = arg;

	(void)fd;
	(void)what;
	*came = true;
}

/* A listening socket with a name chosen by the system, and one that has connected to it. */
static void make_listener(int *listener, int *waiting)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(addr.sun_family);
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

	*listener = socket(AF_UNIX, type, 0);
	*waiting = socket(AF_UNIX, type, 0);
	scene_must(!bind(*listener, (struct sockaddr *)&addr, len), "bind");
	len = sizeof(addr);
	scene_must(!getsockname(*listener, (struct sockaddr *)&addr, &len), "getsockname");
	scene_must(!listen(*listener, 8), "listen");
	scene_must(!connect(*waiting, (struct sockaddr *)&addr, len), "connect");
}

/* A waiting connection keeps the socket readable: accept() must not be repeated without a pause. */
static void test_accepting_pauses_when_out_of_descriptors(void)
{
	const struct timeval soon = { 0, 100000 };
	struct rlimit old, low;
	int listener, waiting, lowest;
	bool came = false;

	make_listener(&listener, &waiting);
	start_at(listener);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	lowest = fcntl(0, F_DUPFD_CLOEXEC, 0);
	close(lowest);
	low = (struct rlimit){ (rlim_t)lowest, old.rlim_max };
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &low), 0);
	event_base_loop(talk.scene.base, EVLOOP_ONCE); /* accept() fails */
	event_base_once(talk.scene.base, -1, EV_TIMEOUT, on_time, &came, &soon);
	event_base_loop(talk.scene.base, EVLOOP_ONCE);
	CU_ASSERT(came);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &old), 0);
	CU_ASSERT_EQUAL(admin_count(talk.admin), 1);
	event_base_loop(talk.scene.base, EVLOOP_ONCE); /* the pause is over */
	event_base_loop(talk.scene.base, EVLOOP_ONCE);
	CU_ASSERT_EQUAL(admin_count(talk.admin), 2);
	CU_ASSERT(stop());
	close(waiting);
	close(listener);
}

static void test_no_memory_is_an_answer_or_an_end(void)
{
	static char request[CONTROL_PROTO_REQUEST / 2]; /* more than an arena has at first */
	int len = snprintf(request, sizeof(request), "{\"verb\":\"status\",\"x\":\"%0*d\"}\n",
			   (int)sizeof(request) - 64, 0);

	start();
	add_call("alpha-1", "f1", true);
	ALLOC_FAILS_AT_EACH
	{
		int fd[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd))
			continue;
		admin_accept(talk.admin, fd[1]);
		close(talk.fd);
		talk.fd = fd[0];
		talk.len = 0;
		talk.ended = send(talk.fd, request, (size_t)len, MSG_NOSIGNAL) != len;
		if (!talk.ended)
			listen_on();
		if (!ends_with("{\"type\":\"end\",\"count\":1}\n"))
			CU_ASSERT(alloc_failed() && (talk.ended || talk.len));
	}
	CU_ASSERT(stop());
}

TEST_SUITE(admin,
	   { "invalid requests are refused and harmless",
	     test_invalid_requests_are_refused_and_harmless },
	   { "calls are filtered", test_calls_are_filtered },
	   { "a call is shown as a tree", test_call_is_shown_as_a_tree },
	   { "the mode of latching is shown", test_mode_of_latching_is_shown },
	   { "calls have their quality", test_calls_have_their_quality },
	   { "a hostile Call-ID stays one line of JSON",
	     test_hostile_call_id_stays_one_line_of_json },
	   { "counters have unit and help", test_counters_have_unit_and_help },
	   { "calls are terminated by hand", test_calls_are_terminated_by_hand },
	   { "addresses are banned", test_addresses_are_banned },
	   { "only addresses of hosts are banned", test_only_addresses_of_hosts_are_banned },
	   { "readers see bans, and make none", test_readers_see_bans_and_make_none },
	   { "the number of bans is limited", test_number_of_bans_is_limited },
	   { "drain refuses only new calls", test_drain_refuses_only_new_calls },
	   { "a watcher receives call events", test_watcher_receives_call_events },
	   { "a watcher that leaves is removed", test_watcher_that_leaves_is_removed },
	   { "a slow watcher learns what it missed", test_slow_watcher_learns_what_it_missed },
	   { "calls may end under the cursor", test_calls_may_end_under_the_cursor },
	   { "answers wait for their reader", test_answers_wait_for_their_reader },
	   { "a slow answer lets others in", test_slow_answer_lets_others_in },
	   { "a long answer is made in parts", test_long_answer_is_made_in_parts },
	   { "requests wait for the reader of answers",
	     test_requests_wait_for_the_reader_of_answers },
	   { "asking without a connection changes nothing",
	     test_asking_without_a_connection_changes_nothing },
	   { "requests are answered in order", test_requests_are_answered_in_order },
	   { "an endless request is cut off", test_endless_request_is_cut_off },
	   { "the oldest idle client yields", test_oldest_idle_client_yields },
	   { "the user of the daemon always gets in", test_user_of_the_daemon_always_gets_in },
	   { "readers are limited and yield", test_readers_are_limited_and_yield },
	   { "an idle client is disconnected", test_idle_client_is_disconnected },
	   { "accepting pauses when out of descriptors",
	     test_accepting_pauses_when_out_of_descriptors },
	   { "no memory is an answer or an end", test_no_memory_is_an_answer_or_an_end });
