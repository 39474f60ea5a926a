/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status.c - the verb status: version, module, interfaces, number of calls, path of media */
#include <string.h>
#include <unistd.h>
#include "admin/answer.h"
#include "admin/nat.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/count.h"
#include "call/drain.h"
#include "call/limits.h"
#include "conf/load.h"
#include "dtls/service.h"
#include "packet/pool.h"
#include "report/report.h"
#include "version.h"

static void put_kernel_paths(struct json_line *line, const struct daemon_report *report)
{
	jsonl_open(line, "paths", '[');
	for (size_t i = 0; i < report->n_kernel_paths; i++) {
		const struct kernel_path_report *path = &report->kernel_path[i];

		jsonl_open(line, NULL, '{');
		jsonl_text(line, "path", path->path);
		jsonl_bool(line, "used", path->used);
		if (path->why)
			jsonl_text(line, "why-not", path->why);
		jsonl_u64(line, "flows", path->flows);
		jsonl_u64(line, "packets", path->relayed.packets);
		jsonl_u64(line, "bytes", path->relayed.bytes);
		jsonl_u64(line, "errors", path->relayed.errors);
		jsonl_close(line, '}');
	}
	jsonl_close(line, ']');
}

static void put_kernel(struct json_line *line, const struct admin_conf *conf,
		       const struct daemon_report *report)
{
	static const char *const modes[] = {
		[KMOD_AUTO] = "auto", [KMOD_MODULE] = "module",	  [KMOD_BPF] = "bpf",
		[KMOD_OFF] = "off",   [KMOD_REQUIRE] = "require",
	};
	static const char *const features[] = { "rtp", "events", "family", "tap", "no-mux" };
	const struct kmod *kmod = conf->calls->conf.kmod;

	jsonl_open(line, "kernel", '{');
	jsonl_text(line, "path", kmod_path(kmod));
	jsonl_text(line, "mode", modes[conf->conf->kernel]);
	jsonl_bool(line, "module", !strcmp(kmod_path(kmod), "module"));
	jsonl_u64(line, "flows", kmod_count(kmod));
	jsonl_open(line, "features", '[');
	for (size_t i = 0; i < COUNT(features); i++)
		if (kmod_features(kmod) & 1u << i)
			jsonl_text(line, NULL, features[i]);
	jsonl_close(line, ']');
	put_kernel_paths(line, report);
	jsonl_close(line, '}');
}

static void put_path(struct json_line *line, const char *key, const struct daemon_report *report,
		     enum path path, size_t streams)
{
	const struct relayed *relayed = &report->relayed[path];
	const struct relayed *rate = &report->stats.sample.rate[path];

	jsonl_open(line, key, '{');
	jsonl_u64(line, "medias", report->media_by_path[path]);
	jsonl_u64(line, "streams", streams);
	jsonl_u64(line, "packets", relayed->packets);
	jsonl_u64(line, "bytes", relayed->bytes);
	jsonl_u64(line, "errors", relayed->errors);
	jsonl_u64(line, "packets-per-s", rate->packets);
	jsonl_u64(line, "bytes-per-s", rate->bytes);
	jsonl_close(line, '}');
}

static void put_ifaces(struct json_line *line, const struct daemon_report *report)
{
	jsonl_open(line, "interfaces", '[');
	for (size_t i = 0; i < report->n_ifaces; i++) {
		const struct iface_report *iface = &report->iface[i];
		char text[ENDPOINT_TEXT];

		jsonl_open(line, NULL, '{');
		jsonl_str(line, "name", iface->name);
		jsonl_text(line, "address", endpoint_print_addr(&iface->bind, text));
		jsonl_text(line, "advertised", endpoint_print_addr(&iface->advertised, text));
		jsonl_u64(line, "port-min", iface->port_min);
		jsonl_u64(line, "port-max", iface->port_max);
		if (iface->gone)
			jsonl_bool(line, "gone", true);
		admin_put_outside(line, iface);
		admin_put_mapping(line, iface);
		jsonl_u64(line, "pairs", iface->ports.pairs);
		jsonl_u64(line, "used", iface->ports.used);
		jsonl_u64(line, "free", iface->ports.free);
		jsonl_u64(line, "quarantined", iface->ports.quarantined);
		jsonl_u64(line, "taken-by-others", iface->ports.taken_by_others);
		jsonl_close(line, '}');
	}
	jsonl_close(line, ']');
}

