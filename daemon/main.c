/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main.c - struct relay: all that is held, in start order; the daemon's contents page
 *
 * A command comes in by ctl, is understood by ng, done by command, which works on call, dialog and media;
 * each media is a bridge of a worker, whose streams forward what they hear once nat_latch has learned from
 * whom. One loop runs all but the media threads; they never wait for it.
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
#include "admin.h"
#include "admin_socket.h"
#include "call.h"
#include "check.h"
#include "clock.h"
#include "ctl.h"
#include "ctl_proto.h"
#include "detach.h"
#include "journal_call.h"
#include "privs.h"
#include "rtpp_notify.h"
#include "web.h"

#define ARENA_CHUNK                                                                                \
	((size_t)256 * 1024) /* more than a command of the largest datagram usually takes */
#define RECORD_CHUNK	 ((size_t)16 * 1024) /* more than the record of nearly any call */
#define STOP_PATIENCE_US 700000L	     /* for media threads to close their sockets */

/* In the order of starting; relay_stop() goes backwards. */
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
	struct worker_pool *workers;
	struct kmod *kmod;	    /* NULL: no kernel path */
	struct nft *nft;	    /* NULL: no firewall */
	struct rtpp_notify *notify; /* NULL: nobody is told of time-outs */
	struct cdr_file *cdr_file;  /* NULL: none */
	struct call_table *calls;
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

static struct call_table_conf calls_conf(struct relay *relay)
{
	const struct conf *conf = &relay->conf;

	return (struct call_table_conf){
		.base = relay->base,
		.ifaces = relay->ifaces,
		.workers = relay->workers,
		.kmod = relay->kmod,
		.nft = relay->nft,
		.stats = &relay->stats,
		.cdr_file = relay->cdr_file,
		.events = &relay->events,
		.timed_out = relay->notify ? rtpp_notify_timed_out : NULL,
		.timed_out_arg = relay->notify,
		.timeout_s = conf->timeout_s,
		.silent_timeout_s = conf->silent_timeout_s,
		.offer_timeout_s = conf->offer_timeout_s,
		.delete_delay_s = conf->delete_delay_s,
		.max_sessions = conf->max_sessions,
		.tos = conf->tos,
		.latching = conf->latching,
	};
}

static void on_bridge(void *arg, struct bridge *bridge, enum bridge_event event, enum side side,
		      enum component comp)
{
	struct relay *relay = arg;

	call_bridge_event(relay->calls, bridge, event, side, comp);
}

static void on_kmod_event(void *arg, enum kmod_event event, struct kmod_flow *flow,
			  const struct kmod_stranger *stranger)
{
	struct relay *relay = arg;

	call_kmod_event(relay->calls, event, flow, stranger);
}

/* Where nobody else can have a port, a flow is ours. */
static bool owns_local(void *arg, const struct endpoint *local)
{
	const struct relay *relay = arg;
	uint16_t port = endpoint_port(local);

	if (port < relay->conf.port_min || port > relay->conf.port_max)
		return false;
	for (size_t i = 0; i < iface_count(relay->ifaces); i++)
		if (endpoint_addr_eq(&iface_at(relay->ifaces, i)->bind, local))
			return true;
	return false;
}

/* Commands have been done: what they ask of the media threads goes out with one wake-up for each. */
static void on_batch(void *arg)
{
	struct relay *relay = arg;

	nft_flush(relay->nft);
	worker_pool_flush(relay->workers);
}

static void on_workers(evutil_socket_t fd, short what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	worker_pool_dispatch(relay->workers);
}

