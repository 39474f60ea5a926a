/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay.h - struct relay: all that the daemon holds, in the order of starting
 */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <sys/types.h>
#include "admin/admin.h"
#include "admin/socket.h"
#include "call/events.h"
#include "call/restore.h"
#include "call/sweep.h"
#include "ctl/ctl.h"
#include "detach.h"
#include "rtpproxy/notify.h"
#include "stats/stats.h"
#include "web/web.h"

/* In the order of starting; stopping goes backwards. */
struct relay {
	int argc;
	char **argv;
	struct conf conf;
	int ready_fd; /* of detach(); -1 in the foreground */
	struct pidfile pidfile;
	struct admin_socket admin_socket;
	gid_t admin_gid;
	struct event_base *base;
	struct iface_table *ifaces;
	struct stats stats;
	struct endpoint *own; /* addresses of @ifaces */
	size_t n_own;
	struct worker_pool *workers;
	struct kmod *kmod;	    /* NULL: no kernel path */
	struct nft *nft;	    /* NULL: no firewall */
	struct rtpp_notify *notify; /* NULL: nobody is told of time-outs */
	struct cdr_file *cdr_file;  /* NULL: none */
	struct call_table *calls;
	struct sweep sweep;
	struct journal_calls journal_calls;
	struct journal *journal; /* NULL: calls are not kept */
	struct arena *arena;
	struct command_env env;
	struct ctl *ctl;
	struct events events;
	struct admin *admin;
	struct web *web; /* NULL: no HTTP */
	struct event *on_term, *on_int, *on_hup, *on_workers, *on_kmod, *on_nft, *on_second,
		*on_watchdog;
	bool stopping, done;
	bool kept; /* calls go on in the next daemon: what the kernel has stays */
};

/*
 * Starts all parts but the events of the loop. What failed has been logged; what was started before it is there
 * and has to be stopped. Return: 0; -errno
 */
int relay_start(struct relay *relay);

/* What calls have of the configuration and of the other parts, as both are now. */
struct call_table_conf relay_calls_conf(struct relay *relay);

#endif