static void put_settings(struct json_line *line, const struct admin_conf *conf)
{
	static const char *const firewalls[] = { [FIREWALL_NONE] = "none",
						 [FIREWALL_NOTRACK] = "notrack",
						 [FIREWALL_PINHOLE] = "pinhole" };
	char levels[LOG_LEVELS_TEXT];

	jsonl_text(line, "firewall", firewalls[conf->conf->firewall]);
	jsonl_u64(line, "port-min", conf->conf->port_min);
	jsonl_u64(line, "port-max", conf->conf->port_max);
	jsonl_u64(line, "media-threads", worker_pool_threads(conf->calls->conf.workers));
	jsonl_u64(line, "max-sessions", conf->calls->conf.max_sessions);
	log_levels_print(log_get_levels(), levels, sizeof(levels));
	jsonl_text(line, "log-level", levels);
	jsonl_bool(line, "drain", conf->calls->draining);
	jsonl_bool(line, "drain-kept", drain_is_kept(conf->calls));
}

static void put_list(struct json_line *line, const char *key, const struct conf_list *list)
{
	jsonl_open(line, key, '[');
	for (size_t i = 0; i < list->count; i++)
		jsonl_text(line, NULL, list->item[i]);
	jsonl_close(line, ']');
}

/* Where it listens, and the files that it uses. */
static void put_places(struct json_line *line, const struct conf *conf)
{
	put_list(line, "listen-ng", &conf->listen_ng);
	put_list(line, "listen-tcp-ng", &conf->listen_tcp_ng);
	put_list(line, "listen-rtpproxy", &conf->listen_rtpproxy);
	put_list(line, "listen-http", &conf->listen_http);
	if (conf->stun_domain)
		jsonl_text(line, "stun-domain", conf->stun_domain);
	jsonl_bool(line, "http-ng", conf->http_ng);
	jsonl_text(line, "config", conf_file(conf));
	jsonl_text(line, "state-dir", conf->state_dir ? conf->state_dir : "");
	jsonl_text(line, "state", conf->state == STATE_NONE ? "none" : "keep");
}

static void put_control(struct json_line *line, const struct admin_conf *conf)
{
	const char *group = conf->conf->control_group;

	if (!conf->path)
		return;
	jsonl_open(line, "control", '{');
	jsonl_text(line, "socket", conf->path);
	jsonl_u64(line, "mode", conf->conf->control_mode);
	if (group)
		jsonl_text(line, "group", group);
	if (conf->group_error)
		jsonl_text(line, "group-error", strerror(-conf->group_error));
	jsonl_close(line, '}');
}

static void put_journal(struct json_line *line, const struct daemon_report *report)
{
	jsonl_open(line, "journal", '{');
	jsonl_text(line, "state", journal_state_names[report->journal_state]);
	jsonl_u64(line, "restored", report->journal.restored);
	jsonl_u64(line, "lost", report->journal.lost);
	jsonl_u64(line, "damaged", report->journal.damaged);
	jsonl_u64(line, "write-errors", report->journal.write_errors);
	jsonl_close(line, '}');
}

/* null: DTLS passes through */
static void put_dtls(struct json_line *line, const struct dtls_service *dtls)
{
	int64_t from_s, until_s;

	if (!dtls) {
		jsonl_null(line, "dtls");
		return;
	}
	dtls_service_dates(dtls, &from_s, &until_s);
	jsonl_open(line, "dtls", '{');
	jsonl_i64(line, "valid-from", from_s);
	jsonl_i64(line, "valid-until", until_s);
	jsonl_close(line, '}');
}

static void put_seccomp(struct json_line *line)
{
	static const char *const modes[] = {
		[CONFINE_ON] = "on", [CONFINE_LOG] = "log", [CONFINE_OFF] = "off"
	};
	struct confine_report report;

	confine_report(&report);
	jsonl_open(line, "seccomp", '{');
	jsonl_text(line, "mode", modes[report.wanted]);
	if (report.why_not)
		jsonl_text(line, "why-not", report.why_not);
	jsonl_u64(line, "violations", report.violations);
	jsonl_close(line, '}');
}

