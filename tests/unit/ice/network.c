/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.c - a simulated network between two agents: loss, delay, reordering, NATs of each kind */
#include "daemon/base/count.h"
#include "tests/unit/ice/network.h"
#include "tests/unit/test.h"

struct endpoint network_ep(const char *text)
{
	struct endpoint ep = { 0 };

	CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), 0, &ep));
	return ep;
}

/* --- Chance ---------------------------------------------------------------------------------- */

/* SplitMix64 */
static uint64_t next_random(struct network *net)
{
	uint64_t z = net->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

unsigned int network_random(struct network *net, unsigned int n)
{
	return (unsigned int)(next_random(net) >> 32) % n;
}

void network_fill(void *net, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(next_random(net) >> 40);
}

/* --- Ends ------------------------------------------------------------------------------------ */

void network_socket(struct network *net, unsigned int end, enum nat nat, const char *inside,
		    const char *outside)
{
	struct network_end *e = &net->ends[end];

	CU_ASSERT_TRUE_FATAL(e->n_sockets < ICE_LOCALS);
	e->sockets[e->n_sockets++] = (struct network_socket){
		.inside = network_ep(inside),
		.outside = outside ? network_ep(outside) : network_ep(inside),
		.nat = nat,
	};
}

void network_agent(struct network *net, unsigned int end, struct ice_conf conf)
{
	struct network_end *e = &net->ends[end];
	struct ice_local locals[ICE_LOCALS];

	for (unsigned int i = 0; i < e->n_sockets; i++)
		locals[i] = (struct ice_local){
			.component = conf.components == 2 ? 1 + i % 2 : 1,
			.base = e->sockets[i].inside,
			.advertised = e->sockets[i].nat == NAT_STATIC ? e->sockets[i].outside
								      : e->sockets[i].inside,
		};
	conf.random = network_fill;
	conf.random_arg = net;
	e->agent = ice_new(&conf, locals, e->n_sockets);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e->agent);
}

void network_end(struct network *net)
{
	for (int i = 0; i < 2; i++)
		ice_free(net->ends[i].agent);
}

/* --- NATs ------------------------------------------------------------------------------------ */

static struct network_mapping *mapping_of(struct network *net, unsigned int end,
					  unsigned int socket, const struct endpoint *to)
{
	const struct network_socket *s = &net->ends[end].sockets[socket];
	struct network_mapping *m;

	for (unsigned int i = 0; i < net->n_mappings; i++) {
		m = &net->mappings[i];
		if (m->end == end && m->socket == socket &&
		    (s->nat != NAT_SYMMETRIC || endpoint_eq(&m->to, to)))
			return m;
	}
	CU_ASSERT_TRUE_FATAL(net->n_mappings < COUNT(net->mappings));
	m = &net->mappings[net->n_mappings++];
	*m = (struct network_mapping){
		.end = end, .socket = socket, .outside = s->outside, .to = *to
	};
	endpoint_set_port(&m->outside, (uint16_t)(20000 + net->next_port++));
	return m;
}

static bool was_sent(const struct network_mapping *m, const struct endpoint *to, bool port)
{
	for (unsigned int i = 0; i < m->n_sent; i++)
		if (port ? endpoint_eq(&m->sent[i], to) : endpoint_addr_eq(&m->sent[i], to))
			return true;
	return false;
}

static bool lets_in(const struct network *net, const struct network_mapping *m,
		    const struct endpoint *from)
{
	switch (net->ends[m->end].sockets[m->socket].nat) {
	case NAT_CONE:
		return true;
	case NAT_ADDRESS:
		return was_sent(m, from, false);
	default:
		return was_sent(m, from, true);
	}
}

/* The source that a packet has outside; false: it does not get out */
static bool leave(struct network *net, unsigned int end, unsigned int socket,
		  const struct endpoint *to, struct endpoint *from)
{
	const struct network_socket *s = &net->ends[end].sockets[socket];
	struct network_mapping *m;

	if (s->nat == NAT_DEAD)
		return false;
	*from = s->outside;
	if (s->nat <= NAT_STATIC)
		return true;
	m = mapping_of(net, end, socket, to);
	*from = m->outside;
	if (!was_sent(m, to, true))
		m->sent[m->n_sent++ % COUNT(m->sent)] = *to;
	if (m->n_sent > COUNT(m->sent))
		m->n_sent = COUNT(m->sent);
	return true;
}

/* Where it arrives; false: nowhere */
static bool arrive(struct network *net, const struct endpoint *from, const struct endpoint *to,
		   unsigned int *end, unsigned int *socket)
{
	for (*end = 0; *end < 2; ++*end)
		for (*socket = 0; *socket < net->ends[*end].n_sockets; ++*socket) {
			const struct network_socket *s = &net->ends[*end].sockets[*socket];

			if (s->nat <= NAT_STATIC && endpoint_eq(&s->outside, to))
				return true;
		}
	for (unsigned int i = 0; i < net->n_mappings; i++)
		if (endpoint_eq(&net->mappings[i].outside, to)) {
			*end = net->mappings[i].end;
			*socket = net->mappings[i].socket;
			return lets_in(net, &net->mappings[i], from);
		}
	return false;
}

struct endpoint network_outside(struct network *net, unsigned int end, unsigned int socket)
{
	struct endpoint server = network_ep("203.0.113.200:3478"), from = { 0 };

