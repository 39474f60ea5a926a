/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_agent.c - an agent by packets and times: what it sends, what it answers, whom it hears */
#include <errno.h>
#include <stdio.h>
#include "daemon/base/count.h"
#include "daemon/ice/agent.h"
#include "daemon/ice/saved.h"
#include "daemon/stun/integrity.h"
#include "daemon/stun/writer.h"
#include "tests/unit/test.h"

#define UFRAG	 "peer"
#define PWD	 "0123456789abcdefghijkl"
#define LINES	 "ice-ufrag:" UFRAG "\nice-pwd:" PWD "\n"
#define LATER	 "ice-ufrag:next\nice-pwd:" PWD "\n"
#define HOST	 "candidate:1 1 UDP 2130706431 198.51.100.1 5000 typ host\n"
#define SECOND	 "candidate:2 1 UDP 2130706175 198.51.100.2 5000 typ host\n"
#define RTCP	 "candidate:1 2 UDP 2130706430 198.51.100.1 5001 typ host\n"
#define PEER	 "198.51.100.1:5000"
#define STRANGER "203.0.113.66:6666"

/* An agent, the last packet it sent, and the time. */
struct scene {
	struct ice_agent *agent;
	struct ice_packet packet;
	struct ice_message message; /* of @packet */
	int64_t now_ms;
};

/* Not of the scene, which functions return by value: the agent would keep the wrong address. */
static uint64_t random_state;

static void fill(void *arg, uint8_t *bytes, size_t len)
{
	(void)arg;
	for (size_t i = 0; i < len; i++) {
		random_state = random_state * UINT64_C(6364136223846793005) +
			       UINT64_C(1442695040888963407);
		bytes[i] = (uint8_t)(random_state >> 33);
	}
}

static struct endpoint ep_of(const char *text)
{
	struct endpoint ep;

	CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), -1, &ep));
	return ep;
}

static struct ice_conf conf_of(enum ice_role role, unsigned int components)
{
	return (struct ice_conf){
		.role = role, .components = components, .consent_ms = ICE_CONSENT_MS, .random = fill
	};
}

static size_t locals_of(struct ice_local *locals)
{
	locals[0] = (struct ice_local){ 1, ep_of("192.0.2.1:30000"), ep_of("192.0.2.1:30000") };
	locals[1] = (struct ice_local){ 2, ep_of("192.0.2.1:30001"), ep_of("192.0.2.1:30001") };
	return 2;
}

static struct scene scene_with(enum ice_role role, unsigned int components, bool lite)
{
	struct scene s = { .now_ms = 1000 };
	struct ice_local locals[2];
	struct ice_conf conf;

	locals_of(locals);
	conf = conf_of(role, components);
	conf.lite = lite;
	s.agent = ice_new(&conf, locals, components);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s.agent);
	return s;
}

/* The scene was moved since. */
static void set_lines(struct scene *s, const char *text, bool offer)
{
	struct ice_description lines = { 0 };
	struct str rest = str_of(text);

	while (rest.len) {
		struct str value = str_split(&rest, '\n'), name = str_split(&value, ':');

		CU_ASSERT_TRUE_FATAL(ice_line_read(&lines, name, value));
	}
	CU_ASSERT_EQUAL_FATAL(ice_remote(s->agent, &lines, offer, s->now_ms), 0);
}

/* Does it send something now? */
static bool sends(struct scene *s)
{
	return ice_step(s->agent, s->now_ms, &s->packet) &&
	       ice_message_read(s->packet.data, s->packet.len, &s->message);
}

static bool is_to(const struct scene *s, const char *to)
{
	struct endpoint ep = ep_of(to);

	return endpoint_eq(&s->packet.to, &ep);
}

static enum ice_verdict receive(struct scene *s, unsigned int local, const char *from,
				const uint8_t *data, size_t len)
{
	struct endpoint ep = ep_of(from);
	enum ice_verdict verdict;

	verdict = ice_receive(s->agent, local, &ep, data, len, s->now_ms, &s->packet);
	if (s->packet.len) {
		CU_ASSERT_TRUE(ice_message_read(s->packet.data, s->packet.len, &s->message));
		CU_ASSERT_EQUAL(s->packet.local, local);
		CU_ASSERT_TRUE(is_to(s, from));
	}
	return verdict;
}

/* The peer answers the last packet. */
static enum ice_verdict answer(struct scene *s, const char *from, const char *pwd)
{
	struct endpoint mapped = s->agent->list.locals[s->packet.local].base;
	uint8_t data[ICE_MESSAGE_MAX];
	unsigned int local = s->packet.local;
	size_t len = ice_write_success(data, s->message.id, &mapped, str_of(pwd));

	return receive(s, local, from, data, len);
}

static enum ice_verdict refuse(struct scene *s, enum ice_error error)
{
	uint8_t data[ICE_MESSAGE_MAX];
	size_t len = ice_write_error(data, &s->message, error, STR(PWD));

	return receive(s, s->packet.local, PEER, data, len);
}

/* A check of the peer with our credentials of this generation. */
static enum ice_verdict check_as(struct scene *s, const char *from, unsigned int generation,
				 const char *ufrag, enum ice_role role, bool use_candidate)
{
	struct ice_own own = s->agent->own[generation];
	struct ice_request request = { (const uint8_t *)"transaction!",
				       ice_own_ufrag(&own),
				       str_of(ufrag),
				       ice_own_pwd(&own),
				       1845501695,
				       role,
				       UINT64_C(1) << 62,
				       use_candidate };
	uint8_t data[ICE_MESSAGE_MAX];
	size_t len = ice_write_request(data, &request);

	return receive(s, 0, from, data, len);
}

static enum ice_verdict check(struct scene *s, const char *from, bool use_candidate)
{
	return check_as(s, from, 0, UFRAG, !ice_role(s->agent), use_candidate);
}

static bool hears(struct scene *s, const char *from)
{
	struct endpoint ep = ep_of(from);

	return ice_hears(s->agent, 0, &ep);
}

static bool goes_to(struct scene *s, const char *to)
{
	const struct ice_way *way = ice_way(s->agent, 1);
	struct endpoint ep = ep_of(to);

	return way && !way->lost && endpoint_eq(&way->remote, &ep);
}

static struct str own_ufrag(struct scene *s)
{
	return ice_own_ufrag(&s->agent->own[0]);
}

/* Controlling, with a selected pair. */
static struct scene connected_scene(void)
{
	struct scene s = scene_with(ICE_CONTROLLING, 1, false);