static void put_bans(struct json_line *line, const struct daemon_report *report)
{
	jsonl_open(line, "bans", '{');
	jsonl_text(line, "state", bans_state_names[report->bans_state]);
	jsonl_u64(line, "addresses", report->banned);
	jsonl_close(line, '}');
}

static void put_cdr(struct json_line *line, const struct conf *conf,
		    const struct daemon_report *report)
{
	if (!conf->cdr_file)
		return;
	jsonl_open(line, "cdr", '{');
	jsonl_text(line, "file", conf->cdr_file);
	jsonl_text(line, "state", report->cdr_failing ? "failing" : "ok");
	jsonl_u64(line, "lost", report->stats.cdr_lost);
	jsonl_close(line, '}');
}

/* Only with recording-dir. */
static void put_recording(struct json_line *line, const struct conf *conf,
			  const struct daemon_report *report)
{
	const struct record_dir_health *health = &report->recording_dir;

	if (!conf->recording_dir)
		return;
	jsonl_open(line, "recording", '{');
	jsonl_text(line, "dir", conf->recording_dir);
	jsonl_u64(line, "min-free-mib", conf->recording_min_free_mib);
	if (health->has_left)
		jsonl_u64(line, "left-mib", health->left >> 20);
	if (health->known)
		jsonl_bool(line, "usable", !health->why);
	if (health->why)
		jsonl_text(line, "why-not", health->why);
	jsonl_u64(line, "begun", report->stats.recordings);
	jsonl_u64(line, "failed", report->stats.recordings_failed);
	jsonl_u64(line, "lost-ring", report->recorder.lost);
	jsonl_u64(line, "lost-kernel", report->kernel_tap.lost);
	jsonl_u64(line, "lost-disk", report->recorder.unwritten);
	jsonl_close(line, '}');
}

/* Only if there was one. */
static void put_copies(struct json_line *line, const struct copies_totals *copies)
{
	if (!copies->made)
		return;
	jsonl_open(line, "copies", '{');
	jsonl_u64(line, "made", copies->made);
	jsonl_u64(line, "now", copies->subscribers);
	jsonl_u64(line, "lines", copies->lines);
	jsonl_close(line, '}');
}

/* Only if there is a service. */
static void put_stun(struct json_line *line, const struct daemon_report *report,
		     const struct stun_service *service, bool discovery)
{
	const struct stun_sites *sites = stun_service_sites(service);
	char text[ENDPOINT_TEXT];

	if (!sites)
		return;
	jsonl_open(line, "stun", '{');
	jsonl_open(line, "listen", '[');
	for (size_t i = 0; i < sites->n; i++)
		for (size_t j = 0; j < sites->site[i].n; j++)
			jsonl_text(line, NULL, endpoint_print(&sites->site[i].bind[j], text));
	jsonl_close(line, ']');
	jsonl_open(line, "listen-tcp", '[');
	for (size_t i = 0; i < sites->n_tcp; i++)
		jsonl_text(line, NULL, endpoint_print(&sites->tcp[i], text));
	jsonl_close(line, ']');
	jsonl_bool(line, "discovery", discovery && stun_sites_discover(sites));
	jsonl_u64(line, "requests", report->stun.requests);
	jsonl_u64(line, "replies", report->stun.replies);
	jsonl_u64(line, "limited", report->stun.limited + report->stun.limited_total);
	jsonl_u64(line, "receive-queue", report->stun.receive_queue);
	jsonl_close(line, '}');
}

static void put_unheard(struct json_line *line, const struct daemon_report *report)
{
	jsonl_open(line, "unheard", '{');
	jsonl_u64(line, "calls", report->stats.calls_unheard);
	jsonl_u64(line, "last-hour", stats_last_hour(&report->stats.unheard, clock_ms()));
	jsonl_close(line, '}');
}

