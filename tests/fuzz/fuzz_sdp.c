/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_sdp.c - any SDP that is accepted is written as an SDP with the same media
 *
 * The first four bytes of the input choose the edits, the rest is the text.
 */
#include <stdlib.h>
#include "daemon/sdp/sdp.h"

#define HEAD 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Two bits of @choice pick an address: an IPv4 address, another one, an IPv6 address, none. */
static struct endpoint our_endpoint(unsigned int choice, uint16_t port)
{
	static const char *const addresses[] = { "198.51.100.20", "203.0.113.7", "2001:db8::20" };
	struct endpoint ep = { 0 };

	if ((choice & 3) < 3) {
		require(endpoint_parse_addr(str_of(addresses[choice & 3]), 0, &ep));
		endpoint_set_port(&ep, port);
	}
	return ep;
}

static void choose_media(struct sdp_media_edit *e, const struct sdp_media *m, unsigned int choice,
			 uint16_t port, bool *keep)
{
	*e = (struct sdp_media_edit){
		.relay = choice & 3,
		.rtp = our_endpoint(choice >> 2, port),
		.rtcp = our_endpoint(choice >> 2, port + 1),
		.rtcp_attr = choice & 16,
		.mux = (choice >> 5) % 3,
		.proto = choice & 64 ? STR("RTP/AVP") : STR_NONE,
	};
	if (!sdp_is_rtp(m->transport))
		e->proto = STR_NONE;
	if (!(choice & 128))
		return;
	for (size_t i = 0; i < m->n_codecs; i++)
		keep[i] = (m->codecs[i].pt ^ choice) & 1;
	e->keep_codec = keep;
}

static void check_media(const struct sdp_media *was, const struct sdp_media_edit *e,
			const struct sdp_media *is, bool zero_replaced)
{
	bool relayed =
		e->relay && was->port && was->transport != SDP_OTHER && endpoint_is_set(&e->rtp);

	require(str_eq(was->type, is->type));
	if (!relayed) {
		require(is->port == was->port);
		if (was->port && endpoint_is_set(&was->rtp))
			require(endpoint_eq(&was->rtp, &is->rtp));
	} else if (is->port) {
		require(is->port == endpoint_port(&e->rtp));
		require(is->held == (was->held && !zero_replaced));
		if (!is->held)
			require(endpoint_eq(&is->rtp, &e->rtp));
	} else {
		require(e->keep_codec);
	}
}

static void check_output(struct arena *arena, const struct sdp *was, const struct sdp_edit *edit,
			 const struct buf *out)
{
	const char *why;
	struct sdp is;

	require(!sdp_parse(arena, (struct str){ out->data, out->len }, &is, &why));
	require(is.n_media == was->n_media);
	require(sdp_has_mark(&is, edit->loop_mark) || !edit->loop_mark.len);
	for (size_t i = 0; i < is.n_media; i++)
		check_media(&was->media[i], &edit->media[i], &is.media[i],
			    edit->flags & SDP_REPLACE_ZERO);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char memory[1 << 20];
	static bool keep[SDP_MAX_MEDIA][128];
	static struct sdp_media_edit media[SDP_MAX_MEDIA];
	struct buf out = BUF_INIT(memory, sizeof(memory));
	struct sdp_edit edit = { .username = STR("u"), .session_name = STR("s"), .media = media };
	struct arena *arena;
	const char *why;
	struct sdp sdp;

	if (size < HEAD || size > 65536)
		return 0;
	arena = arena_new(65536);
	if (!sdp_parse(arena, (struct str){ (const char *)data + HEAD, size - HEAD }, &sdp, &why)) {
		edit.flags = data[0] | (data[1] & 1) << 8;
		edit.address = our_endpoint(data[1] >> 1, 0);
		edit.o_id = data[1] & 8 ? STR("7") : STR_NONE;
		edit.loop_mark = data[1] & 16 ? STR("mark") : STR_NONE;
		edit.version = data[2];
		for (size_t i = 0; i < sdp.n_media; i++)
			choose_media(&media[i], &sdp.media[i], data[2 + i % 2] + (unsigned int)i,
				     (uint16_t)(30000 + 2 * i), keep[i]);
		sdp_write(&sdp, &edit, &out);
		require(!out.overflow);
		check_output(arena, &sdp, &edit, &out);
	}
	arena_free(arena);
	return 0;
}
