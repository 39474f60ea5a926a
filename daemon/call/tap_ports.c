/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap_ports.c - tells the recorder at which endpoints the kernel forwards packets of tapped medias
 */
#include <stdlib.h>
#include <string.h>
#include "base/count.h"
#include "call/tap_ports.h"
#include "packet/bridge.h"
#include "record/kernel_source.h"

/* What the kernel's source knows of the media. */
struct tap_ports {
	size_t n;
	struct kernel_source_port port[4];
};

/* Where packets from @side leave: see leaves_by() of call/flow_plan.c. */
static void describe(const struct media *media, int side, int comp, struct kernel_source_port *port)
{
	const struct bridge_conf *conf = bridge_conf(media->bridge);
	bool mux = conf->side[!side].flags & SIDE_MUX;
	int leaves_by = comp == COMP_RTCP && !mux ? COMP_RTCP : COMP_RTP;
	struct stream_report in, out;

	bridge_report(media->bridge, side, comp, &in);
	port->local = in.local;
	port->tap = media->tap;
	port->side = (uint8_t)side;
	port->rtcp = comp == COMP_RTCP;
	port->rtp = comp == COMP_RTP && conf->kind == BRIDGE_RTP;
	if (!bridge_has(media->bridge, !side, leaves_by))
		return;
	bridge_report(media->bridge, !side, leaves_by, &out);
	port->out = out.local;
	port->to = out.to;
}

static void list_ports(const struct media *media, struct tap_ports *ports)
{
	memset(ports, 0, sizeof(*ports));
	each_component(side, comp)
		if (bridge_has(media->bridge, side, comp))
			describe(media, side, comp, &ports->port[ports->n++]);
}

static bool is_same(const struct kernel_source_port *a, const struct kernel_source_port *b)
{
	return a->tap == b->tap && a->side == b->side && a->rtcp == b->rtcp && a->rtp == b->rtp &&
	       endpoint_eq(&a->local, &b->local) && endpoint_eq(&a->out, &b->out) &&
	       endpoint_eq(&a->to, &b->to);
}

static bool are_same(const struct tap_ports *a, const struct tap_ports *b)
{
	for (size_t i = 0; i < a->n && a->n == b->n; i++)
		if (!is_same(&a->port[i], &b->port[i]))
			return false;
	return a->n == b->n;
}

static bool is_among(const struct tap_ports *ports, const struct endpoint *local)
{
	for (size_t i = 0; i < ports->n; i++)
		if (endpoint_eq(&ports->port[i].local, local))
			return true;
	return false;
}

/* Those of @before that are not in @now. Out of memory: nobody's packets are delivered for them. */
static void drop_ports(const struct media *media, const struct tap_ports *before,
		       const struct tap_ports *now)
{
	struct endpoint locals[COUNT(before->port)];
	size_t n = 0;

	for (size_t i = 0; i < before->n; i++)
		if (!is_among(now, &before->port[i].local))
			locals[n++] = before->port[i].local;
	if (n && kernel_source_drop(media->table->conf.kernel_source, locals, n, media->tap))
		return;
}

void tap_ports_follow(struct media *media)
{
	struct kernel_source *source = media->table->conf.kernel_source;
	struct tap_ports now;

	if (!source || !media->tap_users)
		return;
	list_ports(media, &now);
	if (!media->tap_ports)
		media->tap_ports = calloc(1, sizeof(*media->tap_ports));
	if (!media->tap_ports || are_same(&now, media->tap_ports))
		return;
	if (kernel_source_add(source, now.port, now.n))
		return; /* out of memory: the next change tells it */
	drop_ports(media, media->tap_ports, &now);
	memcpy(media->tap_ports, &now, sizeof(now));
}

void tap_ports_forget(struct media *media)
{
	const struct tap_ports none = { 0 };

	if (!media->tap_ports)
		return;
	drop_ports(media, media->tap_ports, &none);
	free(media->tap_ports);
	media->tap_ports = NULL;
}