static void on_kmod(evutil_socket_t fd, short what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	kmod_dispatch(relay->kmod);
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
	nft_tick(relay->nft);
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
 * Calls are on disk for the next daemon: from here the kernel's flows and open ports are its. False: they end with
 * us, since there is no journal or it cannot be written.
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

/* No more commands, all calls end; the loop goes on until the media threads have closed their sockets. */
static void on_stop(evutil_socket_t number, short what, void *arg)
{
	const struct timeval patience = { 0, STOP_PATIENCE_US };
	struct relay *relay = arg;

	(void)what;
	if (relay->stopping) {
		relay->done = true; /* asked twice */
		return;
	}
	relay->stopping = true;
	log_notice("ending on signal %d with %zu calls", (int)number,
		   call_table_count(relay->calls));
	sd_notify(0, "STOPPING=1");
	ctl_close(relay->ctl);
	relay->ctl = NULL;
	web_close(relay->web);
	relay->web = NULL;
	end_calls(relay);
	if (event_base_once(relay->base, -1, EV_TIMEOUT, on_patience_ended, relay, &patience))
		relay->done = true;
}

static void on_reload(evutil_socket_t number, short what, void *arg)
{
	struct relay *relay = arg;
	struct call_table_conf limits;
	struct conf fresh;

	(void)number;
	(void)what;
	if (relay->stopping)
		return;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIi64, clock_us());
	log_reopen();
	cdr_file_reopen(relay->cdr_file);
	if (conf_load(&fresh, relay->argc, relay->argv)) {
		log_err("reload: the configuration stays as it was");
	} else {
		if (!conf_reload(&relay->conf, &fresh))
			log_notice("reload: nothing has changed that can change while running");
		log_set_level(relay->conf.log_level);
		limits = calls_conf(relay);
		call_table_set_limits(relay->calls, &limits);
		conf_free(&fresh);
	}
	sd_notify(0, "READY=1");
}

/* The loop's own complaints; they tell of a mistake in this program, or of no memory. */
static void on_libevent_message(int severity, const char *message)
{
	log_msg(severity >= EVENT_LOG_WARN ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "libevent: %s",
		message);
}

static int failed(const char *what, int err)
{
	log_err("%s: %s", what, strerror(-err));
	return err;
}

static int start_background(struct relay *relay)
{
	if (relay->conf.foreground)
		return 0;
	relay->ready_fd = detach();
	return relay->ready_fd < 0 ? failed("going into the background", relay->ready_fd) : 0;
}

static int start_pidfile(struct relay *relay)
{
	const char *path = relay->conf.pidfile;
	long other = 0;
	int err = path ? pidfile_open(&relay->pidfile, path, &other) : 0;

	if (err == -EEXIST)
		log_err("%s: process %ld is running already", path, other);
	else if (err)
		failed(path, err);
	return err;
}

static bool listens_low(const struct conf_list *list)
{
	bool low = false;

	for (size_t i = 0; i < list->count; i++) {
		const char *text = list->item[i], *colon = strrchr(text, ':');

		low = low || (!strstr(text, "unix:") &&
			      strtoul(colon ? colon + 1 : text, NULL, 10) < 1024);
	}
	return low;
}

/* Does any port that will be bound need CAP_NET_BIND_SERVICE? */
static bool has_low_port(const struct conf *conf)
{
	return conf->port_min < 1024 || listens_low(&conf->listen_ng) ||
	       listens_low(&conf->listen_rtpproxy) || listens_low(&conf->listen_http);
}

/* "660" to 0660 */
static unsigned int octal(unsigned int digits)
{
	return (digits / 100 % 10 & 7) << 6 | (digits / 10 % 10 & 7) << 3 | (digits % 10 & 7);
}

/* While still root, for who may not make a directory in /run. Only a path that was asked for has to work. */
static int start_admin_socket(struct relay *relay)
{
	const struct conf *conf = &relay->conf;
	struct admin_socket_conf socket = { .path = conf->control_socket,
					    .mode = octal(conf->control_mode) };
	struct privs_user user, group;
	const char *name = "";
	int err;

	if (socket.path && !strcmp(socket.path, "none"))
		return 0;
	if (!socket.path)
		socket.path = CTL_PROTO_PATH;
	err = privs_find_user(conf->user, conf->group, &user, &name);
	if (!err)
		err = privs_find_user(NULL, conf->control_group, &group, &name);
	if (err)
		return failed(name, err);
	socket.uid = user.uid;
	socket.gid = relay->admin_gid = conf->control_group ? group.gid : user.gid;
	err = admin_socket_open(&relay->admin_socket, &socket, &name);
	if (err && conf->control_socket)
		log_err("control-socket %s: %s: %s", socket.path, name, strerror(-err));
	else if (err)
		log_notice("no control socket for rtprelayctl: %s: %s: %s", socket.path, name,
			   strerror(-err));
	return conf->control_socket ? err : 0;
}

