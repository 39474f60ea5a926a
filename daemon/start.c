/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * start.c - starts the parts of the daemon, each from the configuration and the parts before it
 */
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/confine.h"
#include "base/count.h"
#include "call/cdr_file.h"
#include "call/copies.h"
#include "call/drain.h"
#include "call/dtmf_news.h"
#include "call/homer_reports.h"
#include "call/news.h"
#include "call/table.h"
#include "conf/load.h"
#include "control_proto.h"
#include "dtls_start.h"
#include "external_start.h"
#include "ng/ng.h"
#include "packet/pool.h"
#include "packet/steer.h"
#include "port/iface.h"
#include "port/iface_value.h"
#include "prompt/store.h"
#include "portmap_start.h"
#include "privs.h"
#include "kernel/bpf.h"
#include "protocols.h"
#include "recorder_start.h"
#include "relay.h"
#include "stun_start.h"

#define ARENA_CHUNK                                                                                \
	((size_t)256 * 1024) /* more than a command of the largest datagram usually takes */
#define BPF_FLOWS    65536   /* at most; each takes 1.5 KB, which is allocated at the start */
#define RECORD_CHUNK ((size_t)16 * 1024) /* more than the record of nearly any call */

static_assert(CONF_BRANCHES == CALL_DIALOGS, "the range of max-branches is another");

static void on_timed_out(void *arg, const struct dialog *dialog)
{
	const struct relay *relay = arg;

	if (relay->notify)
		rtpp_notify_timed_out(relay->notify, dialog);
	if (relay->timeout_post)
		timeout_post_timed_out(relay->timeout_post, dialog);
}

struct call_table_conf relay_calls_conf(struct relay *relay)
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
		.prompts = relay->prompts,
		.homer = relay->homer,
		.dtmf = relay->dtmf,
		.dtmf_log = conf->dtmf_log,
		.stun = relay->stun,
		.external = relay->external,
		.portmap = relay->portmap,
		.local = relay->local,
		.n_local = relay->n_local,
		.recorder = relay->recorder,
		.kernel_source = relay->kernel_source,
		.tap_open = relay->kernel_source ? recorder_open_tap : NULL,
		.tap_arg = relay,
		.recorded = relay->record_dir ? &relay->recorded : NULL,
		.dtls = relay->dtls,
		.dtls_passive = conf->dtls_passive,
		.events = &relay->events,
		.timed_out = on_timed_out,
		.timed_out_arg = relay,
		.copies = copies_send,
		.copies_arg = relay->recorder,
		.timeout_s = conf->timeout_s,
		.silent_timeout_s = conf->silent_timeout_s,
		.offer_timeout_s = conf->offer_timeout_s,
		.unanswered_timeout_s = conf->unanswered_timeout_s,
		.final_timeout_s = conf->final_timeout_s,
		.delete_delay_s = conf->delete_delay_s,
		.max_sessions = conf->max_sessions,
		.max_load = conf->max_load,
		.max_cpu = conf->max_cpu,
		.max_bandwidth = conf->max_bandwidth,
		.max_medias = conf->max_medias,
		.max_branches = conf->max_branches,
		.tos = conf->tos,
		.latching = conf->latching,
		.keepalive_s = (uint16_t)conf->media_keepalive_s,
		.ice_lite = conf->ice == ICE_MODE_LITE,
		.ice_consent_s = conf->ice_consent_s,
	};
}

void relay_apply_conf(struct relay *relay)
{
	struct call_table_conf limits = relay_calls_conf(relay);

	log_set_levels(&relay->conf.log_levels);
	call_table_set_limits(relay->calls, &limits);
	stun_apply_conf(relay);
}

static void on_bridge(void *arg, struct bridge *bridge, enum bridge_event event, enum side side,
		      enum component comp)
{
	struct relay *relay = arg;

	call_bridge_event(relay->calls, bridge, event, side, comp);
}

