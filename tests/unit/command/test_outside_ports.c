/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_outside_ports.c - what SDP names if a router forwards other ports, and to phones on this
 * side of the NAT
 */
#include "daemon/base/count.h"
#include "command_scene.h"
#include "tests/unit/test.h"

#define OUTSIDE "198.51.100.7"

static void on_news(void *arg)
{
	(void)arg;
}

static void open_behind_nat(struct scene *scene)
{
	static const char *const interfaces[] = { "pub/127.80.0.1!" OUTSIDE };

	scene_open_at(scene, interfaces, COUNT(interfaces), 21000, 21199);
}

static struct port_pool *only_mapped(struct scene *scene)
{
	struct port_pool *pool = iface_at(scene->ifaces, 0)->pool;

	CU_ASSERT_EQUAL_FATAL(port_pool_map_only(pool, 8, on_news, NULL), 0);
	return pool;
}

static bool has(const struct reply *reply, const char *text)
{
	return reply->sdp.len && memmem(reply->sdp.s, reply->sdp.len, text, strlen(text));
}

static void test_the_port_outside_is_told(void)
{
	static const struct {
		uint16_t outside[2];
		uint32_t flags;
		const char *rtp, *rtcp; /* @rtcp: NULL: no such line */
	} rows[] = {
		{ { 40000, 40001 }, 0, "m=audio 40000 ", "a=rtcp:40001\r\n" },
		{ { 40001, 50005 }, 0, "m=audio 40001 ", "a=rtcp:50005\r\n" },
		{ { 40000, 40001 }, REQ_NO_RTCP_ATTR, "m=audio 40000 ", NULL },
		{ { 40000, 50005 }, REQ_NO_RTCP_ATTR, "m=audio 40000 ", "a=rtcp:50005\r\n" },
		{ { 40000, 50005 },
		  REQ_FULL_RTCP_ATTR,
		  "m=audio 40000 ",
		  "a=rtcp:50005 IN IP4 " OUTSIDE "\r\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;
		struct port_pool *pool;
		struct reply reply;
		const struct media *media;

		open_behind_nat(&scene);
		pool = only_mapped(&scene);
		CU_ASSERT_EQUAL(port_pool_map(pool, 21010, rows[i].outside), 0);
		CU_ASSERT_EQUAL(port_pool_map(pool, 21012, rows[i].outside), 0);
		reply = offer_with(&scene, A_HEAD AUDIO, rows[i].flags);
		CU_ASSERT_EQUAL_FATAL(reply.code, REPLY_OK);
		CU_ASSERT_TRUE(has(&reply, rows[i].rtp));
		CU_ASSERT_TRUE(has(&reply, "c=IN IP4 " OUTSIDE));
		CU_ASSERT_EQUAL(has(&reply, rows[i].rtcp ? rows[i].rtcp : "a=rtcp:"),
				rows[i].rtcp != NULL);
		/* The sockets are where the router forwards to. */
		media = the_dialog(&scene)->media[0];
		CU_ASSERT_EQUAL(media->port[SIDE_A] + media->port[SIDE_B], 21010 + 21012);
		CU_ASSERT(scene_close(&scene));
	}
}

/* ICE: a lite relay is reached at its candidates only. */
static void test_candidates_name_the_ports_outside(void)
{
	static const uint16_t outside[] = { 40000, 50005 };
	struct request request = base_request(A_HEAD AUDIO);
	struct scene scene;
	struct port_pool *pool;
	struct reply reply;

	open_behind_nat(&scene);
	pool = only_mapped(&scene);
	CU_ASSERT_EQUAL(port_pool_map(pool, 21010, outside), 0);
	CU_ASSERT_EQUAL(port_pool_map(pool, 21012, outside), 0);
	request.ice = REQUEST_ICE_FORCE;
	reply = scene_run(&scene, command_offer, request);
	CU_ASSERT_TRUE(has(&reply, " 1 UDP 2130706431 " OUTSIDE " 40000 typ host\r\n"));
	CU_ASSERT_TRUE(has(&reply, " 2 UDP 2130706430 " OUTSIDE " 50005 typ host\r\n"));
	CU_ASSERT_FALSE(has(&reply, " 210"));
	CU_ASSERT(scene_close(&scene));
}

/* media-address counts for candidates as for c=, in an answer as well as in an offer. */
static void test_candidates_name_the_media_address(void)
{
	struct request request = base_request(
		A_HEAD AUDIO "a=ice-ufrag:aaaa\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
			     "a=candidate:1 1 UDP 2130706431 192.0.2.1 4000 typ host\r\n");
	struct scene scene;
	struct reply reply;

	open_behind_nat(&scene);
	CU_ASSERT_TRUE(endpoint_parse_addr(STR("203.0.113.9"), 0, &request.media_address));
	reply = scene_run(&scene, command_offer, request);
	CU_ASSERT_TRUE(has(&reply, " 1 UDP 2130706431 203.0.113.9 21"));
	CU_ASSERT_FALSE(has(&reply, OUTSIDE));
	request.sdp = STR(B_HEAD AUDIO);
	request.to_tag = STR("b");
	reply = scene_run(&scene, command_answer, request);
	CU_ASSERT_TRUE(has(&reply, " 1 UDP 2130706431 203.0.113.9 21"));
	CU_ASSERT_FALSE(has(&reply, OUTSIDE));
	CU_ASSERT(scene_close(&scene));
}

/* Another relay is asked then; the one that is mapped later has the next call. */
static void test_without_a_mapped_pair_offers_are_refused(void)
{
	struct scene scene;
	struct port_pool *pool;

	open_behind_nat(&scene);
	pool = only_mapped(&scene);
	CU_ASSERT_EQUAL(port_pool_map(pool, 21010, (uint16_t[2]){ 40000, 40001 }), 0);
	CU_ASSERT_STRING_EQUAL(offer(&scene, A_HEAD AUDIO).error, "Ran out of ports");
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).used, 0);
	CU_ASSERT_EQUAL(port_pool_map(pool, 21012, (uint16_t[2]){ 40002, 40003 }), 0);
	CU_ASSERT_EQUAL(offer(&scene, A_HEAD AUDIO).code, REPLY_OK);
	/* Its ports outside are another: the next offer says it. */
	CU_ASSERT_EQUAL(port_pool_map(pool, 21010, (uint16_t[2]){ 45000, 45001 }), 0);
	CU_ASSERT_EQUAL(port_pool_map(pool, 21012, (uint16_t[2]){ 45000, 45001 }), 0);
	CU_ASSERT_EQUAL(port_of(offer(&scene, A_HEAD AUDIO), 0), 45000);
	CU_ASSERT(scene_close(&scene));
}

