/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_dtls.c - a phone with DTLS-SRTP and another one: profiles, lines, roles; handshakes
 */
#include <time.h>
#include "daemon/base/count.h"
#include "daemon/call/dialog.h"
#include "daemon/call/media_sdes.h"
#include "daemon/dtls/record.h"
#include "daemon/packet/bridge.h"
#include "ng_dtls_scene.h"

#define ZEROS	 "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"
#define PRINT	 "a=fingerprint:sha-1 11:22:33:44:" ZEROS "\\r\\n"
#define OTHER	 "a=fingerprint:sha-1 55:22:33:44:" ZEROS "\\r\\n"
#define SETUP(s) "a=setup:" s "\\r\\n"
#define CRYPTO                                                                                     \
	"a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\\r\\n"
#define TO(p) ",\"transport-protocol\":\"" p "\""

/* @session: lines before the m= line */
static const char *ask(struct scene *scene, const char *command, uint16_t port, const char *proto,
		       const char *session, const char *lines, const char *more)
{
	static char payload[4096];

	snprintf(payload, sizeof(payload),
		 "{\"command\":\"%s\",\"call-id\":\"c\",\"from-tag\":\"a\",%s\"sdp\":\"v=0\\r\\n"
		 "o=- 1 1 IN IP4 127.0.0.1\\r\\ns=-\\r\\nc=IN IP4 127.0.0.1\\r\\nt=0 0\\r\\n%s"
		 "m=audio %u %s 0\\r\\n%s\"%s}",
		 command, strcmp(command, "answer") ? "" : "\"to-tag\":\"b\",", session, port,
		 proto, lines, more);
	return ask_payload(scene, payload);
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static struct media *media_of(const struct call_scene *call)
{
	return call->scene.calls->calls->dialogs->media[0];
}

/* --- What the SDPs say ------------------------------------------------------------------------ */

#define MUX    "a=rtcp-mux\\r\\n"
#define DTLS_F "UDP/TLS/RTP/SAVPF"

static const struct row {
	const char *what;
	/* of A, with flags of the offer; of B, with flags of the answer */
	const char *proto_a, *session_a, *lines_a, *offer;
	const char *proto_b, *lines_b, *answer;
	/* parts of what each of them gets, or NULL; what it must not have */
	const char *to_b[3], *not_b, *to_a[3], *not_a;
} rows[] = {
	{ "to plain",
	  DTLS_F,
	  "",
	  PRINT SETUP("actpass"),
	  TO("RTP/AVP"),
	  "RTP/AVP",
	  "",
	  "",
	  { " RTP/AVP 0" },
	  "fingerprint",
	  { " " DTLS_F " 0", "a=setup:active", "a=fingerprint:sha-1 " },
	  "a=crypto" },
	{ "lines of the session",
	  DTLS_F,
	  PRINT SETUP("actpass"),
	  "a=tls-id:abcdefghijklmnopqrst\\r\\n",
	  TO("RTP/AVP"),
	  "RTP/AVP",
	  "",
	  "",
	  { " RTP/AVP 0" },
	  "tls-id",
	  { "a=setup:active" },
	  "11:22:33:44" },
	{ "passive by the offer",
	  DTLS_F,
	  "",
	  PRINT SETUP("actpass"),
	  TO("RTP/AVP") ",\"DTLS\":\"passive\"",
	  "RTP/AVP",
	  "",
	  "",
	  { " RTP/AVP 0" },
	  "setup",
	  { "a=setup:passive" },
	  "a=setup:active" },
	{ "passive by the answer",
	  DTLS_F,
	  "",
	  PRINT SETUP("actpass"),
	  TO("RTP/AVP"),
	  "RTP/AVP",
	  "",
	  ",\"flags\":[\"DTLS=passive\"]",
	  { " RTP/AVP 0" },
	  "setup",
	  { "a=setup:passive" },
	  "a=setup:active" },
	{ "reverse",
	  DTLS_F,
	  "",
	  PRINT SETUP("actpass"),
	  TO("RTP/AVP") ",\"DTLS-reverse\":\"passive\"",
	  "RTP/AVP",
	  "",
	  "",
	  { " RTP/AVP 0" },
	  "setup",
	  { "a=setup:passive" },
	  "a=setup:active" },
	{ "active phone",
	  DTLS_F,
	  "",
	  PRINT SETUP("active"),
	  TO("RTP/AVP"),
	  "RTP/AVP",
	  "",
	  "",
	  { " RTP/AVP 0" },
	  "setup",
	  { "a=setup:passive" },
	  "a=setup:active" },
	{ "passive phone",
	  DTLS_F,
	  "",
	  PRINT SETUP("passive"),
	  TO("RTP/AVP") ",\"DTLS\":\"passive\"",
	  "RTP/AVP",
	  "",
	  "",
	  { " RTP/AVP 0" },
	  "setup",
	  { "a=setup:active" },
	  "a=setup:passive" },
	{ "without setup",
	  DTLS_F,
	  "",
	  PRINT,
	  TO("RTP/AVP"),
	  "RTP/AVP",
	  "",
	  "",
	  { " RTP/AVP 0" },
	  "setup",
	  { "a=setup:passive" },
	  "a=setup:active" },
	{ "from plain",
	  "RTP/AVP",
	  "",
	  "",
	  TO(DTLS_F),
	  DTLS_F,
	  PRINT SETUP("active"),
	  "",
	  { " " DTLS_F " 0", "a=setup:actpass", "a=fingerprint:sha-256 " },
	  "a=crypto",
	  { " RTP/AVP 0" },
	  "fingerprint" },
	{ "hash as asked",
	  "RTP/AVP",
	  "",
	  "",
	  TO(DTLS_F) ",\"DTLS-fingerprint\":\"sha-512\"",
	  DTLS_F,
	  PRINT SETUP("passive"),
	  "",
	  { "a=fingerprint:sha-512 " },
	  "sha-256",
	  { " RTP/AVP 0" },
	  "setup" },
	{ "to SDES",
	  DTLS_F,
	  "",
	  PRINT SETUP("actpass"),
	  TO("RTP/SAVP"),
	  "RTP/SAVP",
	  CRYPTO,
	  "",
	  { " RTP/SAVP 0", "a=crypto:" },
	  "fingerprint",
	  { " " DTLS_F " 0", "a=fingerprint:sha-1 " },
	  "a=crypto" },
	{ "from SDES",
	  "RTP/SAVP",
	  "",
	  CRYPTO,
	  TO(DTLS_F),
	  DTLS_F,
	  PRINT SETUP("active"),
	  "",
	  { " " DTLS_F " 0", "a=setup:actpass", "a=fingerprint:sha-256 " },
	  "a=crypto",
	  { " RTP/SAVP 0", "a=crypto:4 " },
	  "fingerprint" },
	{ "SAVP without SDES",
	  "RTP/AVP",
	  "",
	  "",
	  TO("RTP/SAVP") ",\"SDES\":\"off\"",
	  "RTP/SAVP",
	  PRINT SETUP("active"),
	  "",
	  { " RTP/SAVP 0", "a=setup:actpass" },
	  "a=crypto",
	  { " RTP/AVP 0" },
	  "fingerprint" },
	{ "both offered",
	  DTLS_F,
	  "",
	  PRINT SETUP("actpass") CRYPTO,
	  TO("RTP/AVP"),
	  "RTP/AVP",
	  "",
	  "",
	  { " RTP/AVP 0" },
	  "a=crypto",
	  { "a=fingerprint:sha-1 " },
	  "a=crypto" },
	{ "both offered, DTLS off",
	  DTLS_F,
	  "",
	  PRINT SETUP("actpass") CRYPTO,
	  TO("RTP/AVP") ",\"DTLS\":\"off\"",
	  "RTP/AVP",
	  "",
	  "",
	  { " RTP/AVP 0" },
	  "a=crypto",
	  { " " DTLS_F " 0", "a=crypto:4 " },
	  "fingerprint" },
	{ "only DTLS, DTLS off",
	  DTLS_F,
	  "",
	  PRINT SETUP("actpass"),
	  TO("RTP/AVP") ",\"DTLS\":\"off\"",
	  "RTP/AVP",
	  "",
	  "",
	  { " RTP/AVP 0" },
	  "fingerprint",
	  { "a=fingerprint:sha-1 " },
	  "a=crypto" },
	{ "passes",
	  DTLS_F,
	  "",
	  PRINT SETUP("actpass"),
	  "",
	  DTLS_F,
	  OTHER SETUP("active"),
	  "",
	  { "a=fingerprint:sha-1 11:22:33:44:", "a=setup:actpass" },
	  "sha-256",
	  { "a=fingerprint:sha-1 55:22:33:44:", "a=setup:active" },
	  "sha-256" },
	{ "both ends here",
	  DTLS_F,
	  "",
	  PRINT SETUP("actpass"),
	  ",\"DTLS\":\"passive\"",
	  DTLS_F,
	  OTHER SETUP("active"),
	  "",
	  { "a=setup:actpass", "a=fingerprint:sha-256 " },
	  "11:22:33:44",
	  { "a=setup:passive", "a=fingerprint:sha-1 " },
	  "55:22:33:44" },
};

static bool has_parts(const char *text, const char *const parts[3], const char *not_this)
{
	for (int i = 0; i < 3 && parts[i]; i++)
		if (!has(text, parts[i]))
			return false;
	return !has(text, not_this);
}

static void test_lines_follow_the_flags(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct call_scene call;
		const char *reply;
		bool b, a;

		open_call(&call);
		reply = ask(&call.scene, "offer", 4000, row->proto_a, row->session_a, row->lines_a,
			    row->offer);
		b = has_parts(reply, row->to_b, row->not_b);
		if (!b)
			printf("%s: B gets %s\n", row->what, reply);
		reply = ask(&call.scene, "answer", 5000, row->proto_b, "", row->lines_b,
			    row->answer);
		a = has_parts(reply, row->to_a, row->not_a);
		if (!a)
			printf("%s: A gets %s\n", row->what, reply);
		CU_ASSERT_TRUE(a && b);
		close_call(&call);
	}
}

