/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor_tune.c - rtprelayctl doctor --tune=CALLS: what has to be set for so many calls
 *
 * Compares what they need (control/sizing.h) with the host, and with the daemon if it answers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/base/procfs.h"
#include "daemon/base/str.h"
#include "doctor.h"
#include "line.h"
#include "sizing.h"

#define ADVICE	      160
#define RMEM_DEFAULT  212992
#define PAGES_PER_MIB (1 << 20)

/* --- Ports ------------------------------------------------------------------------------------ */

static bool is_same(const json_t *a, const json_t *b, const char *key)
{
	return json_equal(json_object_get(a, key), json_object_get(b, key));
}

/* Is the interface at @index there, and its address and ports not those of an earlier one? */
static bool counts(const json_t *ifaces, size_t index, bool with_ports)
{
	const json_t *iface = json_array_get(ifaces, index);

	if (json_is_true(json_object_get(iface, "gone")))
		return false;
	for (size_t i = 0; i < index; i++) {
		const json_t *other = json_array_get(ifaces, i);

		if (!json_is_true(json_object_get(other, "gone")) &&
		    is_same(iface, other, "address") &&
		    (!with_ports || is_same(iface, other, "port-min")))
			return false;
	}
	return true;
}

/* Of the daemon: its addresses, and their ports in all. Both 0: it does not answer. */
static void count_ports(const struct doctor *doctor, uint64_t *addresses, uint64_t *ports)
{
	const json_t *ifaces = json_object_get(doctor->status, "interfaces");

	*addresses = *ports = 0;
	for (size_t i = 0; i < json_array_size(ifaces); i++) {
		*addresses += counts(ifaces, i, false);
		if (counts(ifaces, i, true))
			*ports += 2 * (uint64_t)number_of(json_array_get(ifaces, i), "pairs");
	}
}

static void tune_ports(struct doctor *doctor, const struct sizing *s, uint64_t addresses,
		       uint64_t ports)
{
	uint64_t used = addresses > s->addresses ? addresses : s->addresses;
	char advice[ADVICE], has[64] = "";

	if (doctor->status)
		snprintf(has, sizeof(has), ", the daemon has %" PRIu64, ports);
	snprintf(advice, sizeof(advice),
		 "rtprelay.conf: port-min = %" PRIu64 ", port-max = %" PRIu64
		 "; addresses (interface): %" PRIu64,
		 s->port_min, s->port_max, used);
	finding(doctor, ports >= s->ports * used ? FINDING_OK : FINDING_NOTE, advice,
		"ports: %" PRIu64 " are needed%s", s->ports * used, has);
}

static void tune_reserved(struct doctor *doctor, const struct sizing *s)
{
	char line[64] = "", reserved[4096] = "", range[48], advice[ADVICE], *rest;
	uint64_t low, high;
	bool overlap;

	procfs_line("/proc/sys/net/ipv4/ip_local_port_range", line, sizeof(line));
	procfs_line("/proc/sys/net/ipv4/ip_local_reserved_ports", reserved, sizeof(reserved));
	low = strtoull(line, &rest, 10);
	high = strtoull(rest, NULL, 10);
	overlap = s->port_min <= high && low <= s->port_max;
	snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, s->port_min, s->port_max);
	snprintf(advice, sizeof(advice),
		 "sysctl net.ipv4.ip_local_reserved_ports=%s (and the ports that are reserved "
		 "already)",
		 range);
	finding(doctor, overlap && !strstr(reserved, range) ? FINDING_NOTE : FINDING_OK, advice,
		"ports %s: %s", range,
		overlap && !strstr(reserved, range) ? "the system may assign some to other programs"
						    : "the system assigns none to other programs");
}

/* --- The daemon ------------------------------------------------------------------------------- */

static uint64_t descriptor_limit(const struct doctor *doctor)
{
	char path[64], line[256];
	uint64_t limit = 0;
	FILE *file;

	if (!doctor->status)
		return 0;
	snprintf(path, sizeof(path), "/proc/%" PRId64 "/limits", number_of(doctor->status, "pid"));
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "Max open files", 14))
			limit = strtoull(line + 14, NULL, 10);
	if (file)
		fclose(file);
	return limit;
}

