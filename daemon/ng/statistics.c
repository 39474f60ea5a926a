/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * statistics.c - the totals of the daemon, under rtpengine's keys
 *
 * Decimal fractions are sent as text, as rtpengine does. Members with "foreign" or "final" in their
 * name are always 0: they exist for scripts that read them by name.
 */
#include <inttypes.h>
#include "base/count.h"
#include "ng/statistics.h"
#include "ng/tree.h"

#define KEY(id, name) [id] = (name),

static const char *const verb_keys[VERB_COUNT] = { VERBS(KEY, "") };

struct number {
	struct str key;
	uint64_t value;
};

static void add_numbers(struct arena *arena, struct dict *map, const struct number *numbers,
			size_t count)
{
	for (size_t i = 0; i < count; i++)
		ng_add_u64(arena, map, numbers[i].key, numbers[i].value);
}

static void add_seconds(struct arena *arena, struct dict *map, struct str key, uint64_t us)
{
	dict_add_str(arena, map, key,
		     arena_printf(arena, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000));
}

static void add_current(struct arena *arena, struct dict *map, const struct daemon_report *report)
{
	const struct relayed *user = &report->stats.sample.rate[PATH_USER];
	const struct relayed *kernel = &report->stats.sample.rate[PATH_KERNEL];
	const struct number numbers[] = {
		{ STR("sessionsown"), report->calls },
		{ STR("sessionsforeign"), 0 },
		{ STR("sessionstotal"), report->calls },
		{ STR("transcodedmedia"), 0 },
		{ STR("packetrate_user"), user->packets },
		{ STR("byterate_user"), user->bytes },
		{ STR("errorrate_user"), user->errors },
		{ STR("packetrate_kernel"), kernel->packets },
		{ STR("byterate_kernel"), kernel->bytes },
		{ STR("errorrate_kernel"), kernel->errors },
		{ STR("packetrate"), user->packets + kernel->packets },
		{ STR("byterate"), user->bytes + kernel->bytes },
		{ STR("errorrate"), user->errors + kernel->errors },
		{ STR("media_userspace"), report->media_by_path[PATH_USER] },
		{ STR("media_kernel"), report->media_by_path[PATH_KERNEL] },
		{ STR("media_mixed"), report->media_by_path[PATH_MIXED] },
		{ STR("streams"), report->streams },
	};

	add_numbers(arena, dict_add_map(arena, map, STR("currentstatistics")), numbers,
		    COUNT(numbers));
}

static void add_total(struct arena *arena, struct dict *map, const struct daemon_report *report)
{
	const struct relayed *user = &report->relayed[PATH_USER];
	const struct relayed *kernel = &report->relayed[PATH_KERNEL];
	const struct stats *stats = &report->stats;
	uint64_t ended = stats->calls_timeout + stats->calls_silent_timeout +
			 stats->calls_offer_timeout + stats->calls_unanswered +
			 stats->calls_final_timeout + stats->calls_deleted + stats->calls_forced;
	const struct number numbers[] = {
		{ STR("uptime"), (uint64_t)report->uptime_s },
		{ STR("managedsessions"), stats->calls_made },
		{ STR("rejectedsessions"), stats->calls_rejected + stats->calls_drained +
						   stats->calls_overload + stats->calls_no_address +
						   stats->calls_no_outside },
		{ STR("timeoutsessions"), stats->calls_timeout },
		{ STR("silenttimeoutsessions"), stats->calls_silent_timeout },
		{ STR("finaltimeoutsessions"), stats->calls_final_timeout },
		{ STR("offertimeoutsessions"),
		  stats->calls_offer_timeout + stats->calls_unanswered },
		{ STR("regularterminatedsessions"), stats->calls_deleted },
		{ STR("forcedterminatedsessions"), stats->calls_forced },
		{ STR("relayedpackets_user"), user->packets },
		{ STR("relayedpacketerrors_user"), user->errors },
		{ STR("relayedbytes_user"), user->bytes },
		{ STR("relayedpackets_kernel"), kernel->packets },
		{ STR("relayedpacketerrors_kernel"), kernel->errors },
		{ STR("relayedbytes_kernel"), kernel->bytes },
		{ STR("relayedpackets"), user->packets + kernel->packets },
		{ STR("relayedpacketerrors"), user->errors + kernel->errors },
		{ STR("relayedbytes"), user->bytes + kernel->bytes },
		{ STR("zerowaystreams"), stats->zero_way },
		{ STR("onewaystreams"), stats->one_way },
	};
	struct dict *own = dict_add_map(arena, map, STR("totalstatistics"));
	struct dict *drops;

	add_numbers(arena, own, numbers, COUNT(numbers));
	add_seconds(arena, own, STR("avgcallduration"),
		    ended ? stats->duration_ms * 1000 / ended : 0);
	drops = dict_add_map(arena, own, STR("drops"));
	for (size_t i = 0; i < DROP_COUNT; i++)
		ng_add_u64(arena, drops, str_of(stream_drop_names[i].name), report->drops[i]);
}

