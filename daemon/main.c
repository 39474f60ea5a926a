/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - starts, runs and stops the relay; start reading the daemon here
 *
 * A command is received by ctl/, parsed by ng/ or rtpproxy/, and executed by command/, which works
 * on calls, dialogs and medias (call/). Each media has a bridge in a media thread (packet/): its
 * streams forward packets, and latching (packet/latch.h) decides from which source. One event loop
 * runs everything but the media threads; these never wait for it.
 */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/confine.h"
#include "call/call.h"
#include "call/cdr_file.h"
#include "call/copies_deny.h"
#include "call/refusals.h"
#include "call/table.h"
#include "check.h"
#include "conf/load.h"
#include "external_start.h"
#include "nat/upnp_serve.h"
#include "packet/pool.h"
#include "packet/steer.h"
#include "port/iface.h"
#include "port/ranges.h"
#include "portmap_start.h"
#include "record/recorder.h"
#include "recorder_start.h"
#include "relay.h"
#include "prompt/store.h"
#include "report/report.h"
#include "version.h"

#define STOP_PATIENCE_US 700000L /* for media threads to close their sockets */
#define END_PATIENCE_S	 8	 /* for routers to end their mappings, some of which are slow */

static void on_workers(evutil_socket_t fd, short what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	worker_pool_dispatch(relay->workers);
}

static void on_recorder(evutil_socket_t fd, short what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	recorder_dispatch(relay->recorder);
}

static void on_dtls(evutil_socket_t fd, short what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	dtls_service_dispatch(relay->dtls);
}

static void on_kmod(evutil_socket_t fd, short what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	kmod_dispatch(relay->kmod);
}

/* An address of this host that comes may be one that a control socket listens at. */
static void refresh_addresses(struct relay *relay)
{
	bool news = destinations_news(&relay->destinations);

	if ((news || relay->unfollowed) && !relay->stopping)
		relay_follow(relay);
	if (news)
		external_check(relay->external);
	if (!(relay->untold |= destinations_refresh(&relay->destinations)))
		return;
	relay->untold = worker_pool_deny(relay->workers, relay->destinations.deny);
	if (!relay->untold)
		copies_follow_deny(relay->calls, clock_ms());
}

static void on_addresses(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	refresh_addresses(arg);
}

static void on_external(evutil_socket_t fd, short what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	if (!relay->stopping)
		external_news_came(relay);
}

static void on_portmap(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	portmap_news_came(arg);
}

static void on_nft(evutil_socket_t fd, short what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	nft_dispatch(relay->nft);
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	refresh_addresses(relay);
	portmap_work(relay->portmap);
	nft_tick(relay->nft);
	kmod_tick(relay->kmod, clock_ms());
	if (!relay->stopping)
		sweep_tick(&relay->sweep, relay->calls, clock_ms());
	stats_sample(&relay->stats, relay->calls, clock_ms());
	if (relay->conf.max_load > 0 || relay->conf.max_cpu > 0)
		load_sample(&relay->stats.load);
	recorder_tick(relay);
	refusals_tick(relay->calls, clock_ms());
	trace_calls_tick(&relay->calls->traces, clock_ms());
	log_tick();
}

static void on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	sd_notify(0, "WATCHDOG=1");
}

static void on_patience_ended(evutil_socket_t fd, short what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	relay->done = true;
}

/*
 * Writes the calls to disk for the next daemon, which then owns the kernel's flows and the open
 * ports. False: the calls end with this daemon, because there is no journal or it cannot be
 * written.
 */
static bool keep_calls(struct relay *relay)
{
	bool kept = relay->journal && call_table_count(relay->calls);

	call_table_touch(relay->calls);
	kept = !journal_close(relay->journal) && kept;
	relay->journal = relay->calls->journal = NULL;
	if (!kept)
		return false;
	if (relay->on_kmod)
		event_del(relay->on_kmod);
	if (relay->on_nft)
		event_del(relay->on_nft);
	kmod_let_go(relay->kmod);
	return true;
}

static void end_calls(struct relay *relay)
{
	relay->kept = keep_calls(relay);
	if (relay->kept)
		call_table_leave_all(relay->calls);
	else
		call_table_close_all(relay->calls);
}

/* Ends commands and calls; the loop continues until the media threads have closed their sockets. */
static void on_stop(evutil_socket_t number, short what, void *arg)
{
	struct relay *relay = arg;
	const struct timeval patience = { relay->portmap ? END_PATIENCE_S : 0, STOP_PATIENCE_US };

	(void)what;
	if (relay->stopping) {
		relay->done = true; /* second signal: stop at once */
		return;
	}
	relay->stopping = true;
	relay->stop_ms = clock_ms();
	log_notice("stopping on signal %d, with %zu call%s", (int)number,
		   call_table_count(relay->calls), str_plural(call_table_count(relay->calls)));
	sd_notify(0, "STOPPING=1");
	ctl_close(relay->ctl);
	relay->ctl = NULL;
	web_close(relay->web);
	relay->web = NULL;
	end_calls(relay);
	portmap_end(relay->portmap, relay->kept);
	if (event_base_once(relay->base, -1, EV_TIMEOUT, on_patience_ended, relay, &patience))
		relay->done = true;
}

