/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nat.c - the verb nat: addresses of the relay outside of its NAT, and what is seen of those of
 * phones
 */
#include "admin/answer.h"
#include "admin/nat.h"
#include "base/clock.h"
#include "base/count.h"
#include "call/nat_seen.h"
#include "packet/pool.h"

void admin_put_outside(struct json_line *line, const struct iface_report *iface)
{
	const struct external_place *outside = iface->outside;

	if (!outside)
		return;
	jsonl_open(line, "external", '{');
	jsonl_text(line, "state", external_knowledge_names[outside->knowledge]);
	jsonl_bool(line, "usable", !iface->unknown);
	if (outside->source)
		jsonl_text(line, "source", outside->source);
	if (outside->changed_ms)
		jsonl_i64(line, "changed-ago", (clock_ms() - outside->changed_ms) / 1000);
	if (outside->checked_ms)
		jsonl_i64(line, "checked-ago", (clock_ms() - outside->checked_ms) / 1000);
	jsonl_bool(line, "double-nat", outside->double_nat);
	jsonl_text(line, "mapping", external_mapping_names[outside->mapping]);
	jsonl_text(line, "filtering", external_filtering_names[outside->filtering]);
	if (outside->failing)
		jsonl_text(line, "why", outside->why);
	jsonl_close(line, '}');
}

void admin_put_mapping(struct json_line *line, const struct iface_report *iface)
{
	const struct portmap_place *mapping = iface->mapping;
	struct portmap_sums sums;

	if (!mapping)
		return;
	sums = portmap_place_sums(mapping);
	jsonl_open(line, "mapping", '{');
	jsonl_text(line, "state", portmap_state_names[mapping->state]);
	if (mapping->found)
		jsonl_text(line, "protocol", portmap_protocol_names[mapping->protocol]);
	jsonl_u64(line, "ports", sums.ports);
	jsonl_u64(line, "max", mapping->rules.max);
	jsonl_u64(line, "pairs", sums.ready);
	jsonl_u64(line, "free", sums.free);
	if (mapping->why[0])
		jsonl_text(line, "why", mapping->why);
	jsonl_close(line, '}');
}

void admin_put_phones(struct json_line *line, const struct nat_seen *seen)
{
	jsonl_u64(line, "phones", seen->phones);
	jsonl_u64(line, "behind-nat", seen->behind);
	jsonl_u64(line, "address-differs", seen->address);
	jsonl_u64(line, "port-differs", seen->port);
	jsonl_u64(line, "symmetric", seen->symmetric);
}

static void send_address(struct admin_peer *peer, const struct iface_report *iface)
{
	struct json_line *line = admin_line(peer, "nat-address");
	char text[ENDPOINT_TEXT];

	jsonl_str(line, "name", iface->name);
	jsonl_text(line, "address", endpoint_print_addr(&iface->bind, text));
	jsonl_text(line, "advertised", endpoint_print_addr(&iface->advertised, text));
	admin_put_outside(line, iface);
	admin_put_mapping(line, iface);
	admin_send(peer);
	peer->job.count++;
}

static void put_outside_port(struct json_line *line, const char *key,
			     const struct portmap_half *half)
{
	if (half->external)
		jsonl_u64(line, key, half->external);
}

/* A pair of ports that the router forwards, or is asked for. */
static void send_pair(struct admin_peer *peer, const struct portmap_place *place,
		      const struct portmap_pair *pair)
{
	static const char *const uses[] = { [PORTMAP_FREE] = "free",
					    [PORTMAP_BUSY] = "call",
					    [PORTMAP_FOREIGN] = "other-program" };
	struct json_line *line = admin_line(peer, "nat-mapping");
	int64_t rtp_ms = pair->half[0].until_ms, rtcp_ms = pair->half[1].until_ms;
	int64_t left_ms = (rtp_ms < rtcp_ms ? rtp_ms : rtcp_ms) - clock_ms();
	char text[ENDPOINT_TEXT];

	jsonl_text(line, "address", endpoint_print_addr(&place->bind, text));
	jsonl_u64(line, "port", pair->port);
	put_outside_port(line, "outside-rtp", &pair->half[0]);
	put_outside_port(line, "outside-rtcp", &pair->half[1]);
	jsonl_text(line, "protocol", portmap_protocol_names[pair->protocol]);
	jsonl_text(line, "use", pair->unwanted ? "ending" : uses[pair->use]);
	if (portmap_pair_ready(pair))
		jsonl_i64(line, "ends-in", left_ms > 0 ? left_ms / 1000 : 0);
	admin_send(peer);
	peer->job.count++;
}

/* A step for each pair. False: there are no more. */
static bool step_pair(struct admin_peer *peer)
{
	const struct portmap *portmap = peer->conf->calls->conf.portmap;
	struct admin_job *job = &peer->job;
	const struct portmap_place *place;

	if (job->dialog == portmap_count(portmap))
		return false;
	place = portmap_at(portmap, job->dialog);
	if (place->pair[job->media].port)
		send_pair(peer, place, &place->pair[job->media]);
	if (++job->media == COUNT(place->pair)) {
		job->media = 0;
		job->dialog++;
	}
	return true;
}

static bool begin(struct admin_peer *peer, const struct dict *request)
{
	const struct daemon_report *report = admin_report(peer);

	(void)request;
	if (!report)
		return false;
	for (size_t i = 0; i < report->n_ifaces; i++)
		send_address(peer, &report->iface[i]);
	call_cursor_begin(&peer->job.cursor, peer->conf->calls);
	return true;
}

static void send_phones(struct admin_peer *peer)
{
	const struct call_table *calls = peer->conf->calls;
	struct json_line *line = admin_line(peer, "nat-phones");
	struct worker_totals totals;

	worker_pool_totals(calls->conf.workers, &totals);
	admin_put_phones(line, &peer->job.nat);
	jsonl_u64(line, "rebinds", totals.rebinds);
	jsonl_u64(line, "rebinds-last-hour",
		  stats_last_hour(&calls->conf.stats->rebinds, clock_ms()) + totals.rebinds -
			  calls->conf.stats->sample.rebinds);
	jsonl_u64(line, "keepalives-sent", totals.keepalives_out);
	jsonl_u64(line, "keepalives-saved", totals.keepalives_saved);
	jsonl_u64(line, "keepalives-received", totals.keepalives_in);
	admin_send(peer);
	peer->job.count++;
}

/* A step for each pair of ports of the router, then for each call. */
static enum admin_step step(struct admin_peer *peer)
{
	const struct call *call;

	if (step_pair(peer))
		return ADMIN_MORE;
	call = call_cursor_next(&peer->job.cursor);
	if (call) {
		nat_seen_add(&peer->job.nat, call);
		return ADMIN_MORE;
	}
	send_phones(peer);
	admin_end(peer, peer->job.count);
	return ADMIN_DONE;
}

const struct admin_verb admin_verb_nat = { .name = CONTROL_VERB_NAT, .begin = begin, .step = step };