/* A command from our own media's port outside is from our own media. */
static void test_ports_outside_are_our_own(void)
{
	static const struct {
		const char *at;
		bool own;
	} rows[] = {
		{ OUTSIDE ":40000", true },   { OUTSIDE ":50005", true },
		{ "127.80.0.1:21010", true }, { "127.80.0.1:40000", false },
		{ OUTSIDE ":40002", false },  { "198.51.100.8:40000", false },
	};
	struct scene scene;
	struct port_pool *pool;

	open_behind_nat(&scene);
	pool = only_mapped(&scene);
	CU_ASSERT_EQUAL(port_pool_map(pool, 21010, (uint16_t[2]){ 40000, 50005 }), 0);
	CU_ASSERT_EQUAL(port_pool_map(pool, 21012, (uint16_t[2]){ 40010, 40011 }), 0);
	CU_ASSERT_EQUAL(offer(&scene, A_HEAD AUDIO).code, REPLY_OK);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint at;

		CU_ASSERT_TRUE(endpoint_parse(str_of(rows[i].at), -1, &at));
		CU_ASSERT_EQUAL(iface_holds(scene.ifaces, &at, 0), rows[i].own);
	}
	CU_ASSERT(scene_close(&scene));
}

/* --- local-networks --------------------------------------------------------------------------- */

