/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handshake.c - DTLS of a side with SIDE_HANDSHAKE: datagrams to the crypto thread, and back
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "packet/handshake.h"

static struct bridge_keys *keys_at(const struct bridge *b, int side, int comp)
{
	return b->keys ? &b->keys[2 * comp + side] : NULL;
}

enum stream_drop handshake_take(struct stream *s, const struct packet *p)
{
	const struct bridge_keys *keys = keys_at(s->bridge, s->side, s->comp);

	if (!keys || !keys->link)
		return DROP_NO_KEYS;
	return dtls_link_hand_over(keys->link, s->bridge->thread, p->data, p->len)
		       ? DROP_COUNT
		       : DROP_HANDSHAKE_QUEUE;
}

static void forget(struct bridge_keys *keys)
{
	if (keys->link)
		dtls_link_set_port(keys->link, NULL);
	dtls_link_put(keys->link);
	keys->link = NULL;
}

void handshake_set(struct stream *s, struct dtls_link *link)
{
	struct bridge_keys *keys = keys_at(s->bridge, s->side, s->comp);

	forget(keys);
	keys->link = link;
	dtls_link_set_port(link, s);
}

void handshake_end(struct bridge *b)
{
	for (int i = 0; b->keys && i < BRIDGE_KEYS; i++)
		forget(&b->keys[i]);
}

void handshake_leave(struct order_datagram *order)
{
	struct stream *s = dtls_link_port(order->link);
	const struct sockaddr *to = s && !s->connected ? &s->to.sa : NULL;
	socklen_t to_len = to ? endpoint_len(&s->to) : 0;

	/* An error of an earlier packet is reported by the first call (ICMP). */
	for (int i = 0; s && s->has_to && i < 2; i++)
		if (sendto(s->fd, order->data, order->len, MSG_DONTWAIT, to, to_len) >= 0)
			break;
	dtls_link_put(order->link);
	free(order);
}