	set_lines(&s, LINES HOST, false);
	CU_ASSERT_TRUE_FATAL(sends(&s));
	CU_ASSERT_EQUAL(answer(&s, PEER, PWD), ICE_GOT_RESPONSE);
	s.now_ms += ICE_PACING_MS;
	CU_ASSERT_TRUE_FATAL(sends(&s));
	CU_ASSERT_TRUE(s.message.use_candidate);
	CU_ASSERT_EQUAL(answer(&s, PEER, PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_EQUAL_FATAL(ice_state(s.agent), ICE_COMPLETED);
	return s;
}

/* --- Checks of ours -------------------------------------------------------------------------- */

static void test_checks_are_paced_and_repeated(void)
{
	static const int64_t at_ms[] = { 0, 500, 1500, 3500, 7500, 15500, 31500 };
	struct scene s = scene_with(ICE_CONTROLLING, 1, false);

	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_WAITING);
	CU_ASSERT_FALSE(sends(&s));
	set_lines(&s, LINES HOST SECOND, false);
	for (size_t i = 0; i < COUNT(at_ms); i++) {
		s.now_ms = 1000 + at_ms[i] - 1;
		CU_ASSERT_FALSE(i && sends(&s));
		s.now_ms++;
		CU_ASSERT_TRUE(sends(&s));
		CU_ASSERT_TRUE(is_to(&s, PEER));
		CU_ASSERT_FALSE(s.message.use_candidate);
		CU_ASSERT_FALSE(sends(&s));
		s.now_ms += ICE_PACING_MS - 1;
		CU_ASSERT_FALSE(sends(&s));
		s.now_ms++;
		CU_ASSERT_TRUE(sends(&s));
		CU_ASSERT_TRUE(is_to(&s, "198.51.100.2:5000"));
	}
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_CHECKING);
	s.now_ms = 1000 + ICE_PATIENCE_MS;
	CU_ASSERT_FALSE(sends(&s));
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_FAILED);
	CU_ASSERT_EQUAL(ice_news(s.agent), ICE_NEWS_FAILED);
	/* A check of the peer can still change it. */
	s.now_ms += 1000;
	CU_ASSERT_EQUAL(check(&s, PEER, false), ICE_GOT_CHECK);
	CU_ASSERT_TRUE(sends(&s));
	CU_ASSERT_EQUAL(answer(&s, PEER, PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_CONNECTED);
	ice_free(s.agent);
}

/* RFC 8839, 5.8: the slower one of both decides. */
static void test_peer_wants_a_slower_pace(void)
{
	static const struct {
		const char *line;
		int64_t pacing_ms;
	} rows[] = { { "ice-pacing:200\n", 200 },
		     { "ice-pacing:5\n", ICE_PACING_MS },
		     { "ice-pacing:1001\n", ICE_PACING_MS },
		     { "ice-pacing:99999999999999999999\n", ICE_PACING_MS },
		     { "ice-pacing:-1\n", ICE_PACING_MS } };
	char lines[256];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s = scene_with(ICE_CONTROLLING, 1, false);

		snprintf(lines, sizeof(lines), LINES HOST SECOND "%s", rows[i].line);
		set_lines(&s, lines, false);
		CU_ASSERT_TRUE(sends(&s));
		CU_ASSERT_EQUAL(ice_due(s.agent), s.now_ms + rows[i].pacing_ms);
		s.now_ms += rows[i].pacing_ms - 1;
		CU_ASSERT_FALSE(sends(&s));
		s.now_ms++;
		CU_ASSERT_TRUE(sends(&s));
		ice_free(s.agent);
	}
}

/* Three medias with one peer: one new check each Ta, in turns, until one after another has none. */
static void test_agents_of_a_call_take_turns(void)
{
	static const unsigned int turns[] = { 0, 1, 2, 0, 1, 2, 1, 2, 2, 2 };
	struct scene s[3];
	unsigned int n = 0;

	for (unsigned int i = 0; i < 3; i++) {
		char lines[1024] = LINES;

		s[i] = scene_with(ICE_CONTROLLING, 1, false);
		for (unsigned int k = 0, len = (unsigned int)strlen(lines); k < 2 + i; k++)
			len += (unsigned int)snprintf(
				lines + len, sizeof(lines) - len,
				"candidate:%u 1 UDP %u 198.51.100.%u 5000 typ host\n", k,
				2130706431 - k, k + 1);
		set_lines(&s[i], lines, false);
	}
	for (int64_t now_ms = 1000; n < 9 && now_ms < 1000 + 10 * ICE_PACING_MS; now_ms++)
		for (unsigned int i = 0; i < 3; i++) {
			const struct ice_agent *others[2] = { s[(i + 1) % 3].agent,
							      s[(i + 2) % 3].agent };

			s[i].now_ms = now_ms;
			ice_pace(s[i].agent, others, 2);
			if (!sends(&s[i]))
				continue;
			CU_ASSERT_EQUAL(now_ms, 1000 + n * ICE_PACING_MS);
			CU_ASSERT_EQUAL(i, turns[n]);
			n++;
		}
	CU_ASSERT_EQUAL(n, 9);
	for (unsigned int i = 0; i < 3; i++)
		ice_free(s[i].agent);
}

/* A new check list does not begin sooner after the last check than Ta. */
static void test_restart_keeps_the_pace(void)
{
	struct scene s = connected_scene();
	int64_t last_ms = s.agent->checked_ms;

	s.now_ms = last_ms + 10;
	set_lines(&s, LATER HOST, true);
	CU_ASSERT_FALSE(sends(&s));
	CU_ASSERT_EQUAL(ice_due(s.agent), last_ms + ICE_PACING_MS);
	s.now_ms = ice_due(s.agent);
	CU_ASSERT_TRUE(sends(&s));
	ice_free(s.agent);
}

static void test_nothing_of_a_check_is_secret_or_wrong(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 1, false);

	set_lines(&s, LINES HOST, true);
	CU_ASSERT_TRUE_FATAL(sends(&s));
	CU_ASSERT_TRUE(str_starts(s.message.username, STR(UFRAG ":")));
	CU_ASSERT_TRUE(ice_message_is_authentic(s.packet.data, &s.message, STR(PWD)));
	CU_ASSERT_EQUAL(s.message.priority, ice_priority(ICE_PRFLX, 65535, 1));
	CU_ASSERT_EQUAL(s.message.role, ICE_CONTROLLED);
	ice_free(s.agent);
}

