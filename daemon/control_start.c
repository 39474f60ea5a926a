/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_start.c - where commands come in: the sockets of proxies, of rtprelayctl, of HTTP */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "conf/load.h"
#include "control_proto.h"
#include "control_start.h"
#include "ng/ng.h"
#include "packet/pool.h"
#include "privs.h"
#include "process_start.h"
#include "protocols.h"
#include "relay.h"

#define ARENA_CHUNK                                                                                \
	((size_t)256 * 1024) /* more than a command of the largest datagram usually takes */

/* The daemon runs: root and its user can still ask what is wrong. */
static void tell_group_error(const struct relay *relay, const char *path)
{
	const struct passwd *user = getpwuid(geteuid());

	log_err("control-socket %s: control-group \"%s\" cannot be given: %s: only root and the "
		"daemon's user can use rtprelayctl; add this user to the group, and restart: "
		"usermod -aG %s %s",
		path, relay->conf.control_group ? relay->conf.control_group : "of the daemon",
		strerror(-relay->admin_socket.group_error),
		relay->conf.control_group ? relay->conf.control_group : "GROUP",
		user ? user->pw_name : "USER");
}

/* @must: the start fails. */
static void tell_socket_error(const struct relay *relay, const char *path, const char *what,
			      int err, bool must)
{
	char by[48] = "";

	if (relay->admin_socket.other)
		snprintf(by, sizeof(by), " (process %ld)", relay->admin_socket.other);
	if (err == -EADDRINUSE)
		log_msg(must ? LOG_LEVEL_ERR : LOG_LEVEL_WARNING,
			"control-socket %s: another rtprelayd%s listens there%s: stop it, or set "
			"another control-socket, or none",
			path, by, must ? "" : ", and rtprelayctl reaches that one");
	else if (must)
		log_err("control-socket %s: %s failed: %s", path, what, strerror(-err));
	else
		log_notice("control-socket %s: %s failed: %s; rtprelayctl cannot connect", path,
			   what, strerror(-err));
}

/* Only a configured path must work. */
int start_control_socket(struct relay *relay)
{
	const struct conf *conf = &relay->conf;
	struct admin_socket_conf socket = { .path = conf->control_socket,
					    .mode = conf_octal(conf->control_mode) };
	struct privs_user user, group;
	const char *name = "";
	int err;

	if (socket.path && !strcmp(socket.path, "none"))
		return 0;
	if (!socket.path)
		socket.path = CONTROL_PROTO_PATH;
	err = privs_find_user(conf->user, conf->group, &user, &name);
	if (!err)
		err = privs_find_user(NULL, conf->control_group, &group, &name);
	if (err)
		return relay_unknown_user(name, err);
	socket.uid = user.uid;
	socket.gid = relay->admin_gid = conf->control_group ? group.gid : user.gid;
	err = admin_socket_open(&relay->admin_socket, &socket, &name);
	if (err)
		tell_socket_error(relay, socket.path, name, err, conf->control_socket);
	else if (relay->admin_socket.group_error)
		tell_group_error(relay, socket.path);
	return conf->control_socket ? err : 0;
}

/* After a batch of commands: sends its requests, with one wake-up for each media thread. */
static void on_batch(void *arg)
{
	struct relay *relay = arg;

	nft_flush(relay->nft);
	worker_pool_flush(relay->workers);
}

/* The default depends on the addresses of the host. */
static void tell_allowed(const struct relay *relay)
{
	char text[512];

	ctl_allowed(relay->ctl, text, sizeof(text));
	log_notice("control-allow%s: commands are accepted from %s",
		   relay->conf.control_allow.count
			   ? ""
			   : " is not set (loopback, and the subnets of the listening addresses)",
		   text);
}