static void test_without_the_thread_lines_pass(void)
{
	struct call_scene call;

	open_call(&call);
	call.scene.calls->conf.dtls = NULL;
	CU_ASSERT_TRUE(has(
		ask(&call.scene, "offer", 4000, DTLS_F, "", PRINT SETUP("actpass"), TO("RTP/AVP")),
		"a=fingerprint:sha-1 11:22:33:44:"));
	CU_ASSERT_PTR_NULL(media_of(&call)->dtls);
	close_call(&call);
}

static void test_roles_stay(void)
{
	struct call_scene call;

	open_call(&call);
	ask(&call.scene, "offer", 4000, DTLS_F, "", PRINT SETUP("actpass"), TO("RTP/AVP"));
	CU_ASSERT_TRUE(
		has(ask(&call.scene, "answer", 5000, "RTP/AVP", "", "", ""), "setup:active"));
	for (int i = 0; i < 2; i++) { /* held, and with another a=setup */
		ask(&call.scene, "offer", 4000, DTLS_F, "",
		    i ? PRINT SETUP("active") : PRINT SETUP("actpass") "a=sendonly\\r\\n",
		    TO("RTP/AVP") ",\"DTLS\":\"passive\"");
		CU_ASSERT_TRUE(has(ask(&call.scene, "answer", 5000, "RTP/AVP", "", "", ""),
				   "setup:active"));
	}
	/* Another certificate: another association. */
	ask(&call.scene, "offer", 4000, DTLS_F, "", OTHER SETUP("active"), TO("RTP/AVP"));
	CU_ASSERT_TRUE(
		has(ask(&call.scene, "answer", 5000, "RTP/AVP", "", "", ""), "setup:passive"));
	close_call(&call);
}

