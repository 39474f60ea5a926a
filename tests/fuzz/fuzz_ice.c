/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_ice.c - any bytes as messages of ICE, to an agent and from one that knows the passwords
 *
 *   flags, then steps: length in one byte, kind, bytes
 *
 * Nothing may be read past the end. Whatever comes, the agent stays within its bounds, sends to
 * nobody but its peer, and comes to rest; what it saves is restored to the same.
 */
#include <stdlib.h>
#include "daemon/ice/agent.h"
#include "daemon/ice/saved.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum flags { FLAG_LITE = 1, FLAG_CONTROLLING = 2, FLAG_PEER = 4 };
enum kind { KIND_BYTES, KIND_CHECK, KIND_ANSWER, KIND_LINE, KIND_TIME, KIND_RESTART, KINDS };

#define PWD STR("0123456789abcdefghijkl")

struct scene {
	struct ice_agent *agent;
	struct ice_packet packet;
	int64_t now_ms;
	uint8_t random;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void fill(void *arg, uint8_t *bytes, size_t len)
{
	struct scene *s = arg;

	for (size_t i = 0; i < len; i++)
		bytes[i] = s->random++;
}

static struct endpoint source_of(const uint8_t *bytes, size_t len)
{
	struct endpoint ep = { .in4.sin_family = AF_INET };

	ep.in4.sin_addr.s_addr = htonl(0xc6336401);
	ep.in4.sin_port = htons((uint16_t)(5000 + (len ? bytes[0] % 128 : 0)));
	return ep;
}

static void check_bounds(struct scene *s)
{
	const struct ice_list *list = &s->agent->list;

	require(list->n_pairs <= ICE_PAIRS && list->n_remotes <= ICE_REMOTES);
	require(list->n_pairs <= list->room_pairs && list->n_remotes <= list->room_remotes);
	for (size_t i = 0; i < list->n_pairs; i++)
		require(list->pairs[i].remote < list->n_remotes &&
			list->pairs[i].local < list->n_locals);
	for (unsigned int i = 1; i <= ICE_COMPONENTS; i++)
		require(!ice_way(s->agent, i) || ice_way(s->agent, i)->local < list->n_locals);
}

static void step(struct scene *s)
{
	struct ice_packet packet;
	unsigned int n = 0;

	while (ice_step(s->agent, s->now_ms, &packet)) {
		require(packet.len && n++ < 3 * ICE_PAIRS);
		s->packet = packet;
	}
	require(ice_due(s->agent) > s->now_ms);
}

static void receive(struct scene *s, const uint8_t *bytes, size_t len, const struct endpoint *from)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct ice_message message;
	struct ice_packet reply;

	require(exact);
	if (len)
		memcpy(exact, bytes, len);
	ice_receive(s->agent, (unsigned int)(len % 3), from, exact, len, s->now_ms, &reply);
	require(!reply.len || ice_message_read(reply.data, reply.len, &message));
	free(exact);
}

/* Of a peer that may send what it wants. */
static void check(struct scene *s, const uint8_t *bytes, size_t len)
{
	struct endpoint from = source_of(bytes, len);
	unsigned int what = len > 1 ? bytes[1] : 0;
	const struct ice_own *own = &s->agent->own[what % s->agent->n_own];
	struct ice_request request = {
		.transaction = (const uint8_t *)"transaction!",
		.receiver = ice_own_ufrag(own),
		.sender = what & 8 ? STR("peer") : STR("next"),
		.password = ice_own_pwd(own),
		.priority = what,
		.role = what & 16 ? ICE_CONTROLLING : ICE_CONTROLLED,
		.tie_breaker = what & 32 ? UINT64_MAX : 0,
		.use_candidate = what & 64,
	};
	uint8_t data[ICE_MESSAGE_MAX];

	receive(s, data, ice_write_request(data, &request), &from);
}

static void answer(struct scene *s, const uint8_t *bytes, size_t len)
{
	struct endpoint elsewhere = source_of(bytes, len);
	unsigned int what = len > 1 ? bytes[1] : 0;
	uint8_t data[ICE_MESSAGE_MAX];
	struct ice_message message;
	struct ice_packet reply;
	size_t n;

	if (!s->packet.len || !ice_message_read(s->packet.data, s->packet.len, &message))
		return;
	if (what & 1)
		n = ice_write_error(data, &message, ICE_ROLE_CONFLICT, PWD);
	else
		n = ice_write_success(data, message.id, &elsewhere, PWD);
	ice_receive(s->agent, s->packet.local, what & 2 ? &elsewhere : &s->packet.to, data, n,
		    s->now_ms, &reply);
}

static void take_line(struct scene *s, const uint8_t *bytes, size_t len)
{
	struct ice_description lines = { .ufrag = len % 2 ? STR("peer") : STR("next"), .pwd = PWD };

	ice_line_read(&lines, STR("candidate"), (struct str){ (const char *)bytes, len });
	if (len % 5)
		ice_remote(s->agent, &lines, len % 3, s->now_ms);
	else
		ice_trickle(s->agent, &lines, s->now_ms);
}

static void take(struct scene *s, enum kind kind, const uint8_t *bytes, size_t len)
{
	struct endpoint from = source_of(bytes, len);

	switch (kind) {
	case KIND_CHECK:
		check(s, bytes, len);
		break;
	case KIND_ANSWER:
		answer(s, bytes, len);
		break;
	case KIND_LINE:
		take_line(s, bytes, len);
		break;
	case KIND_TIME:
		s->now_ms += len ? (int64_t)bytes[0] * bytes[0] : 50;
		break;
	case KIND_RESTART:
		ice_restart(s->agent);
		break;
	default:
		receive(s, bytes, len, &from);
	}
}

static void check_saved(struct scene *s, const struct ice_conf *conf,
			const struct ice_local *locals)
{
	struct ice_saved saved, again;
	struct ice_agent *agent;

	ice_save(s->agent, s->now_ms, &saved);
	require(!ice_restore(&saved, conf, locals, 2, s->now_ms, &agent));
	ice_save(agent, s->now_ms, &again);
	require(!memcmp(&saved, &again, sizeof(saved)));
	ice_free(agent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scene s = { .now_ms = 1 };
	struct ice_local locals[2] = { { .component = 1 }, { .component = 2 } };
	struct ice_conf conf = {
		.components = 2, .consent_ms = ICE_CONSENT_MS, .random = fill, .random_arg = &s
	};

	if (!size)
		return 0;
	locals[0].base = locals[0].advertised = source_of(NULL, 0);
	locals[1].base = locals[1].advertised = source_of(NULL, 0);
	endpoint_set_port(&locals[1].base, 5001);
	conf.lite = data[0] & FLAG_LITE;
	conf.role = data[0] & FLAG_CONTROLLING ? ICE_CONTROLLING : ICE_CONTROLLED;
	s.agent = ice_new(&conf, locals, 2);
	require(s.agent);
	if (data[0] & FLAG_PEER)
		take_line(&s, (const uint8_t *)"1 1 UDP 9 198.51.100.1 5000 typ host", 36);
	for (data++, size--; size >= 2;) {
		size_t len = data[0] < size - 2 ? data[0] : size - 2;

		take(&s, (enum kind)(data[1] % KINDS), data + 2, len);
		step(&s);
		check_bounds(&s);
		data += 2 + len;
		size -= 2 + len;
	}
	check_saved(&s, &conf, locals);
	ice_free(s.agent);
	return 0;
}
