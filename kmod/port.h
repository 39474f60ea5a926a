/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * port.h - the ports of a namespace's flows, in a bitmap: other UDP is recognised by one look at it
 */
#ifndef RTPR_PORT_H
#define RTPR_PORT_H

#include <linux/bits.h>
#include <linux/skbuff.h>
#include <linux/udp.h>

#include "state.h"

/* Bits are numbered by ports in network byte order, as packets have them. */
#define RTPR_PORTS 65536

/*
 * Is the packet certainly for no flow? Looks at the place of the UDP header only: the rest of the
 * path checks whether it is one. @off: of the UDP header, from skb->data
 */
static __always_inline bool rtpr_port_is_other(const struct rtpr_net *rn, const struct sk_buff *skb,
					       unsigned int off)
{
	const struct udphdr *uh = (const struct udphdr *)(skb->data + off);
	u16 port;

	if (unlikely(skb_headlen(skb) < off + sizeof(*uh)))
		return false;
	port = (__force u16)uh->dest;
	return !(READ_ONCE(rn->ports[BIT_WORD(port)]) & BIT_MASK(port));
}

/*
 * A flow with this port is about to be inserted, or could not be inserted or was removed. Under
 * rtpr_net.lock. rtpr_port_add() returns 0 or -ENOMEM.
 */
int rtpr_port_add(struct rtpr_net *rn, __be16 port);
void rtpr_port_del(struct rtpr_net *rn, __be16 port);

void rtpr_ports_init(struct rtpr_net *rn);

/* Memory for the bitmap, if it is not there yet. Under rtpr_net.lock. Return: 0 or -ENOMEM */
int rtpr_ports_make(struct rtpr_net *rn);
void rtpr_ports_free(struct rtpr_net *rn);

#endif
