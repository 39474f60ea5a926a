/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_sdes.c - a phone with SRTP and a plain one: offers, answers and packets, with SDES
 */
#include "daemon/call/dialog.h"
#include "daemon/ng/ng.h"
#include "daemon/packet/bridge.h"
#include "daemon/srtp/sdes_media.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

static const struct endpoint proxy = {
	.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
};

/* 30 bytes of the phone's own */
#define THEIR_KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define THEIRS	  "4 AES_CM_128_HMAC_SHA1_80 inline:" THEIR_KEY
#define CRYPTO(l) "a=crypto:" l "\\r\\n"

static char reply[8192], payload[4096];

/* The SDP of a phone at @at, whose other lines are @lines. Return: the reply */
static const char *ask(struct scene *scene, const char *command, const struct endpoint *at,
		       const char *proto, const char *lines, const char *more)
{
	struct buf out = BUF_INIT(reply, sizeof(reply) - 1);

	snprintf(payload, sizeof(payload),
		 "{\"command\":\"%s\",\"call-id\":\"c\",\"from-tag\":\"a\",%s\"sdp\":\"v=0\\r\\n"
		 "o=- 1 1 IN IP4 192.0.2.1\\r\\ns=-\\r\\nc=IN IP4 127.0.0.1\\r\\nt=0 0\\r\\n"
		 "m=audio %u %s 0\\r\\n%s\"%s}",
		 command, strcmp(command, "answer") ? "" : "\"to-tag\":\"b\",", endpoint_port(at),
		 proto, lines, more);
	buf_lit(&out, "7 ");
	scene->env.now_ms = clock_ms();
	arena_reset(scene->env.arena);
	ng_run(&scene->env, &proxy, str_of(payload), &out);
	worker_pool_flush(scene->workers);
	reply[out.len] = '\0';
	CU_ASSERT_TRUE(strstr(reply, "\"result\":\"ok\"") != NULL);
	return reply;
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static unsigned int count(const char *text, const char *part)
{
	unsigned int n = 0;

	for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
		n++;
	return n;
}

/* The first a=crypto line of a reply. */
static struct sdes_line line_of(const char *text)
{
	const char *at = strstr(text, "a=crypto:");
	struct sdes_line line = { 0 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	at += strlen("a=crypto:");
	CU_ASSERT_EQUAL(sdes_read((struct str){ at, strcspn(at, "\\\r") }, &line), SDES_OK);
	return line;
}

static const struct bridge_conf *conf_of(const struct scene *scene)
{
	return bridge_conf(scene->calls->calls->dialogs->media[0]->bridge);
}

/* --- Phones ----------------------------------------------------------------------------------- */

struct phone {
	int fd;
	struct endpoint at;
};

static struct phone phone_open(void)
{
	struct phone phone = { .fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) };
	socklen_t len = sizeof(phone.at);

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(STR("127.0.0.1"), AF_UNSPEC, &phone.at));
	CU_ASSERT_FATAL(!bind(phone.fd, &phone.at.sa, sizeof(phone.at.in4)));
	CU_ASSERT_FATAL(!getsockname(phone.fd, &phone.at.sa, &len));
	return phone;
}

/* To the relay's port in the SDP that the phone got. */
static void send_to(const struct phone *phone, const char *text, const char *address,
		    const uint8_t *bytes, size_t len)
{
	const char *at = strstr(text, "m=audio ");
	struct endpoint to;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(address), AF_UNSPEC, &to));
	endpoint_set_port(&to, (uint16_t)strtoul(at + strlen("m=audio "), NULL, 10));
	CU_ASSERT_EQUAL(sendto(phone->fd, bytes, len, 0, &to.sa, endpoint_len(&to)), (ssize_t)len);
}

static size_t hear(const struct phone *phone, uint8_t *bytes, size_t size)
{
	struct pollfd ready = { phone->fd, POLLIN, 0 };

	if (poll(&ready, 1, SCENE_DEADLINE_MS) <= 0)
		return 0;
	return (size_t)recv(phone->fd, bytes, size, 0);
}

static const uint8_t voice[] = { 0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, 'h', 'e', 'l', 'l', 'o' };

/* --- Tests ------------------------------------------------------------------------------------ */

struct call_scene {
	struct scene scene;
	struct phone a, b;
	char to_a[8192], to_b[8192]; /* the SDPs that they got last */
};