static void test_answers_that_do_not_count(void)
{
	struct scene s = scene_with(ICE_CONTROLLING, 1, false);
	uint8_t data[ICE_MESSAGE_MAX];
	struct endpoint mapped = ep_of(PEER);
	size_t len;

	set_lines(&s, LINES HOST, false);
	CU_ASSERT_TRUE_FATAL(sends(&s));
	CU_ASSERT_EQUAL(answer(&s, PEER, "another password of 22"), ICE_GOT_FORGED);
	CU_ASSERT_EQUAL(answer(&s, PEER, ""), ICE_GOT_FORGED);
	len = ice_write_success(data, (const uint8_t *)"\x21\x12\xa4\x42transaction?", &mapped,
				STR(PWD));
	CU_ASSERT_EQUAL(receive(&s, 0, PEER, data, len), ICE_GOT_STRAY);
	CU_ASSERT_EQUAL(receive(&s, 0, PEER, data, len - 1), ICE_GOT_NO_STUN);
	CU_ASSERT_EQUAL(receive(&s, 7, PEER, data, len), ICE_GOT_NO_STUN);
	CU_ASSERT_PTR_NULL(ice_way(s.agent, 1));
	/* From elsewhere: the pair has failed. */
	CU_ASSERT_EQUAL(answer(&s, STRANGER, PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_PTR_NULL(ice_way(s.agent, 1));
	CU_ASSERT_FALSE(hears(&s, STRANGER) || hears(&s, PEER));
	CU_ASSERT_EQUAL(ice_counts(s.agent)[ICE_GOT_FORGED], 2);
	ice_free(s.agent);
}

static void test_nomination_waits_for_better_pairs(void)
{
	struct scene s = scene_with(ICE_CONTROLLING, 1, false);

	set_lines(&s, LINES HOST SECOND, false);
	CU_ASSERT_TRUE(sends(&s));
	s.now_ms += ICE_PACING_MS;
	CU_ASSERT_TRUE(sends(&s));
	CU_ASSERT_EQUAL(answer(&s, "198.51.100.2:5000", PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_CONNECTED);
	CU_ASSERT_TRUE(goes_to(&s, "198.51.100.2:5000"));
	s.now_ms += ICE_NOMINATE_MS - 1;
	CU_ASSERT_FALSE(sends(&s));
	s.now_ms++;
	CU_ASSERT_EQUAL(ice_due(s.agent), s.now_ms);
	CU_ASSERT_TRUE(sends(&s));
	CU_ASSERT_TRUE(s.message.use_candidate && is_to(&s, "198.51.100.2:5000"));
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_CONNECTED);
	CU_ASSERT_EQUAL(answer(&s, "198.51.100.2:5000", PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_COMPLETED);
	CU_ASSERT_EQUAL(ice_news(s.agent), ICE_NEWS_WAY | ICE_NEWS_COMPLETED);
	/* The better one is still asked, but not nominated. */
	CU_ASSERT_EQUAL(s.agent->list.n_pairs, 2);
	ice_free(s.agent);
}

/* --- Checks of the peer ---------------------------------------------------------------------- */

static void test_stranger_is_not_answered(void)
{
	struct scene s = scene_with(ICE_CONTROLLING, 1, false);
	struct ice_request request = { .transaction = (const uint8_t *)"transaction!",
				       .receiver = STR("wrong"),
				       .sender = STR(UFRAG),
				       .password = STR(PWD) };
	uint8_t data[ICE_MESSAGE_MAX];
	size_t len = ice_write_request(data, &request);

	set_lines(&s, LINES, false);
	CU_ASSERT_EQUAL(receive(&s, 0, STRANGER, data, len), ICE_GOT_FORGED);
	CU_ASSERT_EQUAL(s.packet.len, 0);
	request.receiver = ice_own_ufrag(&s.agent->own[0]);
	len = ice_write_request(data, &request);
	CU_ASSERT_EQUAL(receive(&s, 0, STRANGER, data, len), ICE_GOT_FORGED);
	request.password = STR_NONE;
	len = ice_write_request(data, &request);
	CU_ASSERT_EQUAL(receive(&s, 0, STRANGER, data, len), ICE_GOT_UNSIGNED);
	CU_ASSERT_EQUAL(s.packet.len, 0);
	len = ice_write_indication(data, (const uint8_t *)"transaction!");
	CU_ASSERT_EQUAL(receive(&s, 0, STRANGER, data, len), ICE_GOT_INDICATION);
	CU_ASSERT_EQUAL(s.packet.len, 0);
	CU_ASSERT_FALSE(hears(&s, STRANGER));
	CU_ASSERT_FALSE(sends(&s));
	ice_free(s.agent);
}

/* A browser has only .local candidates: its first check teaches its address. */
static void test_browser_is_learned(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 1, false);

	set_lines(&s, LINES, true);
	CU_ASSERT_FALSE(sends(&s));
	CU_ASSERT_EQUAL(check(&s, PEER, true), ICE_GOT_CHECK);
	CU_ASSERT_EQUAL(s.message.class, STUN_SUCCESS);
	CU_ASSERT_TRUE(hears(&s, PEER));
	CU_ASSERT_PTR_NULL(ice_way(s.agent, 1)); /* it could be forged */
	CU_ASSERT_TRUE(sends(&s));
	CU_ASSERT_TRUE(is_to(&s, PEER));
	CU_ASSERT_EQUAL(s.agent->list.remotes[0].priority, 1845501695);
	CU_ASSERT_EQUAL(answer(&s, PEER, PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_COMPLETED);
	CU_ASSERT_TRUE(goes_to(&s, PEER));
	ice_free(s.agent);
}

/*
 * The peer has nominated, and hears us, but none of the answers to our check arrives. Its next
 * check of consent, which nominates nothing, brings another check of ours: the pair is selected.
 */
static void test_nomination_outlives_a_failed_check(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 1, false);

	set_lines(&s, LINES, true);
	CU_ASSERT_EQUAL(check(&s, PEER, true), ICE_GOT_CHECK);
	for (int i = 0; i < ICE_SENDS; i++) {
		CU_ASSERT_TRUE(sends(&s));
		s.now_ms = ice_due(s.agent);
	}
	CU_ASSERT_FALSE(sends(&s));
	CU_ASSERT_EQUAL(s.agent->list.pairs[0].state, ICE_PAIR_FAILED);
	CU_ASSERT_EQUAL(check(&s, PEER, false), ICE_GOT_CHECK);
	CU_ASSERT_TRUE(sends(&s));
	CU_ASSERT_EQUAL(answer(&s, PEER, PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_COMPLETED);
	ice_free(s.agent);
}

static void test_check_before_the_answer(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 1, false);

	CU_ASSERT_EQUAL(check(&s, PEER, true), ICE_GOT_CHECK);
	CU_ASSERT_TRUE(hears(&s, PEER));
	CU_ASSERT_FALSE(sends(&s));
	for (int i = 0; i < 2 * ICE_EARLY; i++) /* of another fork */
		check_as(&s, STRANGER, 0, "fork", ICE_CONTROLLING, true);
	set_lines(&s, LINES, true);
	CU_ASSERT_TRUE_FATAL(sends(&s));
	CU_ASSERT_TRUE(is_to(&s, PEER));
	CU_ASSERT_EQUAL(answer(&s, PEER, PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_COMPLETED);
	CU_ASSERT_FALSE(hears(&s, STRANGER));
	ice_free(s.agent);
}

/* The peer's tie-breaker is 2^62. */
static void test_role_conflicts(void)
{
	static const struct {
		enum ice_role role;
		uint64_t tie_breaker;
		bool lite;
		enum ice_verdict verdict;
		enum ice_role after;
	} rows[] = {
		{ ICE_CONTROLLING, UINT64_MAX, false, ICE_GOT_CONFLICT, ICE_CONTROLLING },
		{ ICE_CONTROLLING, UINT64_C(1) << 62, false, ICE_GOT_CONFLICT, ICE_CONTROLLING },
		{ ICE_CONTROLLING, 1, false, ICE_GOT_CHECK, ICE_CONTROLLED },
		{ ICE_CONTROLLED, UINT64_MAX, false, ICE_GOT_CHECK, ICE_CONTROLLING },
		{ ICE_CONTROLLED, 1, false, ICE_GOT_CONFLICT, ICE_CONTROLLED },
		{ ICE_CONTROLLED, UINT64_MAX, true, ICE_GOT_CONFLICT, ICE_CONTROLLED },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s = scene_with(rows[i].role, 1, rows[i].lite);

		set_lines(&s, LINES, true);
		s.agent->tie_breaker = rows[i].tie_breaker;
		CU_ASSERT_EQUAL(check_as(&s, PEER, 0, UFRAG, rows[i].role, false), rows[i].verdict);
		CU_ASSERT_EQUAL(s.message.error, rows[i].verdict == ICE_GOT_CHECK ? 0 : 487);
		CU_ASSERT_EQUAL(ice_role(s.agent), rows[i].after);
		CU_ASSERT_EQUAL(hears(&s, PEER), rows[i].verdict == ICE_GOT_CHECK);
		ice_free(s.agent);
	}
}

static void test_conflict_in_an_answer(void)
{
	struct scene s = scene_with(ICE_CONTROLLING, 1, false);
	uint64_t tie_breaker = s.agent->tie_breaker;

	set_lines(&s, LINES HOST, false);
	CU_ASSERT_TRUE_FATAL(sends(&s));
	CU_ASSERT_EQUAL(refuse(&s, ICE_ROLE_CONFLICT), ICE_GOT_RESPONSE);
	CU_ASSERT_EQUAL(ice_role(s.agent), ICE_CONTROLLED);
	CU_ASSERT_NOT_EQUAL(s.agent->tie_breaker, tie_breaker);
	CU_ASSERT_EQUAL(refuse(&s, ICE_ROLE_CONFLICT), ICE_GOT_STRAY);
	CU_ASSERT_EQUAL(ice_role(s.agent), ICE_CONTROLLED);
	s.now_ms += ICE_PACING_MS;
	CU_ASSERT_TRUE_FATAL(sends(&s));
	CU_ASSERT_EQUAL(s.message.role, ICE_CONTROLLED);
	ice_free(s.agent);
}

/* An attribute that must be understood, behind USERNAME of a check that is authentic or not. */
static void test_unknown_attribute(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 1, false);
	uint8_t data[ICE_MESSAGE_MAX];
	struct buf buf = BUF_INIT((char *)data, sizeof(data));

	set_lines(&s, LINES, true);
	stun_put_header(&buf, STUN_REQUEST, (const uint8_t *)"\x21\x12\xa4\x42transaction!");
	stun_put_attr_header(&buf, STUN_USERNAME, 13);
	buf_str(&buf, own_ufrag(&s));
	buf_add(&buf, ":" UFRAG "\0\0", 8);
	stun_put_attr_header(&buf, STUN_CHANGE_REQUEST, 0);
	stun_put_integrity(&buf, STR(PWD));
	CU_ASSERT_EQUAL(receive(&s, 0, PEER, data, buf.len), ICE_GOT_FORGED);
	CU_ASSERT_EQUAL(s.packet.len, 0);
	buf.len -= STUN_ATTR_HEADER + STUN_INTEGRITY;
	stun_put_integrity(&buf, ice_own_pwd(&s.agent->own[0]));
	CU_ASSERT_EQUAL(receive(&s, 0, PEER, data, buf.len), ICE_GOT_UNKNOWN);
	CU_ASSERT_EQUAL(s.message.error, 420);
	CU_ASSERT_FALSE(hears(&s, PEER));
	ice_free(s.agent);
}

/* Old peers nominate each pair. */
static void test_aggressive_peer(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 1, false);

	set_lines(&s, LINES HOST SECOND, true);
	check(&s, "198.51.100.2:5000", true);
	CU_ASSERT_TRUE(sends(&s));
	answer(&s, "198.51.100.2:5000", PWD);
	CU_ASSERT_TRUE(goes_to(&s, "198.51.100.2:5000"));
	check(&s, PEER, true);
	s.now_ms += ICE_PACING_MS;
	CU_ASSERT_TRUE(sends(&s));
	CU_ASSERT_TRUE(is_to(&s, PEER));
	answer(&s, PEER, PWD);
	CU_ASSERT_TRUE(goes_to(&s, PEER)); /* the higher priority */
	check(&s, "198.51.100.2:5000", true);
	CU_ASSERT_TRUE(goes_to(&s, PEER));
	/* The peer has moved: the first way is silent. */
	s.now_ms += ICE_SILENT_MS - 1;
	check(&s, "198.51.100.2:5000", true);
	CU_ASSERT_TRUE(goes_to(&s, PEER));
	ice_heard(s.agent, 1, s.now_ms);
	s.now_ms += ICE_SILENT_MS - 1;
	check(&s, "198.51.100.2:5000", true);
	CU_ASSERT_TRUE(goes_to(&s, PEER));
	s.now_ms++;
	check(&s, "198.51.100.2:5000", true);
	CU_ASSERT_TRUE(goes_to(&s, "198.51.100.2:5000"));
	ice_free(s.agent);
}

static void test_lite(void)
{
	struct scene s = scene_with(ICE_CONTROLLING, 1, true);

	CU_ASSERT_EQUAL(check(&s, PEER, false), ICE_GOT_CHECK);
	set_lines(&s, LINES HOST, false);
	CU_ASSERT_EQUAL(ice_role(s.agent), ICE_CONTROLLED);
	CU_ASSERT_EQUAL(check(&s, PEER, false), ICE_GOT_CHECK);
	CU_ASSERT_PTR_NULL(ice_way(s.agent, 1));
	CU_ASSERT_TRUE(hears(&s, PEER));
	CU_ASSERT_EQUAL(check(&s, PEER, true), ICE_GOT_CHECK);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_COMPLETED);
	CU_ASSERT_TRUE(goes_to(&s, PEER));
	s.now_ms += 10 * ICE_CONSENT_MS;
	CU_ASSERT_FALSE(sends(&s));
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_COMPLETED);
	CU_ASSERT_EQUAL(ice_due(s.agent), INT64_MAX);
	ice_free(s.agent);
}

