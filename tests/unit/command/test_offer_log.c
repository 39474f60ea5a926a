/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_offer_log.c - what the log says about what an offer asked for and did not get */
#include <errno.h>
#include "daemon/base/count.h"
#include "daemon/command/exchange.h"
#include "tests/unit/command/command_scene.h"
#include "tests/unit/log_capture.h"

#define SRTP	    "m=audio 4000 RTP/SAVP 0\r\n"
#define UNSUPPORTED "the proxy asked for what the relay does not support; ignored: "
#define STAYS	    "codec-strip would leave no codec of a media: all of its codecs stay; "

static void test_what_is_ignored(void)
{
	static const struct {
		const char *sdp, *ignored, *said;
		bool strip;
	} rows[] = {
		{ A_HEAD AUDIO, "", NULL, false },
		{ A_HEAD AUDIO, "frob", UNSUPPORTED "frob\n", false },
		{ A_HEAD SRTP, "", UNSUPPORTED "transport-protocol for SRTP\n", false },
		{ A_HEAD SRTP, "frob", UNSUPPORTED "transport-protocol for SRTP, frob\n", false },
		{ A_HEAD AUDIO, "", STAYS, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request request = base_request(rows[i].sdp);
		struct str all = STR("all");
		struct log_capture capture;
		struct scene scene;
		char text[1024];

		scene_open(&scene);
		request.ignored = str_of(rows[i].ignored);
		request.transport_protocol = STR("RTP/AVP");
		request.codec_strip = &all;
		request.n_codec_strip = rows[i].strip;
		log_capture_begin(&capture, LOG_LEVEL_INFO);
		scene_run(&scene, command_offer, request);
		scene_run(&scene, command_offer, request);
		log_capture_end(&capture, text, sizeof(text));
		if (rows[i].said)
			CU_ASSERT_EQUAL(log_capture_count(text, rows[i].said), 1);
		CU_ASSERT_EQUAL(log_capture_count(text, UNSUPPORTED),
				rows[i].said && !rows[i].strip);
		CU_ASSERT(scene_close(&scene));
	}
}

static void test_interface_without_the_family(void)
{
	static const char *const only[] = { "pub/127.80.0.1" };
	struct request request = base_request(A_HEAD AUDIO);
	struct log_capture capture;
	struct scene scene;
	char text[1024];

	scene_open_at(&scene, only, 1, 21000, 21099);
	request.address_family = AF_INET6;
	log_capture_begin(&capture, LOG_LEVEL_INFO);
	scene_run(&scene, command_offer, request);
	scene_run(&scene, command_offer, request);
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_EQUAL(log_capture_count(text, "interface \"pub\" has no IPv6 address: 127.80.0.1 "
						"is used"),
			1);
	CU_ASSERT(scene_close(&scene));
}

/* Proxies have to see the same error for all of these; the log says which one it is. */
static void test_reasons_of_ran_out_of_ports(void)
{
	static const struct {
		int error;
		const char *said;
	} rows[] = {
		{ -EADDRINUSE, "no pair of ports is free; see rtprelayctl status" },
		{ -ENOBUFS,
		  "no pair of ports that the router forwards is free; see rtprelayctl nat" },
		{ -EMFILE, "raise LimitNOFILE=" },
		{ -EADDRNOTAVAIL, "is not one of this host now; see rtprelayctl doctor" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request request = base_request(A_HEAD AUDIO);
		struct reply reply = { .code = REPLY_OK };
		struct exchange ex = { .request = &request, .offer = true };
		struct log_capture capture;
		char text[1024];

		log_capture_begin(&capture, LOG_LEVEL_INFO);
		exchange_refuse(&ex, &reply, rows[i].error);
		log_capture_end(&capture, text, sizeof(text));
		CU_ASSERT_STRING_EQUAL(reply.error, "Ran out of ports");
		CU_ASSERT_EQUAL(log_capture_count(text, rows[i].said), 1);
	}
}

/* The limit is named that was reached. */
static void test_reasons_of_the_session_limit(void)
{
	static const struct {
		unsigned int max_sessions;
		size_t pairs;
		bool draining;
		const char *said;
	} rows[] = {
		{ 1, 100, false, "limit reached (calls: 1, max-sessions: 1)" },
		{ 0, 1, false, "limit reached (calls: 1, pairs of ports: 1)" },
		{ 1, 1, true, "limit reached (drain is on)" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request request = base_request(A_HEAD AUDIO);
		struct log_capture capture;
		struct scene scene;
		char text[1024];

		scene_open(&scene);
		scene_run(&scene, command_offer, request);
		scene.calls->conf.max_sessions = rows[i].max_sessions;
		scene.calls->pairs = rows[i].pairs;
		scene.calls->draining = rows[i].draining;
		request.call_id = STR("other");
		log_capture_begin(&capture, LOG_LEVEL_INFO);
		scene_run(&scene, command_offer, request);
		log_capture_end(&capture, text, sizeof(text));
		CU_ASSERT_EQUAL(log_capture_count(text, rows[i].said), 1);
		CU_ASSERT(scene_close(&scene));
	}
}

TEST_SUITE(offer_log, { "what is ignored, once for each call", test_what_is_ignored },
	   { "an interface without the family", test_interface_without_the_family },
	   { "the reasons of Ran out of ports", test_reasons_of_ran_out_of_ports },
	   { "the reasons of the session limit", test_reasons_of_the_session_limit });