static void test_plain_phone_becomes_one_with_dtls(void)
{
	const uint32_t both = SIDE_SRTP | SIDE_HANDSHAKE;
	struct call_scene call;

	open_call(&call);
	ask(&call.scene, "offer", 4000, "RTP/AVP", "", "", "");
	ask(&call.scene, "answer", 5000, "RTP/AVP", "", "", "");
	CU_ASSERT_EQUAL(bridge_conf(media_of(&call)->bridge)->side[SIDE_B].flags & both, 0);
	ask(&call.scene, "offer", 4000, "RTP/AVP", "", "", TO(DTLS_F));
	ask(&call.scene, "answer", 5000, DTLS_F, "", PRINT SETUP("active"), "");
	CU_ASSERT_EQUAL(bridge_conf(media_of(&call)->bridge)->side[SIDE_B].flags & both, both);
	ask(&call.scene, "offer", 4000, "RTP/AVP", "", "", TO("RTP/AVP"));
	ask(&call.scene, "answer", 5000, "RTP/AVP", "", "", "");
	CU_ASSERT_EQUAL(bridge_conf(media_of(&call)->bridge)->side[SIDE_B].flags & both, 0);
	close_call(&call);
}

/* --- Handshakes ------------------------------------------------------------------------------- */

/* A phone with DTLS: sends to the relay's port @to. */
struct phone {
	int fd;
	uint16_t port;
	struct dtls_cert *cert;
	struct dtls_association *dtls;
	unsigned int keys;
};