static void test_lite_peers(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 1, false);

	/* A full agent is controlling. */
	set_lines(&s, LINES HOST "ice-lite\n", true);
	CU_ASSERT_EQUAL(ice_role(s.agent), ICE_CONTROLLING);
	ice_free(s.agent);
	/* Of two lite ones nobody checks. */
	s = scene_with(ICE_CONTROLLED, 1, true);
	set_lines(&s, LINES SECOND HOST "ice-lite\n", true);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_COMPLETED);
	CU_ASSERT_TRUE(goes_to(&s, PEER));
	CU_ASSERT_FALSE(sends(&s));
	ice_free(s.agent);
}

/* A browser checks before our new credentials reach it, and keeps to those before on this pair. */
static void test_a_peer_keeps_the_credentials_that_it_has_named(void)
{
	struct scene s = connected_scene();
	struct str before = own_ufrag(&s);
	char named[ICE_OWN_UFRAG];
	char want[64];

	memcpy(named, before.s, sizeof(named));
	CU_ASSERT_EQUAL(check_as(&s, "198.51.100.2:5000", 0, "next", ICE_CONTROLLED, false),
			ICE_GOT_CHECK);
	ice_restart(s.agent);
	set_lines(&s, LATER, false);
	s.now_ms += ICE_PACING_MS; /* since the last check */
	CU_ASSERT_TRUE_FATAL(sends(&s));
	CU_ASSERT_TRUE(is_to(&s, "198.51.100.2:5000"));
	snprintf(want, sizeof(want), "next:%.*s", (int)sizeof(named), named);
	CU_ASSERT_TRUE(str_eq(s.message.username, str_of(want)));
	/* Its next check names the new ones. */
	s.now_ms += 5000;
	CU_ASSERT_EQUAL(check_as(&s, "198.51.100.2:5000", 0, "next", ICE_CONTROLLED, false),
			ICE_GOT_CHECK);
	CU_ASSERT_TRUE_FATAL(sends(&s));
	snprintf(want, sizeof(want), "next:%.*s", (int)own_ufrag(&s).len, own_ufrag(&s).s);
	CU_ASSERT_TRUE(str_eq(s.message.username, str_of(want)));
	ice_free(s.agent);
}