static int start_unprivileged(struct relay *relay)
{
	struct privs_user user;
	const char *name = "";
	int err = privs_find_user(relay->conf.user, relay->conf.group, &user, &name);

	if (err)
		return failed(name, err);
	err = privs_drop(&user, has_low_port(&relay->conf));
	if (err)
		return failed("giving up privileges", err);
	if (!geteuid())
		log_notice("running as root; give a user (user=) to become");
	return 0;
}

static int start_loop(struct relay *relay)
{
	struct event_config *config = event_config_new();

	event_set_log_callback(on_libevent_message);
	if (config && !event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK))
		relay->base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return relay->base ? 0 : failed("event loop", -ENOMEM);
}

static int start_ifaces(struct relay *relay)
{
	const struct conf *conf = &relay->conf;
	const char *error;

	relay->ifaces = iface_table_new((uint16_t)conf->port_min, (uint16_t)conf->port_max,
					conf->port_quarantine_s * 1000LL);
	if (!relay->ifaces)
		return failed("interfaces", -ENOMEM);
	for (size_t i = 0; i < conf->interface.count; i++) {
		int err = iface_table_add(relay->ifaces, str_of(conf->interface.item[i]), &error);

		if (!err)
			continue;
		log_err("interface %s: %s", conf->interface.item[i], error);
		return err;
	}
	return 0;
}

/* Signals are for the control thread: those started here inherit a mask without any. */
static int start_workers(struct relay *relay)
{
	const struct worker_pool_conf conf = {
		.threads = relay->conf.media_threads,
		.patience_ms = relay->conf.latch_patience_ms,
		.window_ms = relay->conf.latch_window_ms,
		.event = on_bridge,
		.arg = relay,
	};
	sigset_t all, old;
	int err = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	relay->workers = worker_pool_new(&conf, &err);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return relay->workers ? 0 : failed("media threads", err);
}

static int start_kernel(struct relay *relay)
{
	struct kmod_conf conf = { .event = on_kmod_event, .owns = owns_local, .arg = relay };
	int err = 0;

	if (relay->conf.kernel == KMOD_OFF)
		return 0;
	conf.link = kmod_link_open(&err);
	if (conf.link)
		relay->kmod = kmod_open(&conf);
	else
		log_warn("generic netlink: %s: media is relayed in user space", strerror(-err));
	if (conf.link && !relay->kmod)
		return failed("kernel path", -ENOMEM);
	if (relay->conf.kernel != KMOD_REQUIRE || kmod_available(relay->kmod))
		return 0;
	log_err("kernel=require: there is no kernel module that can be used");
	return -ENODEV;
}

static int refused_table(int err)
{
	if (err == -EPERM)
		log_err("firewall: making table inet rtprelay needs CAP_NET_ADMIN; firewall=none "
			"does without");
	else
		log_err("firewall: the kernel refused table inet rtprelay: %s; firewall=none does "
			"without",
			strerror(-err));
	return err;
}

static int start_firewall(struct relay *relay)
{
	size_t n = iface_count(relay->ifaces);
	struct nft_conf conf = { .port_min = (uint16_t)relay->conf.port_min,
				 .port_max = (uint16_t)relay->conf.port_max,
				 .mode = relay->conf.firewall };
	struct endpoint *addrs;
	int err;

	if (conf.mode == FIREWALL_NONE) {
		if (nft_left_over())
			log_warn("firewall=none, but there is a table inet rtprelay, of another "
				 "daemon or one that was killed: nft delete table inet rtprelay");
		return 0;
	}
	addrs = calloc(n, sizeof(*addrs));
	if (!addrs)
		return failed("firewall", -ENOMEM);
	for (size_t i = 0; i < n; i++)
		addrs[i] = iface_at(relay->ifaces, i)->bind;
	conf.addrs = addrs;
	conf.n_addrs = n;
	relay->nft = nft_open(&conf, &err);
	free(addrs);
	return relay->nft ? 0 : refused_table(err);
}

/* Calls of a daemon before this one have their ports open again when this replaces its table. */
static int start_table(struct relay *relay)
{
	int err = nft_flush(relay->nft);

	return err ? refused_table(err) : 0;
}

static int start_notify(struct relay *relay)
{
	const char *error;

	if (!relay->conf.notify.count)
		return 0;
	relay->notify = rtpp_notify_open(relay->base, &relay->conf.notify, &error);
	if (relay->notify)
		return 0;
	log_err("%s", error);
	return -EINVAL;
}

