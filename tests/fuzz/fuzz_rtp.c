/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_rtp.c - any packets, from any source, at any time, to a bridge without sockets
 *
 * The first four bytes choose the settings of the two sides. Then, per packet: one byte of source
 * and stream, one byte of time, two bytes of length, the packet. Nothing may be read past the end
 * of a packet; no packet of an unknown source may be forwarded from a side whose address is known,
 * unless that side was ever asymmetric; counters must add up.
 */
#include <stdlib.h>
#include "daemon/packet/bridge.h"
#include "daemon/packet/remote.h"
#include "daemon/packet/report.h"
#include "daemon/packet/stream.h"

#define HEAD 4
#define EACH 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct scene {
	struct worker_totals totals;
	struct bridge *bridge;
	int64_t now_us;
	uint64_t arrived, accepted;
	bool asymmetric[2];
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static struct endpoint ep(const char *text)
{
	struct endpoint at = { 0 };

	require(endpoint_parse(str_of(text), 0, &at));
	return at;
}

static void configure(struct bridge_conf *conf, const uint8_t *choice)
{
	*conf = (struct bridge_conf){ .kind = choice[0] & 128 ? BRIDGE_OPAQUE : BRIDGE_RTP,
				      .pts = { choice[3], 1ull << 32 },
				      .clocks = { { .pt = 96, .clock = 48000 } } };
	for (int side = 0; side < 2; side++) {
		struct side_conf *s = &conf->side[side];

		s->flags = choice[1 + side] & 127u;
		s->latching = choice[0] >> (1 + side) & 1 ? LATCH_STRICT : LATCH_SMART;
		s->sdp[COMP_RTP] = ep(side ? "198.51.100.7:4000" : "192.168.1.5:4000");
		s->sdp[COMP_RTCP] = ep(side ? "198.51.100.7:4001" : "192.168.1.5:4001");
		s->ice[0] = stun_ufrag_id(side ? STR("bbbb") : STR("aaaa"));
		s->sip = ep(side ? "198.51.100.7:0" : "203.0.113.9:0");
	}
}

static void note_asymmetric(struct scene *scene)
{
	for (int side = 0; side < 2; side++)
		scene->asymmetric[side] |=
			!!(scene->bridge->conf.side[side].flags & SIDE_ASYMMETRIC);
}

static void open_scene(struct scene *scene, const uint8_t *choice)
{
	static const struct worker_pool_conf pool_conf = { .patience_ms = 400, .window_ms = 3000 };
	static struct deny *const nothing;
	struct bridge *b = calloc(1, sizeof(*b) + 4 * sizeof(struct stream));

	require(b);
	*scene = (struct scene){ .bridge = b, .now_us = 1000000 };
	configure(&b->conf, choice);
	note_asymmetric(scene);
	b->totals = &scene->totals;
	b->pool_conf = &pool_conf;
	b->deny = &nothing;
	ring_init(&b->siblings);
	for (int i = 0; i < 4; i++) {
		struct stream *s = &b->streams[i];

		b->stream[i >> 1][i & 1] = s;
		s->fd = -1;
		s->side = (uint8_t)(i >> 1);
		s->comp = (uint8_t)(i & 1);
		s->bridge = b;
		s->local = ep("192.0.2.1:30000");
		endpoint_set_port(&s->local, (uint16_t)(30000 + i));
		stream_start(s);
	}
}

/*
 * For each side: the signalled address, one of its network, one of our own ports, an unknown
 * source.
 */
static struct endpoint source_of(unsigned int choice, bool *unknown)
{
	static const char *const sources[] = { "192.168.1.5:4000",  "203.0.113.9:50000",
					       "203.0.113.9:50001", "203.0.113.88:4000",
					       "198.51.100.7:4000", "198.51.100.7:4001",
					       "192.0.2.1:30000",   "192.0.2.250:6666" };

	*unknown = choice % 8 == 7;
	return ep(sources[choice % 8]);
}

static void receive(struct scene *scene, unsigned int choice, const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct stream *in = &scene->bridge->streams[choice >> 3 & 3];
	bool unknown;
	struct endpoint source = source_of(choice, &unknown);
	struct packet packet = {
		.data = exact, .len = len, .size = len, .source = &source, .tos = -1
	};
	struct stream *out;

	require(exact);
	memcpy(exact, bytes, len);
	out = stream_accept(in, &packet, scene->now_us);
	require(!out || (out->side != in->side && out->has_to));
	require(!out || !unknown || scene->asymmetric[in->side]);
	scene->arrived++;
	scene->accepted += !!out;
	free(exact);
}

static void check_counters(const struct scene *scene)
{
	uint64_t drops = 0;

	for (int i = 0; i < 4; i++) {
		struct stream_report report;

		stream_report(&scene->bridge->streams[i], &report);
		require(report.lost <= report.expected);
		for (int why = 0; why < DROP_COUNT; why++)
			drops += report.drops[why];
	}
	require(drops + scene->accepted + scene->totals.keepalives_in == scene->arrived);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scene scene;

	if (size < HEAD)
		return 0;
	open_scene(&scene, data);
	data += HEAD;
	size -= HEAD;
	while (size >= EACH) {
		size_t len = (size_t)(data[2] & 7) << 8 | data[3];
		unsigned int choice = data[0];

		if (len > size - EACH)
			len = size - EACH;
		scene.now_us += (int64_t)data[1] * 20000;
		if (choice & 64)
			stream_tick(&scene.bridge->streams[choice & 3], scene.now_us / 1000);
		if (choice & 32 && len >= HEAD) {
			enum latch_change change = data[EACH] & 1 ? LATCH_REOPEN : LATCH_KEEP;
			struct bridge_conf conf;

			configure(&conf, data + EACH);
			bridge_apply(scene.bridge, &conf,
				     &(struct bridge_change){ .side = { change, change } },
				     scene.now_us / 1000);
			note_asymmetric(&scene);
		}
		receive(&scene, choice, data + EACH, len);
		data += EACH + len;
		size -= EACH + len;
	}
	check_counters(&scene);
	bridge_free(scene.bridge);
	return 0;
}