/* --- Consent --------------------------------------------------------------------------------- */

static void test_consent_is_asked_for(void)
{
	struct scene s = connected_scene();

	for (int i = 0; i < 100; i++) {
		int64_t due = ice_due(s.agent);

		CU_ASSERT_TRUE(due >= s.now_ms + 4000 && due <= s.now_ms + 6000);
		s.now_ms = due - 1;
		CU_ASSERT_FALSE(sends(&s));
		s.now_ms++;
		CU_ASSERT_TRUE_FATAL(sends(&s));
		CU_ASSERT_FALSE(s.message.use_candidate);
		CU_ASSERT_EQUAL(answer(&s, PEER, PWD), ICE_GOT_RESPONSE);
		CU_ASSERT_FALSE(sends(&s)); /* not repeated */
	}
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_COMPLETED);
	ice_free(s.agent);
}

static void test_consent_ends(void)
{
	struct scene s = connected_scene();
	int64_t end_ms = s.now_ms + ICE_CONSENT_MS;

	ice_news(s.agent);
	while (ice_due(s.agent) < end_ms) {
		s.now_ms = ice_due(s.agent);
		CU_ASSERT_TRUE(sends(&s));
		CU_ASSERT_EQUAL(answer(&s, STRANGER, PWD), ICE_GOT_STRAY);
		CU_ASSERT_EQUAL(answer(&s, PEER, "another password of 22"), ICE_GOT_FORGED);
		/* Media and checks of the peer do not count. */
		ice_heard(s.agent, 1, s.now_ms);
		check(&s, PEER, false);
	}
	s.now_ms = end_ms;
	CU_ASSERT_FALSE(sends(&s));
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_LOST);
	CU_ASSERT_EQUAL(ice_news(s.agent), ICE_NEWS_LOST);
	CU_ASSERT_TRUE(ice_way(s.agent, 1)->lost);
	CU_ASSERT_EQUAL(ice_due(s.agent), INT64_MAX);
	/* It is answered, but only a restart makes the way usable again. */
	CU_ASSERT_EQUAL(check(&s, PEER, true), ICE_GOT_CHECK);
	CU_ASSERT_TRUE(ice_way(s.agent, 1)->lost);
	ice_restart(s.agent);
	set_lines(&s, LATER HOST, false);
	CU_ASSERT_TRUE_FATAL(sends(&s));
	CU_ASSERT_EQUAL(answer(&s, PEER, PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_TRUE(goes_to(&s, PEER));
	ice_free(s.agent);
}

/* Somebody sends an answer of the phone again, from its address, when it has gone. */
static void test_an_answer_counts_once(void)
{
	struct scene s = connected_scene();
	const struct endpoint *mapped = &s.agent->list.locals[0].base;
	uint8_t data[ICE_MESSAGE_MAX];
	int64_t end_ms;
	size_t len;

	s.now_ms = ice_due(s.agent);
	CU_ASSERT_TRUE_FATAL(sends(&s));
	len = ice_write_success(data, s.message.id, mapped, STR(PWD));
	/* From elsewhere it does not count; that of the phone still does. */
	CU_ASSERT_EQUAL(receive(&s, 0, STRANGER, data, len), ICE_GOT_STRAY);
	CU_ASSERT_EQUAL(receive(&s, 0, PEER, data, len), ICE_GOT_RESPONSE);
	end_ms = s.now_ms + ICE_CONSENT_MS;
	while (ice_due(s.agent) < end_ms) {
		s.now_ms = ice_due(s.agent);
		CU_ASSERT_TRUE(sends(&s));
		CU_ASSERT_EQUAL(receive(&s, 0, PEER, data, len), ICE_GOT_STRAY);
	}
	s.now_ms = end_ms;
	CU_ASSERT_FALSE(sends(&s));
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_LOST);
	ice_free(s.agent);
}

static void test_keep_alive_without_consent(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 1, false);

	s.agent->conf.consent_ms = 0;
	set_lines(&s, LINES HOST, true);
	check(&s, PEER, true);
	CU_ASSERT_TRUE(sends(&s));
	answer(&s, PEER, PWD);
	for (int i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(ice_due(s.agent), s.now_ms + ICE_KEEP_ALIVE_MS);
		s.now_ms += ICE_KEEP_ALIVE_MS;
		CU_ASSERT_TRUE_FATAL(sends(&s));
		CU_ASSERT_EQUAL(s.message.class, STUN_INDICATION);
		CU_ASSERT_TRUE(is_to(&s, PEER));
	}
	ice_free(s.agent);
}

