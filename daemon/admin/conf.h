/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf.h - what the control socket is opened with */
#ifndef RTPRELAY_ADMIN_CONF_H
#define RTPRELAY_ADMIN_CONF_H

#include "call/table.h"
#include "conf/conf.h"

/* All borrowed. */
struct admin_conf {
	struct event_base *base;
	int fd;	   /* listening; -1: connections come by admin_accept() only (tests) */
	gid_t gid; /* its members may read */
	unsigned int mode;
	struct call_table *calls;
	struct events *events;
	const struct conf *conf;
};

#endif
