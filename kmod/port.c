// SPDX-License-Identifier: GPL-2.0-only
/*
 * port.c - the ports of a namespace's flows: which, and of how many flows each
 */
#include <linux/bitmap.h>

#include "port.h"

static unsigned long rtpr_port_flows(struct rtpr_net *rn, u16 port)
{
	void *entry = xa_load(&rn->port_flows, port);

	return entry ? xa_to_value(entry) : 0;
}

int rtpr_port_add(struct rtpr_net *rn, __be16 port)
{
	u16 at = (__force u16)port;
	unsigned long flows;
	int err;

	lockdep_assert_held(&rn->lock);
	flows = rtpr_port_flows(rn, at);
	err = xa_err(xa_store(&rn->port_flows, at, xa_mk_value(flows + 1), GFP_KERNEL));
	if (!err && !flows)
		set_bit(at, rn->ports);
	return err;
}

void rtpr_port_del(struct rtpr_net *rn, __be16 port)
{
	u16 at = (__force u16)port;
	unsigned long flows;

	lockdep_assert_held(&rn->lock);
	flows = rtpr_port_flows(rn, at) - 1;
	if (flows) {
		xa_store(&rn->port_flows, at, xa_mk_value(flows), GFP_KERNEL); /* is there */
		return;
	}
	clear_bit(at, rn->ports);
	xa_erase(&rn->port_flows, at);
}

/* Here, and not in net.c: lockdep takes all that are initialised in one file for one lock. */
void rtpr_ports_init(struct rtpr_net *rn)
{
	xa_init_flags(&rn->port_flows, XA_FLAGS_ACCOUNT);
}

int rtpr_ports_make(struct rtpr_net *rn)
{
	lockdep_assert_held(&rn->lock);
	if (!rn->ports)
		rn->ports = bitmap_zalloc(RTPR_PORTS, GFP_KERNEL_ACCOUNT);
	return rn->ports ? 0 : -ENOMEM;
}

void rtpr_ports_free(struct rtpr_net *rn)
{
	bitmap_free(rn->ports);
	xa_destroy(&rn->port_flows);
}