static void on_rtcp(void *arg, struct bridge *bridge, const struct rtcp_copy *copy)
{
	(void)arg;
	call_bridge_rtcp(bridge, copy);
}

static void on_dtmf(void *arg, struct bridge *bridge, const struct dtmf_note *note)
{
	(void)arg;
	call_bridge_dtmf(bridge, note);
}

static void on_stun(void *arg, struct bridge *bridge, const struct rtcp_copy *copy)
{
	const struct relay *relay = arg;

	call_bridge_stun(relay->calls, bridge, copy);
}

static void on_kmod_event(void *arg, enum kmod_event event, struct kmod_flow *flow,
			  const struct kmod_stranger *stranger)
{
	struct relay *relay = arg;

	call_kmod_event(relay->calls, event, flow, stranger);
}

/* No other program can bind this daemon's addresses and ports, so a flow for them is its own. */
static bool owns_local(void *arg, const struct endpoint *local)
{
	const struct relay *relay = arg;

	return iface_owns(relay->ifaces, local);
}

/* After a batch of commands: sends its requests, with one wake-up for each media thread. */
static void on_batch(void *arg)
{
	struct relay *relay = arg;

	nft_flush(relay->nft);
	worker_pool_flush(relay->workers);
}

/* Messages of libevent: they show an error in this program, or a lack of memory. */
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

static int unknown_user(const char *name, int err)
{
	log_err("user or group \"%s\" (user, group, control-group, cdr-group, recording-group) "
		"cannot be looked up: %s",
		name, strerror(-err));
	return err;
}

static int start_background(struct relay *relay)
{
	if (relay->conf.foreground)
		return 0;
	relay->ready_fd = detach();
	return relay->ready_fd < 0 ? failed("cannot start in the background", relay->ready_fd) : 0;
}

static int start_pidfile(struct relay *relay)
{
	const char *path = relay->conf.pidfile;
	long other = 0;
	int err = path ? pidfile_open(&relay->pidfile, path, &other) : 0;

	if (err == -EEXIST)
		log_err("%s: rtprelayd is already running as process %ld", path, other);
	else if (err)
		failed(path, err);
	return err;
}

static bool listens_low(const struct conf_list *list)
{
	bool low = false;

	for (size_t i = 0; i < list->count; i++) {
		const char *text = list->item[i], *colon = strrchr(text, ':');

		low = low || (text[0] != '/' && !strstr(text, "unix:") &&
			      strtoul(colon ? colon + 1 : text, NULL, 10) < 1024);
	}
	return low;
}

/* Does an interface have a range of ports of its own that begins below 1024? */
static bool media_low(const struct conf_list *interfaces)
{
	struct iface_value value;
	char error[128];
	bool low = false;

	for (size_t i = 0; i < interfaces->count; i++)
		low = low || (!iface_value_parse(str_of(interfaces->item[i]), &value, error,
						 sizeof(error)) &&
			      value.ranged && value.port_min < 1024);
	return low;
}

/* Does any port that will be bound need CAP_NET_BIND_SERVICE? */
static bool has_low_port(const struct conf *conf)
{
	bool low = conf->port_min < 1024 || media_low(&conf->interface) ||
		   listens_low(&conf->listen_http) || stun_is_low(conf);

	for (size_t i = 0; i < n_protocol_rows; i++)
		low = low || listens_low(protocol_listens(&protocol_rows[i], conf));
	return low;
}

/* "660" to 0660 */
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

/* As root, to create a directory in /run. Only a configured path must work. */
static int start_admin_socket(struct relay *relay)
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
		return unknown_user(name, err);
	socket.uid = user.uid;
	socket.gid = relay->admin_gid = conf->control_group ? group.gid : user.gid;
	err = admin_socket_open(&relay->admin_socket, &socket, &name);
	if (err)
		tell_socket_error(relay, socket.path, name, err, conf->control_socket);
	else if (relay->admin_socket.group_error)
		tell_group_error(relay, socket.path);
	return conf->control_socket ? err : 0;
}