static int open_control(struct relay *relay, const struct ctl_listen *listen, size_t n)
{
	const struct ctl_conf conf = {
		.listen = listen,
		.n_listen = n,
		.control_allow = &relay->conf.control_allow,
		.replay_entries = relay->conf.replay_entries,
		.replay_mbytes = relay->conf.replay_mbytes,
		.idle_s = relay->conf.control_idle_s,
	};
	const char *error = "out of memory";

	relay->ctl = ctl_open(relay->base, &conf, &relay->env, on_batch, relay, &error);
	if (!relay->ctl) {
		log_err("%s", error);
		return -EINVAL;
	}
	tell_allowed(relay);
	return 0;
}

int start_control(struct relay *relay)
{
	struct ctl_listen *listen = calloc(n_protocol_rows, sizeof(*listen));
	int err;

	relay->arena = arena_new(ARENA_CHUNK);
	if (!listen || !relay->arena) {
		free(listen);
		return relay_failed("control", -ENOMEM);
	}
	relay->env =
		(struct command_env){ .calls = relay->calls,
				      .stats = &relay->stats,
				      .rtpproxy_silent = relay->conf.rtpproxy_full == FULL_SILENT,
				      .arena = relay->arena };
	for (size_t i = 0; i < n_protocol_rows; i++) {
		const struct protocol_row *row = &protocol_rows[i];

		listen[i] = (struct ctl_listen){ row->protocol, protocol_listens(row, &relay->conf),
						 row->arg ? row->arg(relay) : NULL };
	}
	err = open_control(relay, listen, n_protocol_rows);
	free(listen);
	return err;
}

static void take_settings(void *arg, const struct conf *conf)
{
	struct relay *relay = arg;

	conf_take_live(&relay->conf, conf);
	relay_apply_conf(relay);
}

static bool read_settings(void *arg, struct conf *fresh)
{
	struct relay *relay = arg;

	return !conf_load(fresh, relay->argc, relay->argv);
}

static void print_allowed(void *arg, char *text, size_t size)
{
	const struct relay *relay = arg;

	text[0] = '\0';
	if (relay->ctl) /* NULL: the daemon is stopping */
		ctl_allowed(relay->ctl, text, size);
}

int start_admin(struct relay *relay)
{
	const struct admin_conf conf = {
		.base = relay->base,
		.fd = relay->admin_socket.fd,
		.gid = relay->admin_gid,
		.mode = conf_octal(relay->conf.control_mode),
		.path = relay->admin_socket.path,
		.group_error = relay->admin_socket.group_error,
		.calls = relay->calls,
		.events = &relay->events,
		.conf = &relay->conf,
		.settings = { .apply = take_settings, .read = read_settings, .arg = relay },
		.allowed = print_allowed,
		.allowed_arg = relay,
	};

	if (conf.fd < 0 && !relay->conf.listen_http.count)
		return 0;
	relay->admin = admin_open(&conf);
	return relay->admin ? 0 : relay_failed("control socket", -ENOMEM);
}

static bool ng_allowed(void *arg, const struct endpoint *source)
{
	const struct relay *relay = arg;

	return relay->ctl && ctl_allows(relay->ctl, source);
}

static bool ng_run_request(void *arg, const struct endpoint *source, struct str text, bool cookie,
			   struct buf *out)
{
	const struct relay *relay = arg;

	return relay->ctl && ctl_request(relay->ctl, &ng_tcp_protocol, source, text, cookie, out);
}

int start_web(struct relay *relay)
{
	struct web_conf conf = { .listen = &relay->conf.listen_http,
				 .calls = relay->calls,
				 .stats = &relay->stats,
				 .workers = relay->workers,
				 .admin = relay->admin };
	const char *error = "out of memory";

	if (relay->conf.http_ng)
		conf.ng = (struct web_ng){ ng_allowed, ng_run_request, relay };
	if (!conf.listen->count)
		return 0;
	relay->web = web_open(relay->base, &conf, &error);
	if (relay->web)
		return 0;
	log_err("%s", error);
	return -EINVAL;
}