static void set_local(struct scene *scene, struct cidr local[1])
{
	CU_ASSERT_TRUE_FATAL(cidr_parse(STR("192.0.2.0/28"), &local[0]));
	scene->calls->conf.local = local;
	scene->calls->conf.n_local = 1;
}

/* The answer tells the caller where to send to. */
static void test_phones_on_this_side_are_told_the_address_here(void)
{
	static const struct {
		const char *sip, *sdp, *told; /* @sip: NULL: not given */
	} rows[] = {
		{ NULL, HEAD("192.0.2.1") AUDIO, "127.80.0.1" },
		{ NULL, HEAD("192.0.2.16") AUDIO, OUTSIDE },
		{ "192.0.2.3", HEAD("192.0.2.1") AUDIO, "127.80.0.1" },
		{ "192.0.2.3", HEAD("203.0.113.1") AUDIO, "127.80.0.1" },
		/* Elsewhere the same numbers are another network. */
		{ "203.0.113.1", HEAD("192.0.2.1") AUDIO, OUTSIDE },
		/* As a proxy outside sees phones that are behind the same NAT. */
		{ OUTSIDE, HEAD("192.0.2.1") AUDIO, "127.80.0.1" },
		{ OUTSIDE, HEAD("192.0.2.17") AUDIO, OUTSIDE },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request request = base_request(rows[i].sdp);
		struct cidr local[1];
		struct scene scene;
		struct reply reply;
		char line[64];

		open_behind_nat(&scene);
		set_local(&scene, local);
		if (rows[i].sip)
			CU_ASSERT_TRUE(endpoint_parse_addr(str_of(rows[i].sip), AF_INET,
							   &request.received_from));
		reply = scene_run(&scene, command_offer, request);
		CU_ASSERT_TRUE(has(&reply, "c=IN IP4 " OUTSIDE)); /* who gets it? Not known */
		reply = answer(&scene, HEAD("203.0.113.9") AUDIO);
		snprintf(line, sizeof(line), "c=IN IP4 %s\r\n", rows[i].told);
		CU_ASSERT_TRUE(has(&reply, line));
		CU_ASSERT_FALSE(has(&reply, strcmp(rows[i].told, OUTSIDE) ? "c=IN IP4 " OUTSIDE
									  : "c=IN IP4 127"));
		CU_ASSERT(scene_close(&scene));
	}
}

/* The callee is known from its answer on; another one that may be rung is not it. */
static void test_the_callee_is_known_after_its_answer(void)
{
	struct request request = base_request(HEAD("203.0.113.9") AUDIO);
	struct cidr local[1];
	struct scene scene;
	struct reply reply;

	open_behind_nat(&scene);
	set_local(&scene, local);
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	reply = answer(&scene, B_HEAD AUDIO);
	CU_ASSERT_TRUE(has(&reply, "c=IN IP4 " OUTSIDE));
	request.to_tag = STR("b");
	reply = scene_run(&scene, command_offer, request);
	CU_ASSERT_TRUE(has(&reply, "c=IN IP4 127.80.0.1\r\n"));
	request.to_tag = STR_NONE;
	reply = scene_run(&scene, command_offer, request);
	CU_ASSERT_TRUE(has(&reply, "c=IN IP4 " OUTSIDE));
	CU_ASSERT(scene_close(&scene));
}