static int start_unprivileged(struct relay *relay)
{
	struct privs_user user, cdr, recording;
	const char *name = "";
	int err = privs_find_user(relay->conf.user, relay->conf.group, &user, &name);

	if (!err)
		err = privs_find_user(NULL, relay->conf.cdr_group, &cdr, &name);
	if (!err)
		err = privs_find_user(NULL, relay->conf.recording_group, &recording, &name);
	if (err)
		return unknown_user(name, err);
	user.join[0] = cdr.set ? cdr.gid : 0;
	user.join[1] = recording.set ? recording.gid : 0;
	relay->cdr_gid = cdr.gid;
	relay->recording_gid = recording.gid;
	err = privs_drop(&user, has_low_port(&relay->conf));
	if (err)
		return failed("cannot drop privileges (user, group)", err);
	if (!geteuid())
		log_notice("running as root; set user= to run as another user");
	return 0;
}

/* Before the first thread; threads for the log have the capabilities that are left. */
static int start_confinement(struct relay *relay)
{
	int err = confine_open(relay->conf.seccomp);

	return err ? failed("seccomp", err) : 0;
}

static int start_loop(struct relay *relay)
{
	struct event_config *config = event_config_new();

	event_set_log_callback(on_libevent_message);
	if (config && !event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK))
		relay->base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return relay->base ? 0 : failed("cannot create the event loop", -ENOMEM);
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
	if (!iface_count(relay->ifaces))
		log_warn("interface: no device has a global address at present: calls are refused "
			 "until one comes");
	return 0;
}

/* They were checked before. */
static int start_local(struct relay *relay)
{
	const struct conf_list *list = &relay->conf.local_networks;

	relay->local = calloc(list->count + 1, sizeof(*relay->local));
	if (!relay->local)
		return failed("local-networks", -ENOMEM);
	for (size_t i = 0; i < list->count; i++)
		if (cidr_parse(str_of(list->item[i]), &relay->local[relay->n_local]))
			relay->n_local++;
	return 0;
}

/* Later addresses of devices are not in @own: media threads learn of them by @destinations. */
static int list_media(struct relay *relay)
{
	relay->own = calloc(2 * iface_count(relay->ifaces) + 1, sizeof(*relay->own));
	if (!relay->own || relay_list_media(relay))
		return failed("interfaces", -ENOMEM);
	for (size_t i = 0; i < relay->n_media; i++)
		relay->own[relay->n_own++] = relay->media[i].addr;
	return 0;
}

/* Before the parts that would remove what another daemon has in the kernel. */
static int start_claims(struct relay *relay)
{
	struct addr_ports other = { .port_min = 0 };
	char text[ENDPOINT_TEXT];
	long pid = 0;
	int err;

	err = claims_take(&relay->claims, relay->media, iface_count(relay->ifaces), &other, &pid);
	if (err == -EADDRINUSE)
		log_err("interface %s: another rtprelayd (pid %ld) uses ports %u-%u of this "
			"address: "
			"set other ports (port-min, port-max, or behind the address) or another "
			"address, or end it",
			endpoint_print_addr(&other.addr, text), pid, other.port_min,
			other.port_max);
	else if (err)
		log_warn("interfaces: another rtprelayd with the same ports cannot be found: %s",
			 strerror(-err));
	return err == -EADDRINUSE ? err : 0;
}

static int start_destinations(struct relay *relay)
{
	const struct conf_list **control = calloc(n_protocol_rows, sizeof(*control));
	struct destinations_conf conf = { .control = control,
					  .n_control = n_protocol_rows,
					  .http = &relay->conf.listen_http,
					  .notify = &relay->conf.notify,
					  .homer = relay->conf.homer,
					  .dtmf = relay->conf.dtmf_log_dest,
					  .stun = &relay->stun_sites,
					  .media_deny = &relay->conf.media_deny,
					  .media = relay->media,
					  .n_media = relay->n_media };
	int err = control ? stun_read_sites(relay) : -ENOMEM;

	for (size_t i = 0; i < n_protocol_rows && !err; i++)
		control[i] = protocol_listens(&protocol_rows[i], &relay->conf);
	if (!err)
		err = destinations_open(&relay->destinations, &conf);
	free(control);
	return err ? failed("forbidden destinations (media-deny)", err) : 0;
}