static void on_reload(evutil_socket_t number, short what, void *arg)
{
	struct relay *relay = arg;
	struct conf fresh;

	(void)number;
	(void)what;
	if (relay->stopping)
		return;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIi64, clock_us());
	log_reopen();
	cdr_file_reopen(relay->cdr_file);
	if (conf_load(&fresh, relay->argc, relay->argv)) {
		log_err("reload: failed, the configuration is unchanged");
	} else {
		if (!conf_reload(&relay->conf, &fresh))
			log_notice("reload: no change that takes effect without a restart");
		relay_apply_conf(relay);
		external_check(relay->external);
		conf_free(&fresh);
	}
	sd_notify(0, "READY=1");
}

static struct event *event_start(struct relay *relay, int fd, short what, event_callback_fn fn,
				 uint64_t every_us)
{
	const struct timeval every = { (time_t)(every_us / 1000000),
				       (suseconds_t)(every_us % 1000000) };
	struct event *event = event_new(relay->base, fd, what | EV_PERSIST, fn, relay);

	if (event && event_add(event, every_us ? &every : NULL)) {
		event_free(event);
		return NULL;
	}
	return event;
}

static int start_events(struct relay *relay)
{
	uint64_t watchdog_us = 0;
	bool watched = sd_watchdog_enabled(0, &watchdog_us) > 0;

	relay->on_term = event_start(relay, SIGTERM, EV_SIGNAL, on_stop, 0);
	relay->on_int = event_start(relay, SIGINT, EV_SIGNAL, on_stop, 0);
	relay->on_hup = event_start(relay, SIGHUP, EV_SIGNAL, on_reload, 0);
	relay->on_workers =
		event_start(relay, worker_pool_fd(relay->workers), EV_READ, on_workers, 0);
	if (relay->dtls)
		relay->on_dtls =
			event_start(relay, dtls_service_fd(relay->dtls), EV_READ, on_dtls, 0);
	relay->on_recorder =
		event_start(relay, recorder_fd(relay->recorder), EV_READ, on_recorder, 0);
	if (relay->kmod)
		relay->on_kmod = event_start(relay, kmod_news_fd(relay->kmod), EV_READ, on_kmod, 0);
	if (relay->nft)
		relay->on_nft = event_start(relay, nft_news_fd(relay->nft), EV_READ, on_nft, 0);
	if (relay->destinations.fd >= 0)
		relay->on_addresses =
			event_start(relay, relay->destinations.fd, EV_READ, on_addresses, 0);
	if (relay->external)
		relay->on_external =
			event_start(relay, external_fd(relay->external), EV_READ, on_external, 0);
	if (relay->portmap)
		relay->on_portmap =
			event_start(relay, portmap_fd(relay->portmap), EV_READ, on_portmap, 0);
	relay->on_second = event_start(relay, -1, 0, on_second, 1000000);
	if (watched)
		relay->on_watchdog = event_start(relay, -1, 0, on_watchdog, watchdog_us / 2);
	if (relay->on_term && relay->on_int && relay->on_hup && relay->on_workers &&
	    relay->on_second && (relay->on_kmod || !relay->kmod) &&
	    (relay->on_nft || !relay->nft) && (relay->on_addresses || relay->destinations.fd < 0) &&
	    (relay->on_external || !relay->external) && (relay->on_portmap || !relay->portmap) &&
	    (relay->on_watchdog || !watched))
		return 0;
	log_err("cannot set up the event loop: %s", strerror(ENOMEM));
	return -ENOMEM;
}

static void open_log(const struct conf *conf, enum log_target target)
{
	log_set_facility(conf->syslog_facility);
	log_open(target, (enum log_level)conf->log_levels.general);
	log_set_levels(&conf->log_levels);
}

/* Standard error is about to become /dev/null. The last line there says where the next ones are. */
static void log_in_background(const struct relay *relay)
{
	enum log_target target = log_target_background();

	if (target == LOG_TO_STDERR)
		log_warn("there is no syslog (/dev/log) and no journal: messages of the daemon in "
			 "the background are lost; install one, or use --foreground");
	else
		log_notice("messages of the daemon in the background go to the %s; "
			   "--log-facility=%s",
			   target == LOG_TO_SYSLOG ? "syslog" : "journal",
			   target == LOG_TO_SYSLOG ? "syslog" : "journal");
	open_log(&relay->conf, target == LOG_TO_STDERR ? LOG_TO_SYSLOG : target);
}