static int start_calls(struct relay *relay)
{
	const struct call_table_conf conf = calls_conf(relay);

	relay->stats.started_ms = clock_ms();
	relay->calls = call_table_new(&conf);
	return relay->calls ? 0 : failed("table of calls", -ENOMEM);
}

/* Calls of the daemon before this one go on. */
static int start_journal(struct relay *relay)
{
	const struct journal_conf conf = {
		.dir = relay->conf.state_dir,
		.base = relay->base,
		.encode = journal_call_encode,
		.restore = journal_call_restore,
		.arg = &relay->journal_calls,
	};
	int err = 0;

	if (!conf.dir || relay->conf.state == STATE_NONE)
		return 0;
	relay->journal_calls = (struct journal_calls){ relay->calls, arena_new(RECORD_CHUNK) };
	if (!relay->journal_calls.arena)
		return failed("journal", -ENOMEM);
	relay->journal = relay->calls->journal = journal_open(&conf, &err);
	if (err != -ENOSPC && err != -EIO)
		return err;
	/* A disk that fails is no reason to serve nobody. */
	log_err("journal: calls are not kept: a restart will end them");
	return 0;
}

/* What it has left in the kernel: flows of calls that go on stay, others are removed. */
static int start_flows(struct relay *relay)
{
	call_table_follow(relay->calls);
	kmod_adopt(relay->kmod);
	return 0;
}

static int start_control(struct relay *relay)
{
	const struct ctl_conf conf = {
		.listen_ng = &relay->conf.listen_ng,
		.control_allow = &relay->conf.control_allow,
		.replay_entries = relay->conf.replay_entries,
		.replay_mbytes = relay->conf.replay_mbytes,
		.listen_rtpproxy = &relay->conf.listen_rtpproxy,
		.notify = relay->notify,
	};
	const char *error = "out of memory";

	relay->arena = arena_new(ARENA_CHUNK);
	if (!relay->arena)
		return failed("control", -ENOMEM);
	relay->env = (struct command_env){ .calls = relay->calls,
					   .stats = &relay->stats,
					   .arena = relay->arena };
	relay->ctl = ctl_open(relay->base, &conf, &relay->env, on_batch, relay, &error);
	if (relay->ctl)
		return 0;
	log_err("%s", error);
	return -EINVAL;
}

static int start_admin(struct relay *relay)
{
	const struct admin_conf conf = {
		.base = relay->base,
		.fd = relay->admin_socket.fd,
		.gid = relay->admin_gid,
		.mode = octal(relay->conf.control_mode),
		.calls = relay->calls,
		.events = &relay->events,
		.conf = &relay->conf,
	};

	if (conf.fd < 0 && !relay->conf.listen_http.count)
		return 0;
	relay->admin = admin_open(&conf);
	return relay->admin ? 0 : failed("control socket", -ENOMEM);
}

/* Last, so that who is answered there knows that the rest is at work. */
static int start_web(struct relay *relay)
{
	const struct web_conf conf = { .listen = &relay->conf.listen_http,
				       .calls = relay->calls,
				       .stats = &relay->stats,
				       .workers = relay->workers,
				       .admin = relay->admin };
	const char *error = "out of memory";

	if (!conf.listen->count)
		return 0;
	relay->web = web_open(relay->base, &conf, &error);
	if (relay->web)
		return 0;
	log_err("%s", error);
	return -EINVAL;
}

static int start_cdr_file(struct relay *relay)
{
	const char *path = relay->conf.cdr_file;
	int err = 0;

	if (!path)
		return 0;
	relay->cdr_file = cdr_file_open(path, &err);
	return err ? failed(path, err) : 0;
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
	if (relay->kmod)
		relay->on_kmod = event_start(relay, kmod_news_fd(relay->kmod), EV_READ, on_kmod, 0);
	if (relay->nft)
		relay->on_nft = event_start(relay, nft_news_fd(relay->nft), EV_READ, on_nft, 0);
	relay->on_second = event_start(relay, -1, 0, on_second, 1000000);
	if (watched)
		relay->on_watchdog = event_start(relay, -1, 0, on_watchdog, watchdog_us / 2);
	if (relay->on_term && relay->on_int && relay->on_hup && relay->on_workers &&
	    relay->on_second && (relay->on_kmod || !relay->kmod) &&
	    (relay->on_nft || !relay->nft) && (relay->on_watchdog || !watched))
		return 0;
	return failed("events", -ENOMEM);
}