static const char *why_no_steer(int err)
{
	switch (err) {
	case -EPERM:
		return "not permitted (add CAP_BPF)";
	case -EACCES:
		return "the kernel refused the program";
	case -E2BIG:
		return "more than 255 media-threads";
	default:
		return strerror(-err);
	}
}

/*
 * Without it the daemon works, but each packet costs more: as at addresses that devices get later.
 */
static int start_steer(struct relay *relay)
{
	int err;

	if (!iface_count(relay->ifaces))
		return 0;
	relay->steer = steer_new(relay->own, iface_count(relay->ifaces));
	if (!relay->steer)
		return failed("media", -ENOMEM);
	err = steer_attach(relay->steer, worker_pool_size(relay->conf.media_threads));
	if (err) {
		log_notice("media: BPF cannot deliver packets of unknown sources: %s; sockets of "
			   "media are not connected, which costs about 10 %% more per packet",
			   why_no_steer(err));
		steer_free(relay->steer);
		relay->steer = NULL;
	}
	return 0;
}

static int start_workers(struct relay *relay)
{
	const struct worker_pool_conf conf = {
		.threads = relay->conf.media_threads,
		.patience_ms = relay->conf.latch_patience_ms,
		.window_ms = relay->conf.latch_window_ms,
		.keepalive_s = (uint16_t)relay->conf.media_keepalive_s,
		.keepalive_method = relay->conf.media_keepalive_method,
		.own = relay->own,
		.n_own = relay->n_own,
		.deny = relay->destinations.deny,
		.steer = relay->steer,
		.event = on_bridge,
		.rtcp = relay->conf.homer ? on_rtcp : NULL,
		.stun = on_stun,
		.tap_bytes = (size_t)relay->conf.recording_ring_mib * 1024 * 1024 /
			     worker_pool_size(relay->conf.media_threads),
		.dtmf = on_dtmf,
		.arg = relay,
	};
	int err;

	relay->workers = worker_pool_new(&conf, &err);
	return relay->workers ? 0 : failed("cannot start the media threads", err);
}

static bool is_own_address(void *arg, const struct endpoint *addr)
{
	const struct relay *relay = arg;

	for (size_t i = 0; i < iface_count(relay->ifaces); i++)
		if (endpoint_addr_eq(&iface_at(relay->ifaces, i)->bind, addr))
			return true;
	return false;
}

/* Each port of each address may have a flow. */
static uint32_t most_flows(const struct relay *relay)
{
	size_t ports = relay->conf.port_max - relay->conf.port_min + 1;
	size_t most = ports * iface_count(relay->ifaces);

	return most < BPF_FLOWS ? (uint32_t)most : BPF_FLOWS;
}

static struct kernel_backend *make_bpf(struct relay *relay, const struct flow_domain *domain)
{
	const char *pin = relay->conf.bpf_pin;
	const struct bpf_backend_conf conf = { .pin = pin && *pin ? pin : NULL,
					       .limit = most_flows(relay),
					       .domain = *domain,
					       .is_own = is_own_address,
					       .arg = relay };

	return bpf_backend_new(&conf);
}

static int start_kernel(struct relay *relay)
{
	struct kmod_conf conf = { .event = on_kmod_event, .owns = owns_local, .arg = relay };
	enum kmod_mode mode = relay->conf.kernel;
	int err = 0;

	if (mode == KMOD_OFF)
		return 0;
	flow_domain_read(&conf.domain);
	if (mode != KMOD_BPF)
		conf.link = kmod_link_open(&err);
	if (err)
		log_warn("kernel module: no generic netlink: %s", strerror(-err));
	if (mode != KMOD_MODULE)
		conf.bpf = make_bpf(relay, &conf.domain);
	if (conf.link || conf.bpf)
		relay->kmod = kmod_open(&conf);
	if (!relay->kmod && (!err || mode != KMOD_MODULE))
		return failed("kernel path", -ENOMEM);
	if (mode != KMOD_REQUIRE || kmod_available(relay->kmod))
		return 0;
	log_err("kernel=require: neither the kernel module nor BPF can be used: modprobe rtprelay, "
		"or set kernel=auto");
	return -ENODEV;
}