static void open_call(struct call_scene *call)
{
	scene_open(&call->scene);
	call->a = phone_open();
	call->b = phone_open();
}

static void close_call(struct call_scene *call)
{
	close(call->a.fd);
	close(call->b.fd);
	CU_ASSERT_TRUE(scene_close(&call->scene));
}

/* One packet each way, between @secure, whose line is @theirs and who got @ours, and @plain. */
static void talk(struct call_scene *call, struct phone *secure, const char *to_secure,
		 struct phone *plain, const char *to_plain, const struct sdes_line *theirs,
		 const struct sdes_line *ours)
{
	const char *addr_a = "127.80.0.1";
	struct srtp *send = srtp_new(&theirs->keys[0], SRTP_SEND);
	struct srtp *receive = srtp_new(&ours->keys[0], SRTP_RECEIVE);
	uint8_t bytes[256];
	struct srtp_packet packet = { bytes, sizeof(voice), sizeof(bytes) };

	(void)call;
	CU_ASSERT_TRUE_FATAL(send && receive);
	memcpy(bytes, voice, sizeof(voice));
	CU_ASSERT_EQUAL(rtp_protect(send, &packet, 0), SRTP_OK);
	send_to(secure, to_secure, addr_a, bytes, packet.len);
	CU_ASSERT_EQUAL(hear(plain, bytes, sizeof(bytes)), sizeof(voice));
	CU_ASSERT_TRUE(!memcmp(bytes, voice, sizeof(voice)));

	send_to(plain, to_plain, addr_a, voice, sizeof(voice));
	packet.len = hear(secure, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(packet.len, sizeof(voice) + srtp_suite(send)->tag);
	CU_ASSERT_TRUE(memcmp(bytes + 12, voice + 12, 5) != 0);
	CU_ASSERT_EQUAL(rtp_unprotect(receive, &packet, 0), SRTP_OK);
	CU_ASSERT_TRUE(!memcmp(bytes, voice, sizeof(voice)));
	srtp_free(send);
	srtp_free(receive);
}

static void test_secure_phone_calls_plain_one(void)
{
	struct sdes_line theirs, ours;
	struct call_scene call;

	CU_ASSERT_EQUAL(sdes_read(STR(THEIRS), &theirs), SDES_OK);
	open_call(&call);
	strcpy(call.to_b, ask(&call.scene, "offer", &call.a.at, "RTP/SAVP",
			      CRYPTO("3 F8_128_HMAC_SHA1_80 inline:" THEIR_KEY) CRYPTO(THEIRS),
			      ",\"transport-protocol\":\"RTP/AVP\",\"flags\":[\"SDES-off\"]"));
	CU_ASSERT_TRUE(has(call.to_b, "RTP/AVP 0"));
	CU_ASSERT_FALSE(has(call.to_b, "crypto"));
	strcpy(call.to_a,
	       ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "", ",\"flags\":[\"SDES-off\"]"));
	CU_ASSERT_TRUE(has(call.to_a, "RTP/SAVP 0"));
	CU_ASSERT_EQUAL(count(call.to_a, "a=crypto:"), 1);
	ours = line_of(call.to_a);
	CU_ASSERT_EQUAL(ours.tag, 4);
	CU_ASSERT_TRUE(memcmp(ours.keys[0].key, theirs.keys[0].key, 16) != 0);
	CU_ASSERT_TRUE(conf_of(&call.scene)->side[SIDE_A].flags & SIDE_SRTP);
	CU_ASSERT_FALSE(conf_of(&call.scene)->side[SIDE_B].flags & SIDE_SRTP);
	talk(&call, &call.a, call.to_a, &call.b, call.to_b, &theirs, &ours);

	/* The final answer, and a re-INVITE with the same lines: all stays. */
	ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "", "");
	CU_ASSERT_TRUE(!memcmp(line_of(reply).keys[0].key, ours.keys[0].key, 16));
	ask(&call.scene, "offer", &call.a.at, "RTP/SAVP", CRYPTO(THEIRS), ",\"to-tag\":\"b\"");
	CU_ASSERT_TRUE(has(reply, "RTP/AVP 0"));
	CU_ASSERT_FALSE(has(reply, "crypto"));
	ask(&call.scene, "answer", &call.b.at, "RTP/AVP", "", "");
	CU_ASSERT_TRUE(!memcmp(line_of(reply).keys[0].key, ours.keys[0].key, 16));
	close_call(&call);
}