/* Here no router is on the way: it is the port that is bound. */
static void test_phones_on_this_side_are_told_the_port_here(void)
{
	struct cidr local[1];
	struct scene scene;
	struct port_pool *pool;
	struct reply reply;
	const struct media *media;

	open_behind_nat(&scene);
	set_local(&scene, local);
	pool = only_mapped(&scene);
	CU_ASSERT_EQUAL(port_pool_map(pool, 21010, (uint16_t[2]){ 40000, 40007 }), 0);
	CU_ASSERT_EQUAL(port_pool_map(pool, 21012, (uint16_t[2]){ 40000, 40007 }), 0);
	CU_ASSERT_EQUAL(port_of(offer(&scene, A_HEAD AUDIO), 0), 40000);
	reply = answer(&scene, HEAD("203.0.113.9") AUDIO);
	media = the_dialog(&scene)->media[0];
	CU_ASSERT_EQUAL(port_of(reply, 0), media->port[SIDE_A]);
	CU_ASSERT(scene_close(&scene));
}

/* A caller here leaves the one mapped pair to the phone outside; later it goes outside itself. */
static void test_a_phone_on_this_side_needs_no_mapped_pair(void)
{
	struct request request = base_request(HEAD("192.0.2.1") AUDIO);
	struct cidr local[1];
	struct scene scene;
	struct port_pool *pool;
	struct reply reply;
	uint16_t port;

	open_behind_nat(&scene);
	set_local(&scene, local);
	pool = only_mapped(&scene);
	CU_ASSERT_STRING_EQUAL(offer(&scene, HEAD("192.0.2.1") AUDIO).error, "Ran out of ports");
	CU_ASSERT_EQUAL(port_pool_map(pool, 21010, (uint16_t[2]){ 40000, 40001 }), 0);
	reply = scene_run(&scene, command_offer, request);
	CU_ASSERT_EQUAL_FATAL(reply.code, REPLY_OK);
	CU_ASSERT_EQUAL(port_of(reply, 0), 40000);
	port = the_dialog(&scene)->media[0]->port[SIDE_A];
	CU_ASSERT_NOT_EQUAL(port, 21010);
	CU_ASSERT_EQUAL(port_pool_unmapped(pool, 0), 0);
	CU_ASSERT_EQUAL(port_of(answer(&scene, HEAD("203.0.113.9") AUDIO), 0), port);
	request.sdp = STR(HEAD("203.0.113.1") AUDIO);
	request.to_tag = STR("b");
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	CU_ASSERT_EQUAL(port_pool_unmapped(pool, 0), port);
	CU_ASSERT(scene_close(&scene));
}

/* Its phones are told the address here, whatever other interfaces have the same one. */
static void test_an_interface_without_an_address_outside_needs_none(void)
{
	static const char *const interfaces[] = { "pub/127.80.0.1!" OUTSIDE, "lan/127.80.0.1" };
	struct request request = base_request(A_HEAD AUDIO);
	struct scene scene;
	struct reply reply;

	scene_open_at(&scene, interfaces, COUNT(interfaces), 21000, 21199);
	only_mapped(&scene);
	CU_ASSERT_STRING_EQUAL(offer(&scene, A_HEAD AUDIO).error, "Ran out of ports");
	request.direction[0] = request.direction[1] = STR("lan");
	reply = scene_run(&scene, command_offer, request);
	CU_ASSERT_EQUAL(reply.code, REPLY_OK);
	CU_ASSERT_TRUE(has(&reply, "c=IN IP4 127.80.0.1\r\n"));
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(outside_ports, { "the port outside is told", test_the_port_outside_is_told },
	   { "candidates name the ports outside", test_candidates_name_the_ports_outside },
	   { "candidates name the media address", test_candidates_name_the_media_address },
	   { "without a mapped pair offers are refused",
	     test_without_a_mapped_pair_offers_are_refused },
	   { "ports outside are our own", test_ports_outside_are_our_own },
	   { "phones on this side are told the address here",
	     test_phones_on_this_side_are_told_the_address_here },
	   { "the callee is known after its answer", test_the_callee_is_known_after_its_answer },
	   { "phones on this side are told the port here",
	     test_phones_on_this_side_are_told_the_port_here },
	   { "a phone on this side needs no mapped pair",
	     test_a_phone_on_this_side_needs_no_mapped_pair },
	   { "an interface without an address outside needs none",
	     test_an_interface_without_an_address_outside_needs_none });