/* Maps are read and written as long as there are calls; CAP_PERFMON is only for loading. */
static int start_without_loading(struct relay *relay)
{
	const struct conf *conf = &relay->conf;
	bool bpf = conf->kernel != KMOD_OFF && conf->kernel != KMOD_MODULE;
	bool tap = conf->kernel != KMOD_OFF && conf->kernel != KMOD_BPF;
	int err = privs_drop_loading(bpf, tap, has_low_port(conf));

	return err ? failed("cannot drop privileges (CAP_PERFMON)", err) : 0;
}

static int refused_table(int err)
{
	if (err == -EPERM)
		log_err("firewall: creating table inet rtprelay requires CAP_NET_ADMIN: add it, or "
			"set firewall=none");
	else
		log_err("firewall: the kernel refused table inet rtprelay: %s; set firewall=none "
			"to run without it",
			strerror(-err));
	return err;
}

static int start_firewall(struct relay *relay)
{
	struct addr_ports stun[2 * STUN_SITES_MAX];
	const struct nft_conf conf = { .relay = relay->media,
				       .n_relay = iface_count(relay->ifaces),
				       .services = stun,
				       .n_services = stun_list_ports(&relay->stun_sites, stun),
				       .mode = relay->conf.firewall,
				       .others_changed = ban_visit_begin,
				       .arg = &relay->ban_visit };
	int err;

	if (conf.mode == FIREWALL_NONE) {
		if (nft_left_over())
			log_warn("firewall=none, but table inet rtprelay exists; unless another "
				 "daemon uses it: nft delete table inet rtprelay");
		return 0;
	}
	relay->nft = nft_open(&conf, &err);
	return relay->nft ? 0 : refused_table(err);
}

/* Replaces the previous daemon's table after its calls are restored, so their ports stay open. */
static int start_table(struct relay *relay)
{
	int err = nft_flush(relay->nft);

	return err ? refused_table(err) : 0;
}

static int start_notify(struct relay *relay)
{
	const struct timeout_post_conf conf = { .base = relay->base,
						.notify = &relay->conf.notify,
						.lost = &relay->stats.notices_lost,
						.retry_ms = TIMEOUT_POST_RETRY_MS,
						.patience_ms = TIMEOUT_POST_PATIENCE_MS };
	const char *error = NULL;

	if (rtpp_notify_any(&relay->conf.notify))
		relay->notify = rtpp_notify_open(relay->base, &relay->conf.notify, &error);
	if (!error || relay->notify)
		relay->timeout_post = timeout_post_open(&conf, &error);
	if (relay->timeout_post)
		return 0;
	log_err("%s", error);
	return -EINVAL;
}

static int start_homer(struct relay *relay)
{
	const struct homer_conf conf = { .target = relay->conf.homer,
					 .password = relay->conf.homer_password,
					 .id = relay->conf.homer_id,
					 .sent = &relay->stats.homer_sent,
					 .lost = &relay->stats.homer_lost };
	const char *error;

	if (!conf.target)
		return 0;
	relay->homer = homer_open(&conf, &error);
	if (relay->homer)
		return 0;
	log_err("homer %s: %s", conf.target, error);
	return -EINVAL;
}