/* --- Restart --------------------------------------------------------------------------------- */

static void test_restart_by_the_peer(void)
{
	struct scene s = connected_scene();
	struct ice_own first = s.agent->own[0];

	s.now_ms += ICE_PACING_MS;
	/* Chromium checks with our old credentials and its new ones, before its offer is here. */
	CU_ASSERT_EQUAL(check_as(&s, "198.51.100.9:9000", 0, "next", ICE_CONTROLLED, false),
			ICE_GOT_CHECK);
	CU_ASSERT_TRUE(hears(&s, "198.51.100.9:9000"));
	set_lines(&s, LATER, true);
	CU_ASSERT_FALSE(str_eq(own_ufrag(&s), ice_own_ufrag(&first)));
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_CHECKING);
	CU_ASSERT_TRUE(goes_to(&s, PEER));
	s.now_ms += ICE_PACING_MS; /* since the last check */
	CU_ASSERT_TRUE_FATAL(sends(&s));
	CU_ASSERT_TRUE(is_to(&s, "198.51.100.9:9000"));
	CU_ASSERT_TRUE(str_starts(s.message.username, STR("next:")));
	CU_ASSERT_EQUAL(answer(&s, "198.51.100.9:9000", PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_TRUE(goes_to(&s, PEER)); /* until the new one is selected */
	/* It stays with the old credentials for the rest of the call. */
	s.now_ms += ICE_PACING_MS;
	CU_ASSERT_TRUE_FATAL(sends(&s));
	CU_ASSERT_TRUE(s.message.use_candidate);
	CU_ASSERT_EQUAL(answer(&s, "198.51.100.9:9000", PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_TRUE(goes_to(&s, "198.51.100.9:9000"));
	s.now_ms += 3600 * 1000;
	CU_ASSERT_EQUAL(check_as(&s, "198.51.100.9:9000", 1, "next", ICE_CONTROLLED, false),
			ICE_GOT_CHECK);
	CU_ASSERT_EQUAL(s.message.class, STUN_SUCCESS);
	ice_free(s.agent);
}

static void test_old_way_keeps_its_consent(void)
{
	struct scene s = connected_scene();
	struct ice_own first = s.agent->own[0];

	ice_restart(s.agent);
	set_lines(&s, LATER "ice-options:trickle\n", false);
	for (int i = 0; i < 10; i++) {
		s.now_ms = ice_due(s.agent);
		CU_ASSERT_TRUE_FATAL(sends(&s));
		CU_ASSERT_TRUE(str_starts(s.message.username, STR(UFRAG ":")));
		CU_ASSERT_EQUAL(memcmp(s.message.username.s + 5, first.ufrag, 8), 0);
		CU_ASSERT_EQUAL(answer(&s, PEER, PWD), ICE_GOT_RESPONSE);
	}
	CU_ASSERT_TRUE(goes_to(&s, PEER));
	/* A check of the old list does not begin anything. */
	CU_ASSERT_EQUAL(check_as(&s, PEER, 1, UFRAG, ICE_CONTROLLED, false), ICE_GOT_CHECK);
	CU_ASSERT_FALSE(sends(&s));
	ice_free(s.agent);
}

static void test_many_restarts(void)
{
	struct scene s = connected_scene();
	struct ice_own own[20];

	for (unsigned int i = 0; i < COUNT(own); i++) {
		ice_restart(s.agent);
		own[i] = s.agent->own[0];
		ice_restart(s.agent); /* only once for an offer */
		CU_ASSERT_EQUAL(memcmp(&own[i], &s.agent->own[0], sizeof(own[i])), 0);
		set_lines(&s, i % 2 ? LINES : LATER, false);
		CU_ASSERT_EQUAL(!ice_way(s.agent, 1), i + 1 >= ICE_GENERATIONS);
	}
	CU_ASSERT_EQUAL(s.agent->n_own, ICE_GENERATIONS);
	CU_ASSERT_EQUAL(check_as(&s, PEER, ICE_GENERATIONS - 1, "x", ICE_CONTROLLED, false),
			ICE_GOT_CHECK);
	ice_free(s.agent);
}

static void test_offer_that_was_refused(void)
{
	struct scene s = connected_scene();
	struct ice_own first = s.agent->own[0];

	ice_restart(s.agent);
	set_lines(&s, LINES HOST, true); /* a later offer of the peer, with what it knows */
	CU_ASSERT_EQUAL(memcmp(&first, &s.agent->own[0], sizeof(first)), 0);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_COMPLETED);
	ice_free(s.agent);
}

/* --- Lines ----------------------------------------------------------------------------------- */

static void test_lines_of_ours(void)
{
	struct scene s = scene_with(ICE_CONTROLLING, 2, false);
	struct ice_description lines;
	struct endpoint peer = ep_of(PEER);

	ice_describe(s.agent, &lines);
	CU_ASSERT_EQUAL(lines.ufrag.len, 8);
	CU_ASSERT_EQUAL(lines.pwd.len, 24);
	CU_ASSERT_EQUAL(lines.n_candidates, 2);
	CU_ASSERT_EQUAL(lines.candidates[0].priority, 2130706431);
	CU_ASSERT_EQUAL(lines.candidates[1].priority, 2130706430);
	CU_ASSERT_TRUE(str_eq(lines.candidates[0].foundation, lines.candidates[1].foundation));
	ice_mux(s.agent);
	ice_describe(s.agent, &lines);
	CU_ASSERT_EQUAL(lines.n_candidates, 1);
	CU_ASSERT_FALSE(endpoint_is_set(&lines.remote[0]));
	ice_free(s.agent);
	s = connected_scene();
	ice_describe(s.agent, &lines);
	CU_ASSERT_FALSE(endpoint_is_set(&lines.remote[0]));
	ice_describe(s.agent, &lines);
	CU_ASSERT_TRUE(endpoint_eq(&lines.remote[0], &peer));
	ice_restart(s.agent);
	ice_describe(s.agent, &lines);
	CU_ASSERT_FALSE(endpoint_is_set(&lines.remote[0]));
	ice_free(s.agent);
}

/* Checks of a caller can select a pair before it is answered: the answer has all candidates. */
static void test_answer_after_selection_has_all_candidates(void)
{
	struct scene s = { .now_ms = 1000 };
	struct ice_conf conf = conf_of(ICE_CONTROLLED, 1);
	struct ice_local locals[2];
	struct ice_description lines;

	locals_of(locals);
	locals[1].component = 1;
	s.agent = ice_new(&conf, locals, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s.agent);
	set_lines(&s, LINES HOST, true);
	CU_ASSERT_EQUAL(check(&s, PEER, true), ICE_GOT_CHECK);
	CU_ASSERT_TRUE(sends(&s));
	CU_ASSERT_EQUAL(answer(&s, PEER, PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_COMPLETED);
	for (unsigned int i = 2; i; i--) {
		ice_describe(s.agent, &lines);
		CU_ASSERT_EQUAL(lines.n_candidates, i);
	}
	ice_free(s.agent);
}

static void test_remote_candidates_are_followed(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 1, false);

	set_lines(&s, LINES HOST SECOND, true);
	CU_ASSERT_TRUE(sends(&s));
	answer(&s, PEER, PWD);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_CONNECTED);
	set_lines(&s, LINES HOST "remote-candidates:1 192.0.2.9 30000\n", true);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_CONNECTED);
	set_lines(&s, LINES HOST "remote-candidates:1 192.0.2.1 30000\n", true);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_COMPLETED);
	ice_free(s.agent);
}