static void tune_daemon(struct doctor *doctor, const struct sizing *s, uint64_t calls)
{
	uint64_t limit = descriptor_limit(doctor);
	int64_t most = number_of(doctor->status, "max-sessions");
	char advice[ADVICE], has[64] = "";

	if (doctor->status)
		snprintf(has, sizeof(has), ", the daemon may open %" PRIu64, limit);
	snprintf(advice, sizeof(advice), "LimitNOFILE=%" PRIu64 " in rtprelayd.service",
		 s->descriptors);
	finding(doctor, limit >= s->descriptors ? FINDING_OK : FINDING_NOTE, advice,
		"descriptors: %" PRIu64 " are needed%s", s->descriptors, has);
	if (most && (uint64_t)most < calls)
		finding(doctor, FINDING_NOTE, "rtprelay.conf: max-sessions",
			"the daemon accepts at most %" PRId64 " call%s", most,
			str_plural((uint64_t)most));
}

/* --- The host --------------------------------------------------------------------------------- */

static void tune_sysctl(struct doctor *doctor, const char *path, const char *name, uint64_t needed)
{
	char line[32] = "", advice[ADVICE];
	uint64_t now;

	if (!procfs_line(path, line, sizeof(line)))
		return; /* it is not shown in this network namespace */
	now = strtoull(line, NULL, 10);
	snprintf(advice, sizeof(advice), "sysctl %s=%" PRIu64, name, needed);
	finding(doctor, now >= needed ? FINDING_OK : FINDING_NOTE, advice,
		"%s: %" PRIu64 ", needed %" PRIu64, name, now, needed);
}

static void tune_memory(struct doctor *doctor, const struct sizing *s)
{
	uint64_t needed = s->daemon_mib + s->kernel_mib;
	uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES);
	uint64_t has = pages * (uint64_t)sysconf(_SC_PAGESIZE) / PAGES_PER_MIB;

	finding(doctor, has >= 2 * needed ? FINDING_OK : FINDING_NOTE, "a host with more memory",
		"memory: %" PRIu64 " MiB of the daemon and %" PRIu64
		" MiB of the kernel are needed, the host has %" PRIu64 " MiB",
		s->daemon_mib, s->kernel_mib, has);
}

static void tune_cores(struct doctor *doctor, const struct sizing *s)
{
	uint64_t has = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN) * 10;
	bool fits = s->user_cores <= has, in_kernel = s->kernel_cores <= has;

	finding(doctor, fits ? FINDING_OK : FINDING_NOTE,
		in_kernel ? "use the kernel path (kernel = require), or more cores"
			  : "more cores, or several relays",
		"%" PRIu64 " packets/s take about %" PRIu64 ".%" PRIu64
		" cores on the user path, %" PRIu64 ".%" PRIu64
		" on the kernel path (computed); the host has %" PRIu64
		"; the network device needs a receive queue for each of them",
		s->packets, s->user_cores / 10, s->user_cores % 10, s->kernel_cores / 10,
		s->kernel_cores % 10, has / 10);
}

void doctor_tune(struct doctor *doctor, uint64_t calls)
{
	uint64_t addresses, ports;
	struct sizing s;

	count_ports(doctor, &addresses, &ports);
	s = sizing_of(calls, addresses);
	tune_ports(doctor, &s, addresses, ports);
	tune_reserved(doctor, &s);
	tune_daemon(doctor, &s, calls);
	tune_memory(doctor, &s);
	tune_cores(doctor, &s);
	tune_sysctl(doctor, "/proc/sys/net/core/netdev_max_backlog", "net.core.netdev_max_backlog",
		    s.backlog);
	tune_sysctl(doctor, "/proc/sys/net/core/rmem_default", "net.core.rmem_default",
		    RMEM_DEFAULT);
}
