/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * admin.h - the control socket of rtprelayctl: who is connected, what is asked, answers in slices
 *
 * The contract with the other side is include/ctl_proto.h. Control thread only.
 */
#ifndef RTPRELAY_ADMIN_H
#define RTPRELAY_ADMIN_H

#include "call.h"
#include "conf.h"

struct admin;

/* All borrowed. */
struct admin_conf {
	struct event_base *base;
	int fd;	   /* listening; -1: connections come by admin_accept() only (tests) */
	gid_t gid; /* reading is for its members */
	unsigned int mode;
	struct call_table *calls;
	struct events *events;
	const struct conf *conf;
};

/* NULL: out of memory */
struct admin *admin_open(const struct admin_conf *conf);
/* Cuts all connections. Takes NULL. */
void admin_close(struct admin *admin);
/* Somebody is connected by @fd, which is admin's from here. */
void admin_accept(struct admin *admin, int fd);
/* Connections now. */
size_t admin_count(const struct admin *admin);

#endif
