/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * start.c - starts the parts of the daemon, each from the configuration and the parts before it
 *
 * The steps, in order; each is in the file of its subject, X_start.c.
 */
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include "base/count.h"
#include "call/table.h"
#include "calls_start.h"
#include "control_start.h"
#include "dtls_start.h"
#include "external_start.h"
#include "kernel_start.h"
#include "media_start.h"
#include "portmap_start.h"
#include "process_start.h"
#include "recorder_start.h"
#include "relay.h"
#include "stun_start.h"

int relay_failed(const char *what, int err)
{
	log_err("%s: %s", what, strerror(-err));
	return err;
}

void relay_apply_conf(struct relay *relay)
{
	struct call_table_conf limits = relay_calls_conf(relay);

	log_set_levels(&relay->conf.log_levels);
	call_table_set_limits(relay->calls, &limits);
	stun_apply_conf(relay);
}

/* Messages of libevent: they show an error in this program, or a lack of memory. */
static void on_libevent_message(int severity, const char *message)
{
	log_msg(severity >= EVENT_LOG_WARN ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "libevent: %s",
		message);
}

static int start_loop(struct relay *relay)
{
	struct event_config *config = event_config_new();

	event_set_log_callback(on_libevent_message);
	if (config && !event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK))
		relay->base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return relay->base ? 0 : relay_failed("cannot create the event loop", -ENOMEM);
}

/* Addresses that came or went while the parts were started. */
static int start_follow(struct relay *relay)
{
	relay_follow(relay);
	return 0;
}

int relay_start(struct relay *relay)
{
	static int (*const steps[])(struct relay *) = {
		start_background,   start_pidfile,	start_control_socket,
		start_unprivileged, start_loop,		start_ifaces,
		external_prepare,   start_local,	portmap_prepare,
		start_media_list,   start_claims,	start_destinations,
		start_steer,	    start_kernel,	start_without_loading,
		start_confinement,  start_workers,	start_firewall,
		start_notify,	    start_cdr_file,	start_homer,
		start_dtmf,	    start_prompts,	stun_start,
		dtls_start,	    recorder_start,	start_calls,
		start_journal,	    recorder_leftovers, start_drain,
		start_bans,	    start_table,	start_flows,
		start_follow,	    start_control,	start_admin,
		external_start,	    portmap_start,	start_web,
	};
	int err = 0;

	for (size_t i = 0; i < COUNT(steps) && !err; i++)
		err = steps[i](relay);
	return err;
}
