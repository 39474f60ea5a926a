/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics_addresses.c - the addresses of the relay: ports, the address and ports outside of a
 * NAT, the STUN service
 */
#include "web/metrics_table.h"

/* --- Ports ------------------------------------------------------------------------------------ */

/* A pair is two ports. Addresses that share a pool report the same ports. */
static void ports(struct view *view, unsigned int (*of)(const struct port_pool_usage *usage))
{
	for (size_t i = 0; i < view->report->n_ifaces; i++) {
		const struct iface_report *iface = &view->report->iface[i];
		char text[ENDPOINT_TEXT];
		const struct metric_label labels[] = {
			{ "name", iface->name },
			{ "address", str_of(endpoint_print_addr(&iface->bind, text)) },
		};

		metrics_u64(&view->text, labels, COUNT(labels), 2UL * of(&iface->ports));
	}
}

static unsigned int of_all(const struct port_pool_usage *usage)
{
	return usage->pairs;
}

static unsigned int of_used(const struct port_pool_usage *usage)
{
	return usage->used;
}

static unsigned int of_free(const struct port_pool_usage *usage)
{
	return usage->free;
}

static unsigned int of_resting(const struct port_pool_usage *usage)
{
	return usage->quarantined;
}

static unsigned int of_foreign(const struct port_pool_usage *usage)
{
	return usage->taken_by_others;
}

static void ports_all(struct view *view)
{
	ports(view, of_all);
}

static void ports_used(struct view *view)
{
	ports(view, of_used);
}

static void ports_free(struct view *view)
{
	ports(view, of_free);
}

static void ports_quarantined(struct view *view)
{
	ports(view, of_resting);
}

static void ports_foreign(struct view *view)
{
	ports(view, of_foreign);
}

/* --- The address outside of a NAT ------------------------------------------------------------- */

static void each_outside(struct view *view, bool (*of)(const struct iface_report *))
{
	for (size_t i = 0; i < view->report->n_ifaces; i++) {
		const struct iface_report *iface = &view->report->iface[i];
		char text[ENDPOINT_TEXT];
		const struct metric_label labels[] = {
			{ "name", iface->name },
			{ "address", str_of(endpoint_print_addr(&iface->bind, text)) },
		};

		if (iface->outside)
			metrics_u64(&view->text, labels, COUNT(labels), of(iface));
	}
}

static bool is_known(const struct iface_report *iface)
{
	return !iface->unknown;
}

static bool is_failing(const struct iface_report *iface)
{
	return iface->outside->failing;
}

static void external_known(struct view *view)
{
	each_outside(view, is_known);
}

static void external_failing(struct view *view)
{
	each_outside(view, is_failing);
}

/* One row for each address: what is known of its NAT is a label. */
static void each_nat(struct view *view, const char *label,
		     const char *(*name_of)(const struct external_place *outside))
{
	for (size_t i = 0; i < view->report->n_ifaces; i++) {
		const struct iface_report *iface = &view->report->iface[i];
		char text[ENDPOINT_TEXT];
		struct metric_label labels[] = {
			{ "name", iface->name },
			{ "address", str_of(endpoint_print_addr(&iface->bind, text)) },
			{ label, STR("") },
		};

		if (!iface->outside)
			continue;
		labels[2].value = str_of(name_of(iface->outside));
		metrics_u64(&view->text, labels, COUNT(labels), 1);
	}
}

static const char *mapping_of(const struct external_place *outside)
{
	return external_mapping_names[outside->mapping];
}

static const char *filtering_of(const struct external_place *outside)
{
	return external_filtering_names[outside->filtering];
}

static void outside_mapping(struct view *view)
{
	each_nat(view, "mapping", mapping_of);
}

static void outside_filtering(struct view *view)
{
	each_nat(view, "filtering", filtering_of);
}

static void external_checks(struct view *view)
{
	put(view, view->report->external.checks);
}

static void external_failed(struct view *view)
{
	put_one(view, "reason", STR("no_answer"), view->report->external.failed);
	put_one(view, "reason", STR("double_nat"), view->report->external.double_nat);
}

static void external_changes(struct view *view)
{
	put(view, view->report->external.changes);
}

/* --- Ports that a router forwards ------------------------------------------------------------- */

static void each_mapping(struct view *view, unsigned int (*of)(const struct portmap_place *))
{
	for (size_t i = 0; i < view->report->n_ifaces; i++) {
		const struct iface_report *iface = &view->report->iface[i];
		char text[ENDPOINT_TEXT];
		const struct metric_label labels[] = {
			{ "name", iface->name },
			{ "address", str_of(endpoint_print_addr(&iface->bind, text)) },
		};

		if (iface->mapping)
			metrics_u64(&view->text, labels, COUNT(labels), of(iface->mapping));
	}
}

static unsigned int mapping_failing(const struct portmap_place *mapping)
{
	return mapping->state == PORTMAP_FAILING;
}

static unsigned int mapping_full(const struct portmap_place *mapping)
{
	return mapping->state == PORTMAP_FULL;
}

static unsigned int mapping_ports(const struct portmap_place *mapping)
{
	return portmap_place_sums(mapping).ports;
}

static unsigned int mapping_free(const struct portmap_place *mapping)
{
	return portmap_place_sums(mapping).free;
}

static void mappings_failing(struct view *view)
{
	each_mapping(view, mapping_failing);
}

static void mappings_full(struct view *view)
{
	each_mapping(view, mapping_full);
}

static void mappings_ports(struct view *view)
{
	each_mapping(view, mapping_ports);
}