static void add_verbs(struct arena *arena, struct dict *map, const char *prefix,
		      const struct proxy_stats *row)
{
	for (size_t i = 0; i < VERB_COUNT; i++) {
		ng_add_u64(arena, map, arena_printf(arena, "%s%scount", prefix, verb_keys[i]),
			   row->count[i]);
		add_seconds(arena, map, arena_printf(arena, "%s%sduration", prefix, verb_keys[i]),
			    row->duration_us[i]);
	}
}

static void add_proxy(struct arena *arena, struct dict *list, const struct proxy_stats *row)
{
	struct dict *map = dict_add_map(arena, list, STR_NONE);
	char text[ENDPOINT_TEXT];

	dict_add_str(arena, map, STR("proxy"),
		     endpoint_is_set(&row->addr)
			     ? arena_str(arena, str_of(endpoint_print_addr(&row->addr, text)))
			     : STR("others"));
	add_verbs(arena, map, "", row);
	ng_add_u64(arena, map, STR("errorcount"), row->errors);
}

static void add_control(struct arena *arena, struct dict *map, const struct daemon_report *report,
			enum reply_detail detail)
{
	const struct stats *stats = &report->stats;
	const struct number numbers[] = {
		{ STR("requests"), stats->requests },
		{ STR("replies"), stats->replies },
		{ STR("replayed"), stats->replayed },
		{ STR("malformed"), stats->malformed },
		{ STR("notallowed"), stats->not_allowed },
		{ STR("unknowncommands"), stats->unknown_command },
		{ STR("repliestoolarge"), stats->reply_too_large },
		{ STR("sendfailed"), stats->send_failed },
	};
	struct dict *own = dict_add_map(arena, map, STR("controlstatistics"));
	struct dict *list = dict_add_list(arena, own, STR("proxies"));
	struct proxy_stats total = { 0 };

	for (size_t i = 0; i < stats->n_proxies; i++) {
		const struct proxy_stats *row = &stats->proxy[i];

		if (detail == DETAIL_ALL)
			add_proxy(arena, list, row);
		for (size_t v = 0; v < VERB_COUNT; v++) {
			total.count[v] += row->count[v];
			total.duration_us[v] += row->duration_us[v];
		}
	}
	add_verbs(arena, own, "total", &total);
	add_numbers(arena, own, numbers, COUNT(numbers));
}

static void add_interfaces(struct arena *arena, struct dict *map,
			   const struct daemon_report *report)
{
	struct dict *list = dict_add_list(arena, map, STR("interfaces"));

	for (size_t i = 0; i < report->n_ifaces; i++) {
		const struct iface_report *iface = &report->iface[i];
		struct dict *own = dict_add_map(arena, list, STR_NONE);
		const struct number ports[] = {
			{ STR("pairs"), iface->ports.pairs },
			{ STR("used"), iface->ports.used },
			{ STR("free"), iface->ports.free },
			{ STR("quarantined"), iface->ports.quarantined },
			{ STR("taken by others"), iface->ports.taken_by_others },
		};

		dict_add_str(arena, own, STR("name"), iface->name);
		ng_add_address(arena, dict_add_map(arena, own, STR("address")), &iface->bind);
		ng_add_address(arena, dict_add_map(arena, own, STR("advertised address")),
			       &iface->advertised);
		add_numbers(arena, dict_add_map(arena, own, STR("ports")), ports, COUNT(ports));
	}
}

void ng_add_statistics(struct arena *arena, struct dict *map, const struct daemon_report *report,
		       enum reply_detail detail)
{
	struct dict *own = dict_add_map(arena, map, STR("statistics"));

	add_current(arena, own, report);
	add_total(arena, own, report);
	add_control(arena, own, report, detail);
	if (detail < DETAIL_PARTIES)
		add_interfaces(arena, own, report);
}
