/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_extension.c - header extensions of RTP, and whose packet of a bundle it is
 *
 * Per packet: the number of the element, two bytes of length, the packet. Nothing may be read past
 * its end; a value lies within the header extension; without it the packet has the same payload.
 */
#include <stdlib.h>
#include "daemon/packet/bundle.h"
#include "daemon/packet/extension.h"

#define HEAD 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void read_packet(struct bundle *bundle, uint8_t id, uint8_t *bytes, size_t len)
{
	const struct rtp_port mux = { .mux = true };
	struct str value = STR_NONE;
	struct rtp_wire w;
	size_t payload, left;

	rtp_wire_parse(bytes, len, &mux, &w);
	if (w.kind != RTP_KIND_RTP)
		return;
	bundle->mid_id = id;
	require(bundle_member_of(bundle, bytes, &w, (int64_t)len) <= bundle->n);
	if (id && extension_find(bytes, &w, id, &value))
		require((const uint8_t *)value.s >= bytes + 16 &&
			(const uint8_t *)value.s + value.len <= bytes + w.header_len);
	payload = len - w.header_len;
	left = extension_remove(bytes, len, &w);
	require(left == w.header_len + payload && !(bytes[0] & 0x10));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bundle *bundle = bundle_new(2);

	require(bundle);
	for (int i = 0; i < 2; i++) {
		bundle->member[i].mid_len = 1;
		bundle->member[i].mid[0] = "av"[i];
	}
	bundle_add_pts(bundle, 1, (const uint64_t[2]){ 1, 1 });
	bundle_add_pts(bundle, 2, (const uint64_t[2]){ 2, 1 });
	while (size >= HEAD) {
		size_t len = (size_t)(data[1] & 7) << 8 | data[2];
		uint8_t *exact;

		if (len > size - HEAD)
			len = size - HEAD;
		exact = malloc(len ? len : 1);
		require(exact);
		memcpy(exact, data + HEAD, len);
		read_packet(bundle, data[0], exact, len);
		free(exact);
		data += HEAD + len;
		size -= HEAD + len;
	}
	free(bundle);
	return 0;
}