static void on_send(void *arg, const uint8_t *data, size_t len)
{
	const struct phone *phone = arg;

	CU_ASSERT_EQUAL(send(phone->fd, data, len, 0), (ssize_t)len);
}

static void on_keys(void *arg, enum dtls_event event, const struct dtls_keys *keys, const char *why,
		    unsigned int took_ms)
{
	struct phone *phone = arg;

	(void)keys;
	(void)why;
	(void)took_ms;
	phone->keys += event == DTLS_EVENT_KEYS;
}

static void open_phone(struct phone *phone)
{
	struct endpoint at;
	socklen_t len = sizeof(at);

	*phone = (struct phone){ .fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
				 .cert = dtls_cert_make(time(NULL)) };
	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(STR("127.0.0.1"), AF_UNSPEC, &at));
	CU_ASSERT_FATAL(!bind(phone->fd, &at.sa, sizeof(at.in4)));
	CU_ASSERT_FATAL(!getsockname(phone->fd, &at.sa, &len));
	phone->port = endpoint_port(&at);
}

static void close_phone(struct phone *phone)
{
	close(phone->fd);
	dtls_association_free(phone->dtls);
	dtls_cert_free(phone->cert);
}

/* It is the client. */
static void begin(struct phone *phone, const struct call_scene *call, enum component comp)
{
	const struct dtls_association_conf conf = { .cert = phone->cert,
						    .mtu = DTLS_MTU,
						    .first_ms = DTLS_FIRST_MS,
						    .send = on_send,
						    .event = on_keys,
						    .arg = phone };
	const struct dtls_link *link = media_of(call)->dtls->side[SIDE_B].port[comp].link;
	struct dtls_terms terms = { .active = true, .n = 1 };
	struct endpoint to = media_of(call)->local[SIDE_B]->bind;

	endpoint_set_port(&to, (uint16_t)(media_of(call)->port[SIDE_B] + comp));
	CU_ASSERT_FATAL(!connect(phone->fd, &to.sa, endpoint_len(&to)));
	terms.peer[0] = *dtls_link_fingerprint(link, DTLS_SHA_256);
	phone->dtls = dtls_association_new(&conf);
	dtls_association_terms(phone->dtls, &terms, false, clock_ms());
}

/* Until the side's state is @state. */
static void run_until(struct call_scene *call, struct phone *phone, enum component comp,
		      enum dtls_state state)
{
	const struct dtls_port *port = &media_of(call)->dtls->side[SIDE_B].port[comp];
	int64_t end_ms = clock_ms() + SCENE_DEADLINE_MS;

	while (port->state != state && clock_ms() < end_ms) {
		struct pollfd ready = { phone->fd, POLLIN, 0 };
		uint8_t bytes[DTLS_DATAGRAM_MAX];

		if (poll(&ready, 1, 5) > 0) {
			ssize_t len = recv(phone->fd, bytes, sizeof(bytes), 0);

			if (len > 0)
				dtls_association_receive(phone->dtls, bytes, (size_t)len,
							 clock_ms());
		}
		dtls_association_tick(phone->dtls, clock_ms());
		worker_pool_dispatch(call->scene.workers);
		dtls_service_dispatch(call->dtls);
		worker_pool_flush(call->scene.workers);
	}
	CU_ASSERT_EQUAL(port->state, state);
}