static void test_plain_phone_calls_secure_one(void)
{
	struct sdes_line theirs, ours;
	struct call_scene call;
	char lines[512];

	open_call(&call);
	strcpy(call.to_b,
	       ask(&call.scene, "offer", &call.a.at, "RTP/AVP", "",
		   ",\"transport-protocol\":\"RTP/SAVP\",\"SDES\":[\"no-AEAD_AES_128_GCM\"]"));
	CU_ASSERT_TRUE(has(call.to_b, "RTP/SAVP 0"));
	CU_ASSERT_EQUAL(count(call.to_b, "a=crypto:"), 2);
	ours = line_of(call.to_b);
	CU_ASSERT_STRING_EQUAL(ours.name, "AES_CM_128_HMAC_SHA1_80");
	snprintf(lines, sizeof(lines),
		 CRYPTO("%u AES_CM_128_HMAC_SHA1_80 inline:" THEIR_KEY "|2^31"), ours.tag);
	strcpy(call.to_a, ask(&call.scene, "answer", &call.b.at, "RTP/SAVP", lines, ""));
	CU_ASSERT_TRUE(has(call.to_a, "RTP/AVP 0"));
	CU_ASSERT_FALSE(has(call.to_a, "crypto"));
	CU_ASSERT_EQUAL(sdes_read(STR(THEIRS), &theirs), SDES_OK);
	talk(&call, &call.b, call.to_b, &call.a, call.to_a, &theirs, &ours);
	close_call(&call);
}

/* Both have SRTP, or both are plain, or there is no key: as before, nothing ends here. */
static void test_passes_unchanged(void)
{
	struct call_scene call;

	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/SAVP", CRYPTO(THEIRS), "");
	CU_ASSERT_TRUE(has(reply, "a=crypto:" THEIRS));
	CU_ASSERT_FALSE(conf_of(&call.scene)->side[SIDE_A].flags & SIDE_SRTP);
	close_call(&call);

	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/SAVP",
	    CRYPTO("3 F8_128_HMAC_SHA1_80 inline:" THEIR_KEY),
	    ",\"transport-protocol\":\"RTP/AVP\"");
	CU_ASSERT_TRUE(has(reply, "RTP/SAVP 0"));
	CU_ASSERT_TRUE(has(reply, "F8_128"));
	close_call(&call);

	open_call(&call);
	ask(&call.scene, "offer", &call.a.at, "RTP/AVP", "",
	    ",\"transport-protocol\":\"RTP/SAVP\",\"SDES\":[\"off\"]");
	CU_ASSERT_TRUE(has(reply, "RTP/AVP 0"));
	CU_ASSERT_FALSE(conf_of(&call.scene)->side[SIDE_B].flags & SIDE_SRTP);
	close_call(&call);
}

/* An offer or answer that fails for want of memory changes no key, and leaves none behind. */
static void test_fails_without_memory(void)
{
	long before = alloc_live();
	struct call_scene call;
	unsigned int n = 0;
	bool failed;

	do {
		struct buf out = BUF_INIT(reply, sizeof(reply) - 1);

		open_call(&call);
		ask(&call.scene, "offer", &call.a.at, "RTP/SAVP", CRYPTO(THEIRS),
		    ",\"transport-protocol\":\"RTP/AVP\"");
		snprintf(payload, sizeof(payload),
			 "{\"command\":\"answer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"to-tag\":"
			 "\"b\","
			 "\"sdp\":\"v=0\\r\\no=- 1 1 IN IP4 192.0.2.1\\r\\ns=-\\r\\n"
			 "c=IN IP4 127.0.0.1\\r\\nt=0 0\\r\\nm=audio %u RTP/AVP 0\\r\\n\"}",
			 endpoint_port(&call.b.at));
		arena_reset(call.scene.env.arena);
		alloc_fail_at(++n);
		ng_run(&call.scene.env, &proxy, str_of(payload), &out);
		failed = alloc_failed();
		alloc_fail_at(0);
		close_call(&call);
	} while (failed && n < 100);
	CU_ASSERT_TRUE(n > 3 && n < 100);
	CU_ASSERT_EQUAL(alloc_live(), before);
}

TEST_SUITE(ng_sdes, { "a phone with SRTP calls a plain one", test_secure_phone_calls_plain_one },
	   { "a plain phone calls one with SRTP", test_plain_phone_calls_secure_one },
	   { "other calls pass unchanged", test_passes_unchanged },
	   { "fails without memory", test_fails_without_memory });
