/* SPDX-License-Identifier: GPL-2.0-only */
/* admin_status.c - the daemon as a whole: version, module, interfaces, how many calls, by which path */
#include <unistd.h>
#include "admin_peer.h"
#include "clock.h"

static void put_kernel(struct json_line *line, const struct admin_conf *conf)
{
	static const char *const modes[] = {
		[KMOD_AUTO] = "auto", [KMOD_OFF] = "off", [KMOD_REQUIRE] = "require"
	};
	static const char *const features[] = { "rtp", "events", "family", "tap" };
	const struct kmod *kmod = conf->calls->conf.kmod;

	json_open(line, "kernel", '{');
	json_text(line, "mode", modes[conf->conf->kernel]);
	json_bool(line, "module", kmod_available(kmod));
	json_u64(line, "flows", kmod_count(kmod));
	json_open(line, "features", '[');
	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++)
		if (kmod_features(kmod) & 1u << i)
			json_text(line, NULL, features[i]);
	json_close(line, ']');
	json_close(line, '}');
}

static void put_relayed(struct json_line *line, const char *key, const struct relayed *relayed,
			size_t medias)
{
	json_open(line, key, '{');
	json_u64(line, "medias", medias);
	json_u64(line, "packets", relayed->packets);
	json_u64(line, "bytes", relayed->bytes);
	json_u64(line, "errors", relayed->errors);
	json_close(line, '}');
}

static void put_ifaces(struct json_line *line, const struct daemon_report *report)
{
	json_open(line, "interfaces", '[');
	for (size_t i = 0; i < report->n_ifaces; i++) {
		const struct iface_report *iface = &report->iface[i];
		char text[ENDPOINT_TEXT];

		json_open(line, NULL, '{');
		json_str(line, "name", iface->name);
		json_text(line, "address", endpoint_print_addr(&iface->bind, text));
		json_text(line, "advertised", endpoint_print_addr(&iface->advertised, text));
		json_u64(line, "pairs", iface->ports.pairs);
		json_u64(line, "used", iface->ports.used);
		json_u64(line, "free", iface->ports.free);
		json_u64(line, "quarantined", iface->ports.quarantined);
		json_u64(line, "taken-by-others", iface->ports.taken_by_others);
		json_close(line, '}');
	}
	json_close(line, ']');
}

static void put_settings(struct json_line *line, const struct admin_conf *conf)
{
	static const char *const firewalls[] = { [FIREWALL_NONE] = "none",
						 [FIREWALL_NOTRACK] = "notrack",
						 [FIREWALL_PINHOLE] = "pinhole" };

	json_text(line, "firewall", firewalls[conf->conf->firewall]);
	json_u64(line, "port-min", conf->conf->port_min);
	json_u64(line, "port-max", conf->conf->port_max);
	json_u64(line, "media-threads", worker_pool_threads(conf->calls->conf.workers));
	json_u64(line, "max-sessions", conf->calls->conf.max_sessions);
	json_text(line, "log-level", log_level_name(log_get_level()));
	json_bool(line, "drain", conf->calls->draining);
}

static bool begin(struct admin_peer *peer, const struct dict *request)
{
	const struct call_table *calls = peer->conf->calls;
	const struct daemon_report *report =
		daemon_report_make(peer->arena, calls, calls->conf.stats, clock_ms());
	struct json_line *line;

	(void)request;
	if (!report) {
		admin_error(peer, CTL_ERROR_MEMORY, "out of memory");
		return false;
	}
	line = admin_line(peer, "status");
	json_text(line, "version", RTPRELAY_VERSION);
	json_i64(line, "pid", getpid());
	json_i64(line, "uptime", report->uptime_s);
	put_settings(line, peer->conf);
	put_kernel(line, peer->conf);
	json_u64(line, "calls", report->calls);
	json_u64(line, "medias", report->media);
	json_u64(line, "streams", report->streams);
	json_u64(line, "mixed-medias", report->media_by_path[PATH_MIXED]);
	put_relayed(line, "user-path", &report->relayed[PATH_USER],
		    report->media_by_path[PATH_USER]);
	put_relayed(line, "kernel-path", &report->relayed[PATH_KERNEL],
		    report->media_by_path[PATH_KERNEL]);
	put_ifaces(line, report);
	admin_send(peer);
	admin_end(peer, 1);
	return false;
}

const struct admin_verb admin_verb_status = { .name = CTL_VERB_STATUS, .begin = begin };