static int start_dtmf(struct relay *relay)
{
	const struct dtmf_sender_conf conf = { .target = relay->conf.dtmf_log_dest,
					       .sent = &relay->stats.dtmf_sent,
					       .lost = &relay->stats.dtmf_lost };

	relay->dtmf = dtmf_sender_open(&conf);
	if (relay->dtmf)
		return 0;
	if (errno == EINVAL)
		log_err("dtmf-log-dest %s: is not HOST:PORT, or HOST has no address", conf.target);
	return -errno;
}

static int start_calls(struct relay *relay)
{
	const struct call_table_conf conf = relay_calls_conf(relay);

	relay->stats.started_ms = clock_ms();
	relay->calls = call_table_new(&conf);
	return relay->calls ? 0 : failed("cannot create the table of calls", -ENOMEM);
}

/* Restores the calls of the previous daemon. */
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
	/* With a failed disk the daemon still serves calls. */
	relay->calls->journal_absent = true;
	log_err("journal: calls are not saved: they end when the daemon restarts");
	return 0;
}

/* After the journal, which creates the directory. */
static int start_drain(struct relay *relay)
{
	int err = drain_open(relay->calls, relay->conf.state_dir);

	return err ? failed("drain", err) : 0;
}

/* After the journal, which creates the directory; before table and flows, which depend on bans. */
static int start_bans(struct relay *relay)
{
	const struct bans_conf conf = { .workers = relay->workers,
					.stun = relay->stun,
					.nft = relay->nft,
					.dir = relay->conf.state_dir,
					.changed = ban_visit_begin,
					.arg = &relay->ban_visit };

	ban_visit_init(&relay->ban_visit, relay->calls);
	relay->bans = relay->calls->bans = bans_open(&conf);
	return relay->bans ? 0 : failed("list of bans", -ENOMEM);
}

/* Flows of the previous daemon in the kernel: keeps those of restored calls, removes others. */
static int start_flows(struct relay *relay)
{
	call_table_follow(relay->calls);
	kmod_adopt(relay->kmod);
	/* Only now: the calls go on by another path. */
	if (strcmp(kmod_path(relay->kmod), "bpf") != 0)
		bpf_clear(relay->conf.bpf_pin);
	return 0;
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

static int start_control(struct relay *relay)
{
	struct ctl_listen *listen = calloc(n_protocol_rows, sizeof(*listen));
	int err;

	relay->arena = arena_new(ARENA_CHUNK);
	if (!listen || !relay->arena) {
		free(listen);
		return failed("control", -ENOMEM);
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

static int start_admin(struct relay *relay)
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
	return relay->admin ? 0 : failed("control socket", -ENOMEM);
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

/* The last step, so that an answer (/healthz) shows that all other parts run. */
static int start_web(struct relay *relay)
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

/* Addresses that came or went while the parts were started. */
static int start_follow(struct relay *relay)
{
	relay_follow(relay);
	return 0;
}

/* Each file is read when it is asked for: the directory may come later. */
static int start_prompts(struct relay *relay)
{
	const struct conf *conf = &relay->conf;

	if (!conf->prompt_dir || !*conf->prompt_dir)
		return 0;
	relay->prompts = prompt_store_open(conf->prompt_dir, (uint64_t)conf->prompt_memory << 20);
	return relay->prompts ? 0 : -ENOMEM;
}

static int start_cdr_file(struct relay *relay)
{
	const struct cdr_file_conf conf = { .path = relay->conf.cdr_file,
					    .mode = conf_octal(relay->conf.cdr_mode),
					    .group = relay->conf.cdr_group,
					    .gid = relay->cdr_gid };
	int err = 0;

	if (!conf.path)
		return 0;
	relay->cdr_file = cdr_file_open(&conf, &err);
	if (err)
		log_err("cdr-file %s: cannot be opened: %s", conf.path, strerror(-err));
	return err;
}

int relay_start(struct relay *relay)
{
	static int (*const steps[])(struct relay *) = {
		start_background,   start_pidfile,	start_admin_socket,
		start_unprivileged, start_loop,		start_ifaces,
		external_prepare,   start_local,	portmap_prepare,
		list_media,	    start_claims,	start_destinations,
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
