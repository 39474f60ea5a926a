/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay.h - struct relay: all parts of the daemon, in the order of starting
 */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <sys/types.h>
#include "admin/admin.h"
#include "admin/socket.h"
#include "call/ban_visit.h"
#include "call/bans.h"
#include "call/events.h"
#include "call/restore.h"
#include "call/recorded.h"
#include "call/sweep.h"
#include "call/timeout_post.h"
#include "ctl/ctl.h"
#include "claim.h"
#include "destinations.h"
#include "detach.h"
#include "dtls/service.h"
#include "dtmf/sender.h"
#include "homer/homer.h"
#include "nat/external.h"
#include "nat/portmap.h"
#include "nat/stun_service.h"
#include "rtpproxy/notify.h"
#include "stats/stats.h"
#include "web/web.h"

/* In the order of starting; stopping is in reverse order. */
struct relay {
	int argc;
	char **argv;
	struct conf conf;
	int ready_fd; /* of detach(); -1 in the foreground */
	struct pidfile pidfile;
	struct admin_socket admin_socket;
	gid_t admin_gid, cdr_gid, recording_gid;
	struct event_base *base;
	struct iface_table *ifaces;
	struct external *external; /* NULL: no interface has "!auto" */
	struct portmap *portmap;   /* NULL: no router has to forward ports */
	struct cidr *local;	   /* local-networks */
	size_t n_local;
	struct claims claims;
	struct stats stats;
	/* Addresses of @ifaces, first bound, then as many advertised: with ports, and without. */
	struct addr_ports *media;
	struct endpoint *own; /* as they were at the start; media threads read it */
	size_t n_media, n_own;
	bool unfollowed;     /* addresses of devices have changed, and not all parts know it */
	struct steer *steer; /* NULL: not available */
	struct destinations destinations;
	struct worker_pool *workers;
	struct kmod *kmod;		   /* NULL: no kernel path */
	struct nft *nft;		   /* NULL: no firewall */
	struct rtpp_notify *notify;	   /* NULL: no notification of time-outs */
	struct timeout_post *timeout_post; /* NULL: none to HTTP servers */
	struct cdr_file *cdr_file;	   /* NULL: none */
	struct prompt_store *prompts;	   /* NULL: none can be played */
	struct homer *homer;		   /* NULL: no reports */
	struct dtmf_sender *dtmf;	   /* keys that phones press, by datagrams */
	struct dtls_service *dtls;	   /* NULL: DTLS passes through */
	struct recorder *recorder;
	struct kernel_source *kernel_source; /* NULL: the kernel path cannot be the module */
	struct record_dir *record_dir;	     /* NULL: recording-dir is not set */
	struct recorded_conf recorded;
	struct ring recordings; /* that are not over */
	int64_t stop_ms;	/* when the end began; 0: it did not */
	bool recorder_hangs;	/* its thread has not ended: only _exit() ends the process */
	struct stun_sites stun_sites;
	struct stun_service *stun; /* NULL: none */
	struct call_table *calls;
	struct sweep sweep;
	struct journal_calls journal_calls;
	struct journal *journal; /* NULL: calls are not kept */
	struct bans *bans;
	struct ban_visit ban_visit;
	struct arena *arena;
	struct command_env env;
	struct ctl *ctl;
	struct events events;
	struct admin *admin;
	struct web *web; /* NULL: no HTTP */
	struct event *on_term, *on_int, *on_hup, *on_workers, *on_dtls, *on_recorder, *on_kmod,
		*on_nft, *on_addresses, *on_external, *on_portmap, *on_portmap_work, *on_second,
		*on_watchdog;
	bool stopping, done;
	bool untold; /* not all media threads have the set of @destinations */
	bool kept;   /* calls continue in the next daemon: flows and table stay in the kernel */
};

/*
 * Starts all parts but the events of the loop. Return: 0; -errno: logged; the parts started before
 * must be stopped.
 */
int relay_start(struct relay *relay);
/* Logs "@what: error". Return: @err */
int relay_failed(const char *what, int err);

/* The configuration and the other parts that calls use, in their current state. */
struct call_table_conf relay_calls_conf(struct relay *relay);
/* Passes relay->conf to the parts, after keys changed that may change while the daemon runs. */
void relay_apply_conf(struct relay *relay);

/*
 * After addresses of this host were added or removed, and once a second: interfaces that are
 * devices get those addresses, and other parts learn of it.
 */
void relay_follow(struct relay *relay);
/* Makes relay->media again from the interfaces. 0; -ENOMEM: it is unchanged */
int relay_list_media(struct relay *relay);

#endif
