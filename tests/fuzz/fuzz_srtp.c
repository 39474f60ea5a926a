/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_srtp.c - any bytes as packets of SRTP and SRTCP, and as an exported state
 *
 *   suite, flags, then packets: length in one byte, bytes
 *
 * Nothing may be read or written past the end. A packet that is refused is as it was; one that was
 * sealed opens to itself. A state that is taken is exported as it came.
 */
#include <stdlib.h>
#include "daemon/srtp/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum flags { FLAG_RTCP = 1, FLAG_MKI = 2, FLAG_STALE = 4 };
#define STATE 0xff /* instead of a suite */

static void require(bool holds)
{
	if (!holds)
		abort();
}

typedef enum srtp_verdict (*pass_fn)(struct srtp *srtp, struct srtp_packet *packet, int64_t now_ms);

/* Memory that ends with @room behind the packet. */
static struct srtp_packet packet_of(const uint8_t *bytes, size_t len, size_t room)
{
	struct srtp_packet packet = { malloc(len + room + 1), len, len + room };

	require(packet.data);
	if (len)
		memcpy(packet.data, bytes, len);
	return packet;
}

static bool is(const struct srtp_packet *packet, const uint8_t *bytes, size_t len)
{
	return packet->len == len && (!len || !memcmp(packet->data, bytes, len));
}

static void try_packet(struct srtp *sender, struct srtp *receiver, bool rtcp, const uint8_t *bytes,
		       size_t len)
{
	pass_fn protect = rtcp ? rtcp_protect : rtp_protect;
	pass_fn unprotect = rtcp ? rtcp_unprotect : rtp_unprotect;
	struct srtp_packet packet = packet_of(bytes, len, 0);
	enum srtp_verdict opened = SRTP_OK;

	if (unprotect(receiver, &packet, 0) != SRTP_OK)
		require(is(&packet, bytes, len));
	else
		require(packet.len < len);
	free(packet.data);

	packet = packet_of(bytes, len, SRTP_GROWTH);
	if (protect(sender, &packet, 0) == SRTP_OK) {
		require(packet.len > len && packet.len <= packet.size);
		opened = unprotect(receiver, &packet, 0);
		/* A sender of SRTCP keeps no SSRCs, so it has no limit of them. */
		require(opened == SRTP_OK || (rtcp && opened == SRTP_CROWDED));
	}
	require(opened == SRTP_CROWDED || is(&packet, bytes, len));
	free(packet.data);
}

static void try_packets(struct srtp *sender, struct srtp *receiver, bool rtcp, const uint8_t *data,
			size_t size)
{
	while (size) {
		size_t len = data[0] < size ? data[0] : size - 1;

		try_packet(sender, receiver, rtcp, data + 1, len);
		data += 1 + len;
		size -= 1 + len;
	}
}

static void try_state(const uint8_t *data, size_t size, enum srtp_state_age age)
{
	struct srtp_state *state = calloc(1, sizeof(*state)), *again = calloc(1, sizeof(*state));
	struct srtp *srtp;

	require(state && again);
	memcpy(state, data, size < sizeof(*state) ? size : sizeof(*state));
	if (!srtp_import(state, age, 0, &srtp)) {
		struct srtp *same;

		srtp_export(srtp, 0, state);
		require(!srtp_import(state, SRTP_STATE_EXACT, 0, &same));
		srtp_export(same, 0, again);
		require(!memcmp(state, again, sizeof(*state)));
		srtp_free(same);
		srtp_free(srtp);
	}
	free(state);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct srtp_master master = { .key = "0123456789abcdef0123456789abcde", .salt = "salt" };
	struct srtp *sender, *receiver;

	if (size < 2)
		return 0;
	if (data[0] == STATE) {
		try_state(data + 2, size - 2,
			  data[1] & FLAG_STALE ? SRTP_STATE_STALE : SRTP_STATE_EXACT);
		return 0;
	}
	master.suite = srtp_suite_by_id(1 + data[0] % SRTP_SUITES);
	master.mki.len = data[1] & FLAG_MKI ? 4 : 0;
	sender = srtp_new(&master, SRTP_SEND);
	receiver = srtp_new(&master, SRTP_RECEIVE);
	require(sender && receiver);
	try_packets(sender, receiver, data[1] & FLAG_RTCP, data + 2, size - 2);
	srtp_free(sender);
	srtp_free(receiver);
	return 0;
}