static void relay_ready(struct relay *relay)
{
	char ranges[400];

	if (!relay->conf.foreground && relay->conf.log_facility == LOG_TO_STDERR)
		log_in_background(relay);
	detach_ready(relay->ready_fd);
	relay->ready_fd = -1;
	sd_notify(0, "READY=1");
	log_notice("rtprelayd " RTPRELAY_VERSION " is ready: ports %s, interfaces: %zu, pairs of "
		   "ports: %zu",
		   iface_ranges_print(relay->ifaces, ranges, sizeof(ranges)),
		   iface_count(relay->ifaces), iface_pairs(relay->ifaces));
}

/*
 * Requests to the kernel and to the media threads are collected and sent at the end of each turn of
 * the loop. The kernel is first, because its answers cause requests to the media threads.
 */
static void relay_run(struct relay *relay)
{
	while (!relay->done && !event_base_loop(relay->base, EVLOOP_ONCE)) {
		kmod_flush(relay->kmod);
		if (!relay->kept)
			nft_flush(relay->nft);
		bans_flush(relay->bans);
		worker_pool_flush(relay->workers);
		if (relay->stopping && !call_table_closing(relay->calls) &&
		    portmap_is_done(relay->portmap))
			relay->done = true;
	}
}

static void event_stop(struct event *event)
{
	if (event)
		event_free(event);
}

/* Also after a failed start. Media threads end before the calls whose sockets they use. */
static void relay_stop(struct relay *relay)
{
	if (relay->calls && call_table_count(relay->calls))
		end_calls(relay); /* restored calls: keep them for the next daemon */
	event_stop(relay->on_watchdog);
	event_stop(relay->on_second);
	sweep_end(&relay->sweep);
	event_stop(relay->on_portmap_work);
	event_stop(relay->on_portmap);
	event_stop(relay->on_external);
	event_stop(relay->on_addresses);
	event_stop(relay->on_nft);
	event_stop(relay->on_kmod);
	event_stop(relay->on_dtls);
	event_stop(relay->on_recorder);
	event_stop(relay->on_workers);
	event_stop(relay->on_hup);
	event_stop(relay->on_int);
	event_stop(relay->on_term);
	web_close(relay->web);
	admin_close(relay->admin);
	ctl_close(relay->ctl);
	arena_free(relay->arena);
	journal_close(relay->journal);
	ban_visit_end(&relay->ban_visit);
	bans_close(relay->bans);
	recorder_stop(relay);		/* it reads rings of media threads */
	dtls_service_stop(relay->dtls); /* it sends by them */
	worker_pool_free(relay->workers);
	steer_free(relay->steer);
	destinations_close(&relay->destinations);
	free(relay->own);
	free(relay->media);
	call_table_free(relay->calls);
	dtls_service_close(relay->dtls);
	prompt_store_close(relay->prompts); /* bridges had references */
	cdr_file_close(relay->cdr_file);
	homer_close(relay->homer);
	dtmf_sender_close(relay->dtmf);
	stun_service_close(relay->stun);
	arena_free(relay->journal_calls.arena);
	nft_close(relay->nft, relay->kept);
	timeout_post_close(relay->timeout_post);
	rtpp_notify_close(relay->notify);
	kmod_close(relay->kmod, true);
	claims_give(&relay->claims);
	external_free(relay->external);
	portmap_free(relay->portmap);
	free(relay->local);
	iface_table_free(relay->ifaces);
	if (relay->base)
		event_base_free(relay->base);
	admin_socket_close(&relay->admin_socket);
	pidfile_close(&relay->pidfile);
	conf_free(&relay->conf);
}

static int check_only(const struct conf *conf)
{
	unsigned int mistakes = check_conf(conf) + check_degraded(conf);

	if (mistakes)
		log_err("errors in the configuration: %u", mistakes);
	else
		puts("configuration is valid");
	return mistakes ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct relay relay = { .argc = argc,
			       .argv = argv,
			       .ready_fd = -1,
			       .destinations = { .fd = -1 },
			       .pidfile = { NULL, -1 },
			       .admin_socket = { .fd = -1 } };
	int result;

	if ((argc == 2 || argc == 3) && !strcmp(argv[1], UPNP_ARGUMENT))
		return upnp_serve(argc == 3 && !strcmp(argv[2], UPNP_CONFINED));
	result = conf_load(&relay.conf, argc, argv);
	if (result)
		return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (relay.conf.check_config) {
		result = check_only(&relay.conf);
		conf_free(&relay.conf);
		return result;
	}
	open_log(&relay.conf, relay.conf.log_facility);
	signal(SIGPIPE, SIG_IGN);
	result = check_conf(&relay.conf) ? -EINVAL : 0;
	if (!result) {
		check_host(&relay.conf);
		result = relay_start(&relay);
	}
	if (!result)
		result = start_events(&relay);
	if (!result) {
		confine_thread(THREAD_CONTROL);
		relay_ready(&relay);
		relay_run(&relay);
		log_notice("stopped");
	}
	relay_stop(&relay);
	result = result ? EXIT_FAILURE : EXIT_SUCCESS;
	/* exit() would write what files of recordings have in memory, and wait for their disk. */
	if (relay.recorder_hangs)
		_exit(result);
	return result;
}