static void mappings_free(struct view *view)
{
	each_mapping(view, mapping_free);
}

static void mapping_requests(struct view *view)
{
	put_one(view, "result", STR("granted"), view->report->portmap.granted);
	put_one(view, "result", STR("refused"), view->report->portmap.refused);
	put_one(view, "result", STR("unanswered"), view->report->portmap.unanswered);
}

static void mapping_restarts(struct view *view)
{
	put(view, view->report->portmap.restarts);
}

static void mapping_moved(struct view *view)
{
	put(view, view->report->portmap.moved);
}

/* --- The STUN service ------------------------------------------------------------------------- */

static void stun_requests(struct view *view)
{
	put(view, view->report->stun.requests);
}

static void stun_replies(struct view *view)
{
	const struct stun_counters *stun = &view->report->stun;

	put_one(view, "kind", STR("all"), stun->replies);
	put_one(view, "kind", STR("classic"), stun->classic);
	put_one(view, "kind", STR("discovery"), stun->discovery);
	put_one(view, "kind", STR("error"), stun->errors);
}

static void stun_connections(struct view *view)
{
	const struct stun_counters *stun = &view->report->stun;

	put_one(view, "state", STR("accepted"), stun->tcp);
	put_one(view, "state", STR("refused"), stun->tcp_refused);
	put_one(view, "state", STR("ended"), stun->tcp_ended);
}

static void stun_refused(struct view *view)
{
	const struct stun_counters *stun = &view->report->stun;

	put_one(view, "reason", STR("malformed"), stun->malformed);
	put_one(view, "reason", STR("fingerprint"), stun->fingerprint);
	put_one(view, "reason", STR("source"), stun->source);
	put_one(view, "reason", STR("not_allowed"), stun->not_allowed);
	put_one(view, "reason", STR("banned"), stun->banned);
	put_one(view, "reason", STR("classic"), stun->classic_refused);
	put_one(view, "reason", STR("cannot_change"), stun->cannot_change);
	put_one(view, "reason", STR("limited"), stun->limited);
	put_one(view, "reason", STR("limited_total"), stun->limited_total);
	put_one(view, "reason", STR("send_failed"), stun->send_failed);
	put_one(view, "reason", STR("receive_queue"), stun->receive_queue);
}

/* --- The table -------------------------------------------------------------------------------- */

/* clang-format off */
static const struct metric rows[] = {
	{ "ports", METRIC_GAUGE, "Ports for media.", ports_all },
	{ "ports_used", METRIC_GAUGE, "Ports in use.", ports_used },
	{ "ports_free", METRIC_GAUGE, "Ports that a new call can use now.", ports_free },
	{ "ports_quarantined", METRIC_GAUGE, "Ports in quarantine after their call (port-quarantine).", ports_quarantined },
	{ "ports_taken_by_others", METRIC_GAUGE, "Ports that other programs have open.", ports_foreign },
	{ "stun_requests_total", METRIC_COUNTER, "Datagrams that the STUN service received.", stun_requests },
	{ "stun_replies_total", METRIC_COUNTER, "Replies of the STUN service: all, and those of some kinds.", stun_replies },
	{ "stun_connections_total", METRIC_COUNTER, "Connections to the STUN service by TCP; ended: idle, or to make room for others.", stun_connections },
	{ "stun_refused_total", METRIC_COUNTER, "Datagrams to the STUN service that were not answered, by reason.", stun_refused },
	{ "external_address_known", METRIC_GAUGE, "1: calls may begin at this interface, whose address outside of the NAT is found out (external-address); 0: they are refused.", external_known },
	{ "external_address_failing", METRIC_GAUGE, "1: no source of external-address answers for this interface at present.", external_failing },
	{ "external_address_mapping", METRIC_GAUGE, "1; mapping: how the NAT in front of the relay maps ports (RFC 5780): unknown, none, endpoint-independent, address-dependent.", outside_mapping },
	{ "external_address_filtering", METRIC_GAUGE, "1; filtering: which packets the NAT in front of the relay lets in (RFC 5780): unknown, endpoint-independent, address-dependent, address-port-dependent.", outside_filtering },
	{ "external_address_checks_total", METRIC_COUNTER, "Rounds of questions for an address outside of the NAT.", external_checks },
	{ "external_address_failed_total", METRIC_COUNTER, "Rounds that no source answered with a usable address, by reason; no_answer has those of double_nat too.", external_failed },
	{ "external_address_changes_total", METRIC_COUNTER, "Times that another address outside of the NAT was found, or the first one.", external_changes },
	{ "port_mapping_failing", METRIC_GAUGE, "1: the router does not forward ports to this interface (port-mapping): it does not answer, or refuses.", mappings_failing },
	{ "port_mapping_full", METRIC_GAUGE, "1: the router forwards ports to this interface, and refuses more.", mappings_full },
	{ "port_mapping_ports", METRIC_GAUGE, "Ports that the router forwards to this interface.", mappings_ports },
	{ "port_mapping_free_pairs", METRIC_GAUGE, "Pairs of them for the next calls; with 0, calls are refused.", mappings_free },
	{ "port_mapping_requests_total", METRIC_COUNTER, "Requests to routers for a port, by result.", mapping_requests },
	{ "port_mapping_router_restarts_total", METRIC_COUNTER, "Times that a router had lost what it forwarded.", mapping_restarts },
	{ "port_mapping_moved_total", METRIC_COUNTER, "Times that a port of a call got another port outside.", mapping_moved },
};
/* clang-format on */

const struct metric_table metrics_addresses = { rows, COUNT(rows) };
