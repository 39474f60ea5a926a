/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics_kernel.c - the kernel path and the firewall */
#include "web/metrics_table.h"

/* --- The kernel path -------------------------------------------------------------------------- */

static void kernel_wanted(struct view *view)
{
	put(view, view->report->kernel_on);
}

static void kernel_there(struct view *view)
{
	put(view, view->report->kernel_there);
}

/* Both are always there, so that a rate has a beginning. */
static void by_kernel_path(struct view *view, uint64_t (*value)(const struct kernel_path_report *))
{
	static const char *const paths[] = { "module", "bpf" };
	const struct daemon_report *report = view->report;

	for (size_t i = 0; i < COUNT(paths); i++) {
		uint64_t sum = 0;

		for (size_t j = 0; j < report->n_kernel_paths; j++)
			if (!strcmp(report->kernel_path[j].path, paths[i]))
				sum += value(&report->kernel_path[j]);
		put_one(view, "path", str_of(paths[i]), sum);
	}
}

static uint64_t used_of(const struct kernel_path_report *path)
{
	return path->used;
}

static uint64_t flows_of(const struct kernel_path_report *path)
{
	return path->flows;
}

static uint64_t packets_of(const struct kernel_path_report *path)
{
	return path->relayed.packets;
}

static uint64_t bytes_of(const struct kernel_path_report *path)
{
	return path->relayed.bytes;
}

static void path_used(struct view *view)
{
	by_kernel_path(view, used_of);
}

static void path_flows(struct view *view)
{
	by_kernel_path(view, flows_of);
}

static void path_packets(struct view *view)
{
	by_kernel_path(view, packets_of);
}

static void path_bytes(struct view *view)
{
	by_kernel_path(view, bytes_of);
}

static void flows(struct view *view)
{
	put(view, view->report->flows);
}

static void kernel_passed(struct view *view)
{
	const uint64_t *kernel = view->report->kernel;

	put_one(view, "reason", STR("stun"), kernel[RTPRELAY_C_PASS_STUN]);
	put_one(view, "reason", STR("dtls"), kernel[RTPRELAY_C_PASS_DTLS]);
	put_one(view, "reason", STR("kind"), kernel[RTPRELAY_C_PASS_KIND]);
	put_one(view, "reason", STR("pt"), kernel[RTPRELAY_C_PASS_PT]);
	put_one(view, "reason", STR("route"), kernel[RTPRELAY_C_PASS_ROUTE]);
	put_one(view, "reason", STR("size"), kernel[RTPRELAY_C_PASS_SIZE]);
	put_one(view, "reason", STR("policy"), kernel[RTPRELAY_C_PASS_POLICY]);
	put_one(view, "reason", STR("device"), kernel[RTPRELAY_C_PASS_DEVICE]);
}

static void kernel_tapped(struct view *view)
{
	put(view, view->report->kernel[RTPRELAY_C_TAPPED]);
}

/* --- The firewall, and bans ------------------------------------------------------------------- */

static void firewall_errors(struct view *view)
{
	put(view, view->report->firewall.errors);
}

static void firewall_repairs(struct view *view)
{
	put(view, view->report->firewall.repairs);
}

static void firewall_banned(struct view *view)
{
	put(view, view->report->firewall.banned);
}

static void banned_addresses(struct view *view)
{
	put(view, view->report->banned);
}

/* --- The table -------------------------------------------------------------------------------- */

/* clang-format off */
static const struct metric rows[] = {
	{ "kernel_wanted", METRIC_GAUGE, "1 unless kernel=off is configured.", kernel_wanted },
	{ "kernel_path_available", METRIC_GAUGE, "1 while the daemon can set flows in the kernel, by the module or by BPF.", kernel_there },
	{ "kernel_flows", METRIC_GAUGE, "Flows of this daemon in the kernel.", flows },
	{ "kernel_path_used", METRIC_GAUGE, "1 for the path that new flows in the kernel take: module, bpf.", path_used },
	{ "kernel_path_flows", METRIC_GAUGE, "Flows of this daemon in the kernel, by path: module, bpf.", path_flows },
	{ "kernel_path_packets_total", METRIC_COUNTER, "Packets forwarded in the kernel, by path: module, bpf.", path_packets },
	{ "kernel_path_bytes_total", METRIC_COUNTER, "UDP payload forwarded in the kernel, by path: module, bpf.", path_bytes },
	{ "kernel_passed_packets_total", METRIC_COUNTER, "Packets that the kernel path passed to the daemon, by reason.", kernel_passed },
	{ "kernel_tapped_packets_total", METRIC_COUNTER, "Packets that the module copied to the device rtprelay0, for capture.", kernel_tapped },
	{ "firewall_errors_total", METRIC_COUNTER, "Changes of table inet rtprelay that the kernel refused; each is tried again.", firewall_errors },
	{ "firewall_repairs_total", METRIC_COUNTER, "Times that another program changed table inet rtprelay, and the daemon restored it.", firewall_repairs },
	{ "firewall_banned_packets_total", METRIC_COUNTER, "Packets of banned addresses that table inet rtprelay dropped; dropped_packets_total, reason banned, has them too.", firewall_banned },
	{ "banned_addresses", METRIC_GAUGE, "Addresses whose media is dropped (rtprelayctl banned).", banned_addresses },
};
/* clang-format on */

const struct metric_table metrics_kernel = { rows, COUNT(rows) };