static void test_components(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 2, false);
	struct endpoint rtcp = ep_of("198.51.100.1:5001");

	set_lines(&s, LINES HOST RTCP, true);
	CU_ASSERT_TRUE(sends(&s));
	CU_ASSERT_TRUE(is_to(&s, PEER));
	check(&s, PEER, true);
	CU_ASSERT_TRUE(sends(&s)); /* repeated at once */
	answer(&s, PEER, PWD);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_CHECKING);
	CU_ASSERT_TRUE(goes_to(&s, PEER));
	s.now_ms += ICE_PACING_MS; /* the same foundation is not frozen any more */
	CU_ASSERT_TRUE(sends(&s));
	CU_ASSERT_TRUE(is_to(&s, "198.51.100.1:5001"));
	CU_ASSERT_EQUAL(s.packet.local, 1);
	answer(&s, "198.51.100.1:5001", PWD);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_CONNECTED);
	CU_ASSERT_TRUE(ice_hears(s.agent, 1, &rtcp));
	ice_mux(s.agent);
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_COMPLETED);
	CU_ASSERT_FALSE(ice_hears(s.agent, 1, &rtcp));
	ice_free(s.agent);
}

static void test_trickle(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 1, false);
	struct ice_description more = { .ufrag = STR("other") };

	set_lines(&s, LINES "ice-options:trickle\n", true);
	CU_ASSERT_EQUAL(ice_due(s.agent), INT64_MAX);
	ice_line_read(&more, STR("candidate"), STR("1 1 UDP 9 198.51.100.1 5000 typ host"));
	CU_ASSERT_EQUAL(ice_trickle(s.agent, &more, s.now_ms), -EINVAL);
	CU_ASSERT_FALSE(sends(&s));
	more.ufrag = STR(UFRAG);
	CU_ASSERT_EQUAL(ice_trickle(s.agent, &more, s.now_ms), 0);
	CU_ASSERT_EQUAL(ice_trickle(s.agent, &more, s.now_ms), 0); /* each repeats all so far */
	CU_ASSERT_TRUE(sends(&s));
	CU_ASSERT_EQUAL(s.agent->list.n_pairs, 1);
	s.now_ms += 2 * ICE_PATIENCE_MS;
	while (sends(&s))
		;
	CU_ASSERT_NOT_EQUAL(ice_state(s.agent), ICE_FAILED);
	more.end = true;
	CU_ASSERT_EQUAL(ice_trickle(s.agent, &more, s.now_ms), 0);
	while (sends(&s))
		;
	CU_ASSERT_EQUAL(ice_state(s.agent), ICE_FAILED);
	ice_free(s.agent);
}

static void test_memory_is_bounded(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 1, false);
	char from[ENDPOINT_TEXT];

	set_lines(&s, LINES HOST, true);
	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(from, sizeof(from), "203.0.113.7:%u", 1024 + i);
		CU_ASSERT_EQUAL(check(&s, from, false), ICE_GOT_CHECK);
	}
	CU_ASSERT_TRUE(s.agent->list.n_remotes <= ICE_REMOTES);
	CU_ASSERT_TRUE(s.agent->list.n_pairs <= ICE_PAIRS);
	/* One whose checks have failed gives way. */
	s.now_ms += 1000 * 1000;
	for (int i = 0; i < 10; i++, s.now_ms += 100 * 1000)
		while (sends(&s))
			s.now_ms += ICE_PACING_MS;
	CU_ASSERT_EQUAL(check(&s, "203.0.113.8:1024", true), ICE_GOT_CHECK);
	CU_ASSERT_TRUE(hears(&s, "203.0.113.8:1024"));
	ice_free(s.agent);
}

/* A list of ports of one host; the phone's own candidate is not among them. */
static void test_no_host_is_scanned(void)
{
	struct scene s = scene_with(ICE_CONTROLLED, 1, false);
	struct endpoint victim = ep_of("203.0.113.9:1"), phone = ep_of(PEER);
	unsigned int asked = 0, to_phone = 0;
	char lines[8192] = LINES;

	for (unsigned int i = 0, len = (unsigned int)strlen(lines); i < 60; i++)
		len += (unsigned int)snprintf(lines + len, sizeof(lines) - len,
					      "candidate:%u 1 UDP %u 203.0.113.9 %u typ host\n", i,
					      2130706431 - i, 1000 + i);
	strcat(lines, HOST);
	set_lines(&s, lines, true);
	for (int i = 0; i < 2000; i++, s.now_ms += ICE_PACING_MS)
		while (sends(&s)) {
			asked += endpoint_addr_eq(&s.packet.to, &victim);
			to_phone += endpoint_eq(&s.packet.to, &phone);
		}
	CU_ASSERT_EQUAL(asked, ICE_PER_ADDRESS * ICE_SENDS);
	CU_ASSERT_EQUAL(to_phone, ICE_SENDS);
	/* Its checks are heard all the same. */
	CU_ASSERT_EQUAL(check(&s, "203.0.113.9:1050", true), ICE_GOT_CHECK);
	CU_ASSERT_TRUE(hears(&s, "203.0.113.9:1050"));
	ice_free(s.agent);
}

/* --- Saved ----------------------------------------------------------------------------------- */