static void call_phone(struct call_scene *call, const struct phone *phone, const char *print,
		       const char *more)
{
	char lines[512];

	snprintf(lines, sizeof(lines), "%s" SETUP("active") "a=fingerprint:%s\\r\\n", more, print);
	ask(&call->scene, "offer", 4000, "RTP/AVP", "", "", TO(DTLS_F) ",\"rtcp-mux\":\"offer\"");
	ask(&call->scene, "answer", phone->port, DTLS_F, "", lines, "");
}

static void print_of(const struct phone *phone, char *text)
{
	struct buf buf = BUF_INIT(text, DTLS_FINGERPRINT_TEXT);

	dtls_fingerprint_write(&buf, &phone->cert->fingerprint[DTLS_SHA_384 - 1]);
	text[buf.len] = '\0';
}

static void test_handshake_gives_keys(void)
{
	char print[DTLS_FINGERPRINT_TEXT + 1];
	struct call_scene call;
	struct phone phone;

	open_call(&call);
	open_phone(&phone);
	print_of(&phone, print);
	call_phone(&call, &phone, print, MUX);
	begin(&phone, &call, COMP_RTP);
	CU_ASSERT_PTR_NULL(media_sdes_suite(media_of(&call)->sdes, SIDE_B));
	run_until(&call, &phone, COMP_RTP, DTLS_CONNECTED);
	CU_ASSERT_PTR_NOT_NULL_FATAL(media_sdes_suite(media_of(&call)->sdes, SIDE_B));
	CU_ASSERT_STRING_EQUAL(media_sdes_suite(media_of(&call)->sdes, SIDE_B)->name,
			       "AEAD_AES_128_GCM");
	close_phone(&phone);
	close_call(&call);
}

static void test_wrong_fingerprint_gives_none(void)
{
	char print[DTLS_FINGERPRINT_TEXT + 1];
	struct call_scene call;
	struct phone phone;

	open_call(&call);
	open_phone(&phone);
	call_phone(&call, &phone, "sha-1 11:22:33:44:" ZEROS, MUX);
	begin(&phone, &call, COMP_RTP);
	run_until(&call, &phone, COMP_RTP, DTLS_MISMATCHED);
	CU_ASSERT_PTR_NULL(media_sdes_suite(media_of(&call)->sdes, SIDE_B));
	CU_ASSERT_EQUAL(call.scene.stats.dtls_mismatched, 1);
	/* The answer that names it comes late: no other handshake is necessary. */
	print_of(&phone, print);
	call_phone(&call, &phone, print, MUX);
	run_until(&call, &phone, COMP_RTP, DTLS_CONNECTED);
	CU_ASSERT_PTR_NOT_NULL(media_sdes_suite(media_of(&call)->sdes, SIDE_B));
	CU_ASSERT_EQUAL(call.scene.stats.dtls_handshakes, 1);
	close_phone(&phone);
	close_call(&call);
}

/* RFC 5764, 4: without rtcp-mux there are two associations, with keys of their own. */
static void test_port_of_rtcp_has_its_own_handshake(void)
{
	const struct dtls_port *port;
	char print[DTLS_FINGERPRINT_TEXT + 1];
	struct call_scene call;
	struct phone phone;

	open_call(&call);
	open_phone(&phone);
	print_of(&phone, print);
	call_phone(&call, &phone, print, "");
	port = media_of(&call)->dtls->side[SIDE_B].port;
	begin(&phone, &call, COMP_RTCP);
	run_until(&call, &phone, COMP_RTCP, DTLS_CONNECTED);
	CU_ASSERT_EQUAL(port[COMP_RTP].state, DTLS_WAITING);
	CU_ASSERT_PTR_NULL(media_sdes_suite(media_of(&call)->sdes, SIDE_B));
	CU_ASSERT_EQUAL(call.scene.stats.dtls_handshakes, 1);
	close_phone(&phone);
	close_call(&call);
}

TEST_SUITE(ng_dtls, { "lines follow the flags", test_lines_follow_the_flags },
	   { "without the thread lines pass", test_without_the_thread_lines_pass },
	   { "roles stay", test_roles_stay },
	   { "plain phone becomes one with DTLS", test_plain_phone_becomes_one_with_dtls },
	   { "handshake gives keys", test_handshake_gives_keys },
	   { "wrong fingerprint gives none", test_wrong_fingerprint_gives_none },
	   { "port of RTCP has its own handshake", test_port_of_rtcp_has_its_own_handshake });
