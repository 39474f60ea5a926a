/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * protocols.c - the control protocols: a row for each
 */
#include "base/count.h"
#include "ng/ng.h"
#include "protocols.h"
#include "relay.h"
#include "rtpproxy/rtpp.h"

static void *notify_of(const struct relay *relay)
{
	return relay->notify;
}

const struct protocol_row protocol_rows[] = {
	{ &ng_protocol, offsetof(struct conf, listen_ng), NULL },
	{ &ng_tcp_protocol, offsetof(struct conf, listen_tcp_ng), NULL },
	{ &rtpp_protocol, offsetof(struct conf, listen_rtpproxy), notify_of },
};

const size_t n_protocol_rows = COUNT(protocol_rows);

const struct conf_list *protocol_listens(const struct protocol_row *row, const struct conf *conf)
{
	return (const void *)((const char *)conf + row->listen);
}