	leave(net, end, socket, &server, &from);
	return from;
}

void network_forget(struct network *net, unsigned int end)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < net->n_mappings; i++)
		if (net->mappings[i].end != end)
			net->mappings[kept++] = net->mappings[i];
	net->n_mappings = kept;
}

/* --- Packets --------------------------------------------------------------------------------- */

static void fly(struct network *net, const struct endpoint *from, const struct ice_packet *packet)
{
	struct network_flight *f;

	CU_ASSERT_TRUE_FATAL(net->n_flights < COUNT(net->flights));
	f = &net->flights[net->n_flights++];
	*f = (struct network_flight){ .from = *from, .to = packet->to, .len = packet->len };
	f->at_ms = net->now_ms + net->delay_ms + network_random(net, net->jitter_ms + 1);
	memcpy(f->data, packet->data, packet->len);
}

/* One of fifty arrives twice. */
static void transmit(struct network *net, unsigned int end, const struct ice_packet *packet)
{
	struct endpoint from;

	CU_ASSERT_TRUE(packet->len >= STUN_HEADER);
	net->ends[end].sent++;
	if (!leave(net, end, packet->local, &packet->to, &from) || net->cut ||
	    network_random(net, 100) < net->loss_percent)
		return;
	fly(net, &from, packet);
	if (!network_random(net, 50))
		fly(net, &from, packet);
}

static void deliver(struct network *net, const struct network_flight *f)
{
	struct ice_packet reply;
	unsigned int end, socket;

	if (net->cut || !arrive(net, &f->from, &f->to, &end, &socket) || !net->ends[end].agent)
		return;
	ice_receive(net->ends[end].agent, socket, &f->from, f->data, f->len, net->now_ms, &reply);
	if (reply.len)
		transmit(net, end, &reply);
}

/* All that is due now. */
static void deliver_due(struct network *net)
{
	for (unsigned int i = 0; i < net->n_flights;) {
		struct network_flight f = net->flights[i];

		if (f.at_ms > net->now_ms) {
			i++;
			continue;
		}
		net->flights[i] = net->flights[--net->n_flights];
		deliver(net, &f);
	}
}

/* Checks that it sent before a conflict made it controlling nominated nothing: it sends others. */
static void nominate_all(struct ice_agent *agent)
{
	for (size_t i = 0; i < agent->list.n_pairs; i++) {
		struct ice_pair *pair = &agent->list.pairs[i];

		pair->nominating = agent->list.role == ICE_CONTROLLING;
		if (pair->nominating && !pair->nominates && pair->state == ICE_SUCCEEDED)
			ice_list_trigger(&agent->list, pair);
	}
}

/* Media of the other end arrives, if there is a way. */
static void hear(struct network *net, unsigned int end)
{
	for (unsigned int i = 1; i <= ICE_COMPONENTS; i++)
		if (net->ends[!end].agent && !net->cut && network_passes(net, !end, i))
			ice_heard(net->ends[end].agent, i, net->now_ms);
}

static void step(struct network *net, unsigned int end)
{
	struct network_end *e = &net->ends[end];
	struct ice_packet packet;
	unsigned int n = 0;
	int64_t checked_ms;
	bool goes_on;

	if (!e->agent)
		return;
	hear(net, end);
	do {
		if (e->aggressive)
			nominate_all(e->agent);
		/* It has to come to an end. */
		CU_ASSERT_TRUE_FATAL(n++ < 2 * ICE_PAIRS);
		checked_ms = e->agent->checked_ms;
		goes_on = ice_step(e->agent, net->now_ms, &packet);
		CU_ASSERT_TRUE(e->agent->checked_ms == checked_ms ||
			       e->agent->checked_ms >= checked_ms + ICE_PACING_MS);
		if (goes_on)
			transmit(net, end, &packet);
	} while (goes_on);
	CU_ASSERT_TRUE(ice_due(e->agent) > net->now_ms);
}

static int64_t next_ms(const struct network *net, int64_t until_ms)
{
	for (unsigned int i = 0; i < net->n_flights; i++)
		if (net->flights[i].at_ms < until_ms)
			until_ms = net->flights[i].at_ms;
	for (unsigned int i = 0; i < 2; i++)
		if (net->ends[i].agent && ice_due(net->ends[i].agent) < until_ms)
			until_ms = ice_due(net->ends[i].agent);
	return until_ms;
}

static bool have_state(const struct network *net, int state)
{
	for (unsigned int i = 0; i < 2; i++)
		if (state < 0 || !net->ends[i].agent ||
		    ice_state(net->ends[i].agent) != (enum ice_state)state)
			return false;
	return true;
}

bool network_run(struct network *net, int64_t until_ms, int state)
{
	for (;;) {
		deliver_due(net);
		step(net, 0);
		step(net, 1);
		if (have_state(net, state))
			return true;
		if (net->now_ms >= until_ms)
			return false;
		net->now_ms = next_ms(net, until_ms);
	}
}

bool network_passes(struct network *net, unsigned int end, unsigned int component)
{
	const struct ice_way *way = ice_way(net->ends[end].agent, component);
	unsigned int other, socket;
	struct endpoint from;

	return way && !way->lost && leave(net, end, way->local, &way->remote, &from) &&
	       arrive(net, &from, &way->remote, &other, &socket) && other != end &&
	       ice_hears(net->ends[other].agent, socket, &from);
}