static void test_call_goes_on_after_a_restart_of_the_relay(void)
{
	struct scene s = connected_scene(), t = { .now_ms = 5000 };
	struct ice_saved saved, again;
	struct ice_local locals[2];
	struct ice_conf conf = conf_of(ICE_CONTROLLED, 1);

	ice_save(s.agent, s.now_ms + 10000, &saved);
	CU_ASSERT_EQUAL(saved.ways[0].left_ms, ICE_CONSENT_MS - 10000);
	locals_of(locals);
	CU_ASSERT_EQUAL_FATAL(ice_restore(&saved, &conf, locals, 2, t.now_ms, &t.agent), 0);
	ice_save(t.agent, t.now_ms, &again);
	CU_ASSERT_EQUAL(memcmp(&saved, &again, sizeof(saved)), 0);
	CU_ASSERT_EQUAL(ice_state(t.agent), ICE_COMPLETED);
	CU_ASSERT_EQUAL(ice_role(t.agent), ICE_CONTROLLING);
	CU_ASSERT_TRUE(goes_to(&t, PEER));
	CU_ASSERT_TRUE(hears(&t, PEER));
	CU_ASSERT_TRUE_FATAL(sends(&t)); /* consent is asked for at once */
	CU_ASSERT_EQUAL(answer(&t, PEER, PWD), ICE_GOT_RESPONSE);
	CU_ASSERT_EQUAL(check(&t, PEER, false), ICE_GOT_CHECK);
	ice_free(s.agent);
	ice_free(t.agent);
}

static void test_damaged_states_are_refused(void)
{
	struct scene s = connected_scene();
	struct ice_saved good, bad;
	struct ice_local locals[2];
	struct ice_conf conf = conf_of(ICE_CONTROLLED, 1);
	struct ice_agent *agent;

	ice_save(s.agent, s.now_ms, &good);
	locals_of(locals);
#define REFUSES(member, value)                                                                     \
	do {                                                                                       \
		bad = good;                                                                        \
		bad.member = (value);                                                              \
		CU_ASSERT_EQUAL(ice_restore(&bad, &conf, locals, 2, 0, &agent), -EINVAL);          \
	} while (0)
	REFUSES(version, 2);
	REFUSES(role, 2);
	REFUSES(components, 0);
	REFUSES(components, 3);
	REFUSES(n_own, 0);
	REFUSES(n_own, ICE_GENERATIONS + 1);
	REFUSES(renewed, 1); /* there is only one */
	REFUSES(ufrag_len, 257);
	REFUSES(pwd_len, 257);
	REFUSES(pwd_len, 0);
	REFUSES(ways[0].family, 5);
	REFUSES(ways[0].family, 6); /* the own address is not */
	REFUSES(ways[0].local, 1);  /* of the other component */
	REFUSES(ways[0].local, 2);
	REFUSES(ways[0].own, 1);
	REFUSES(ways[0].port, 0);
	REFUSES(ways[0].left_ms, UINT64_MAX);
	REFUSES(ways[1].family, 4);
#undef REFUSES
	ice_free(s.agent);
}

/* --- Allocation ------------------------------------------------------------------------------ */

static void play_a_call(void)
{
	struct scene s = { .now_ms = 1000 };
	struct ice_description lines = { .ufrag = STR(UFRAG), .pwd = STR(PWD) };
	struct ice_conf conf = conf_of(ICE_CONTROLLED, 1);
	struct ice_local locals[2];
	struct ice_saved saved;
	struct ice_agent *restored = NULL;

	locals_of(locals);
	s.agent = ice_new(&conf, locals, 1);
	if (!s.agent)
		return;
	ice_line_read(&lines, STR("candidate"), STR("1 1 UDP 9 198.51.100.1 5000 typ host"));
	if (ice_remote(s.agent, &lines, true, s.now_ms))
		CU_ASSERT_EQUAL(ice_state(s.agent), ICE_WAITING);
	CU_ASSERT_EQUAL(check(&s, "198.51.100.2:5000", true), ICE_GOT_CHECK);
	while (sends(&s)) {
		answer(&s, "198.51.100.2:5000", PWD);
		s.now_ms += ICE_PACING_MS;
	}
	lines.ufrag = STR("next");
	if (ice_remote(s.agent, &lines, true, s.now_ms) == 0)
		CU_ASSERT_EQUAL(s.agent->n_own, alloc_failed() ? s.agent->n_own : 2);
	ice_save(s.agent, s.now_ms, &saved);
	if (!ice_restore(&saved, &conf, locals, 1, s.now_ms, &restored))
		ice_free(restored);
	ice_free(s.agent);
}

static void test_survives_failing_allocation(void)
{
	long live = alloc_live();

	ALLOC_FAILS_AT_EACH
	{
		play_a_call();
		CU_ASSERT_EQUAL(alloc_live(), live);
	}
}

TEST_SUITE(ice_agent, { "checks are paced and repeated", test_checks_are_paced_and_repeated },
	   { "peer wants a slower pace", test_peer_wants_a_slower_pace },
	   { "agents of a call take turns", test_agents_of_a_call_take_turns },
	   { "a restart keeps the pace", test_restart_keeps_the_pace },
	   { "a nomination outlives a failed check", test_nomination_outlives_a_failed_check },
	   { "an answer after selection has all candidates",
	     test_answer_after_selection_has_all_candidates },
	   { "a check says what it must", test_nothing_of_a_check_is_secret_or_wrong },
	   { "answers that do not count", test_answers_that_do_not_count },
	   { "nomination waits for better pairs", test_nomination_waits_for_better_pairs },
	   { "stranger is not answered", test_stranger_is_not_answered },
	   { "browser is learned", test_browser_is_learned },
	   { "check before the answer", test_check_before_the_answer },
	   { "role conflicts", test_role_conflicts },
	   { "conflict in an answer", test_conflict_in_an_answer },
	   { "unknown attribute", test_unknown_attribute },
	   { "aggressive peer", test_aggressive_peer }, { "lite", test_lite },
	   { "lite peers", test_lite_peers }, { "consent is asked for", test_consent_is_asked_for },
	   { "consent ends", test_consent_ends },
	   { "a peer keeps the credentials that it has named",
	     test_a_peer_keeps_the_credentials_that_it_has_named },
	   { "an answer counts once", test_an_answer_counts_once },
	   { "keep-alive without consent", test_keep_alive_without_consent },
	   { "restart by the peer", test_restart_by_the_peer },
	   { "old way keeps its consent", test_old_way_keeps_its_consent },
	   { "many restarts", test_many_restarts },
	   { "offer that was refused", test_offer_that_was_refused },
	   { "lines of ours", test_lines_of_ours },
	   { "remote-candidates are followed", test_remote_candidates_are_followed },
	   { "components", test_components }, { "trickle", test_trickle },
	   { "memory is bounded", test_memory_is_bounded },
	   { "no host is scanned", test_no_host_is_scanned },
	   { "call goes on after a restart of the relay",
	     test_call_goes_on_after_a_restart_of_the_relay },
	   { "damaged states are refused", test_damaged_states_are_refused },
	   { "survives failing allocation", test_survives_failing_allocation });