/* As of the last visit to each call. */
static void put_nat(struct json_line *line, const struct daemon_report *report)
{
	jsonl_open(line, "nat", '{');
	admin_put_phones(line, &report->nat);
	jsonl_u64(line, "rebinds-last-hour", stats_last_hour(&report->stats.rebinds, clock_ms()));
	jsonl_close(line, '}');
}

/* Those that are set, with the value that they are compared with. */
static void put_limits(struct json_line *line, const struct call_table *calls)
{
	struct call_limit limits[CALL_LIMITS];

	call_limits(calls, limits);
	jsonl_open(line, "limits", '[');
	for (size_t i = 0; i < COUNT(limits); i++) {
		if (limits[i].limit <= 0)
			continue;
		jsonl_open(line, NULL, '{');
		jsonl_text(line, "key", limits[i].key);
		jsonl_real(line, "limit", limits[i].limit);
		jsonl_real(line, "value", limits[i].is);
		jsonl_bool(line, "exceeded", call_limit_exceeded(&limits[i]));
		jsonl_close(line, '}');
	}
	jsonl_close(line, ']');
}

static void put_proxies(struct json_line *line, const struct admin_conf *conf,
			const struct stats *stats)
{
	char text[ENDPOINT_TEXT], allowed[512];

	if (conf->allowed) {
		conf->allowed(conf->allowed_arg, allowed, sizeof(allowed));
		jsonl_text(line, "control-allow", allowed);
	}
	jsonl_open(line, "refused-proxies", '[');
	for (size_t i = 0; i < stats->n_strangers; i++) {
		const struct stranger *stranger = &stats->stranger[i];

		jsonl_open(line, NULL, '{');
		jsonl_text(line, "address", endpoint_print_addr(&stranger->addr, text));
		jsonl_u64(line, "commands", stranger->commands);
		jsonl_i64(line, "last-ago", (clock_ms() - stranger->last_ms) / 1000);
		jsonl_close(line, '}');
	}
	jsonl_close(line, ']');
}

static void put_debugged(struct json_line *line, const struct trace_calls *traces)
{
	jsonl_open(line, "debug-calls", '[');
	for (size_t i = 0; i < traces->n; i++)
		jsonl_str(line, NULL, traces->call[i]->id);
	jsonl_close(line, ']');
}

static bool begin(struct admin_peer *peer, const struct dict *request)
{
	const struct daemon_report *report = admin_report(peer);
	const struct call_table *calls = peer->conf->calls;
	struct json_line *line;

	(void)request;
	if (!report)
		return false;
	line = admin_line(peer, "status");
	jsonl_text(line, "version", RTPRELAY_VERSION);
	jsonl_i64(line, "pid", getpid());
	jsonl_i64(line, "uptime", report->uptime_s);
	put_settings(line, peer->conf);
	put_places(line, peer->conf->conf);
	put_control(line, peer->conf);
	put_kernel(line, peer->conf, report);
	put_journal(line, report);
	put_dtls(line, calls->conf.dtls);
	put_seccomp(line);
	put_bans(line, report);
	put_cdr(line, peer->conf->conf, report);
	put_recording(line, peer->conf->conf, report);
	put_copies(line, &report->copies);
	put_stun(line, report, calls->conf.stun, peer->conf->conf->stun_discovery != DISCOVERY_NO);
	put_unheard(line, report);
	put_nat(line, report);
	put_limits(line, calls);
	put_proxies(line, peer->conf, &report->stats);
	put_debugged(line, &calls->traces);
	jsonl_u64(line, "calls", report->calls);
	jsonl_u64(line, "one-way-calls", report->one_way_calls);
	jsonl_u64(line, "medias", report->media);
	jsonl_u64(line, "streams", report->streams);
	jsonl_u64(line, "mixed-medias", report->media_by_path[PATH_MIXED]);
	put_path(line, "user-path", report, PATH_USER,
		 report->streams > report->flows ? report->streams - report->flows : 0);
	put_path(line, "kernel-path", report, PATH_KERNEL, report->flows);
	put_ifaces(line, report);
	admin_send(peer);
	admin_end(peer, 1);
	return false;
}

const struct admin_verb admin_verb_status = { .name = CONTROL_VERB_STATUS, .begin = begin };