static int relay_start(struct relay *relay)
{
	static int (*const steps[])(struct relay *) = {
		start_background, start_pidfile, start_admin_socket, start_unprivileged,
		start_loop,	  start_ifaces,	 start_workers,	     start_kernel,
		start_firewall,	  start_notify,	 start_cdr_file,     start_calls,
		start_journal,	  start_table,	 start_flows,	     start_control,
		start_admin,	  start_web,	 start_events,
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !err; i++)
		err = steps[i](relay);
	return err;
}

static void relay_ready(struct relay *relay)
{
	if (!relay->conf.foreground && relay->conf.log_facility == LOG_TO_STDERR)
		log_open(LOG_TO_SYSLOG, relay->conf.log_level); /* there is no terminal any more */
	detach_ready(relay->ready_fd);
	relay->ready_fd = -1;
	sd_notify(0, "READY=1");
	log_notice("rtprelayd " RTPRELAY_VERSION " is ready: ports %u-%u, interfaces: %zu",
		   relay->conf.port_min, relay->conf.port_max, iface_count(relay->ifaces));
}

/*
 * Whatever a turn of the loop asked of the kernel and the media threads (a timeout, too) goes out at its end; what
 * the kernel answers is news for the media threads.
 */
static void relay_run(struct relay *relay)
{
	while (!relay->done && !event_base_loop(relay->base, EVLOOP_ONCE)) {
		kmod_flush(relay->kmod);
		if (!relay->kept)
			nft_flush(relay->nft);
		worker_pool_flush(relay->workers);
		if (relay->stopping && !call_table_closing(relay->calls))
			relay->done = true;
	}
}

static void event_stop(struct event *event)
{
	if (event)
		event_free(event);
}

/* Also after a start that failed half-way. Media threads end before the calls whose sockets they serve. */
static void relay_stop(struct relay *relay)
{
	if (relay->calls && call_table_count(relay->calls))
		end_calls(relay); /* of the daemon before: for the one after */
	event_stop(relay->on_watchdog);
	event_stop(relay->on_second);
	event_stop(relay->on_nft);
	event_stop(relay->on_kmod);
	event_stop(relay->on_workers);
	event_stop(relay->on_hup);
	event_stop(relay->on_int);
	event_stop(relay->on_term);
	web_close(relay->web);
	admin_close(relay->admin);
	ctl_close(relay->ctl);
	arena_free(relay->arena);
	journal_close(relay->journal);
	worker_pool_free(relay->workers);
	call_table_free(relay->calls);
	cdr_file_close(relay->cdr_file);
	arena_free(relay->journal_calls.arena);
	nft_close(relay->nft, relay->kept);
	rtpp_notify_close(relay->notify);
	kmod_close(relay->kmod, true);
	iface_table_free(relay->ifaces);
	if (relay->base)
		event_base_free(relay->base);
	admin_socket_close(&relay->admin_socket);
	pidfile_close(&relay->pidfile);
	conf_free(&relay->conf);
}

static int check_only(const struct conf *conf)
{
	unsigned int addresses, mistakes = check_conf(conf, &addresses);

	if (mistakes)
		log_err("mistakes in the configuration: %u", mistakes);
	else
		puts("configuration is valid");
	return mistakes ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct relay relay = { .argc = argc,
			       .argv = argv,
			       .ready_fd = -1,
			       .pidfile = { NULL, -1 },
			       .admin_socket = { .fd = -1 } };
	unsigned int addresses;
	int result = conf_load(&relay.conf, argc, argv);

	if (result)
		return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (relay.conf.check_config) {
		result = check_only(&relay.conf);
		conf_free(&relay.conf);
		return result;
	}
	log_open(relay.conf.log_facility, relay.conf.log_level);
	signal(SIGPIPE, SIG_IGN);
	result = check_conf(&relay.conf, &addresses) ? -EINVAL : 0;
	if (!result) {
		check_host(&relay.conf, addresses);
		result = relay_start(&relay);
	}
	if (!result) {
		relay_ready(&relay);
		relay_run(&relay);
		log_notice("ended");
	}
	relay_stop(&relay);
	return result ? EXIT_FAILURE : EXIT_SUCCESS;
}
