/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor_host.c - checks what in the host affects media: ports, limits, filters, queues */
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/base/endpoint.h"
#include "daemon/base/procfs.h"
#include "daemon/base/str.h"
#include "daemon/conf/load.h"
#include "daemon/conf/table.h"
#include "doctor.h"
#include "line.h"

#define PORTS 65536

/* --- Ports ------------------------------------------------------------------------------------ */

static void check_local_range(struct doctor *doctor, long first, long last)
{
	char line[64], reserved[4096] = "", advice[96], *rest;
	long low, high;

	if (!procfs_line("/proc/sys/net/ipv4/ip_local_port_range", line, sizeof(line)))
		return;
	low = strtol(line, &rest, 10);
	high = strtol(rest, NULL, 10);
	procfs_line("/proc/sys/net/ipv4/ip_local_reserved_ports", reserved, sizeof(reserved));
	snprintf(advice, sizeof(advice), "sysctl net.ipv4.ip_local_reserved_ports=%ld-%ld", first,
		 last);
	if (last < low || high < first || strstr(reserved, strrchr(advice, '=') + 1))
		finding(doctor, FINDING_OK, NULL,
			"the system assigns no ports of %ld-%ld to other programs", first, last);
	else
		finding(doctor, FINDING_NOTE, advice,
			"ports %ld-%ld overlap ip_local_port_range (%ld-%ld): the system may "
			"assign them to other programs",
			first, last, low, high);
}

static int by_inode(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Counts the sockets of one table that are not the daemon's; @own: inodes of the daemon's. */
static unsigned int count_others(const char *path, const uint64_t *own, size_t n_own, long first,
				 long last, long *example)
{
	FILE *file = fopen(path, "re");
	unsigned int others = 0;
	char line[512];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		char local[80], inode[24];
		const char *colon;
		uint64_t key;
		bool mine;
		long port;

		if (sscanf(line, " %*d: %79s %*s %*s %*s %*s %*s %*s %*s %23s", local, inode) != 2)
			continue;
		colon = strrchr(local, ':');
		port = colon ? strtol(colon + 1, NULL, 16) : 0;
		if (port < first || port > last)
			continue;
		key = strtoull(inode, NULL, 10);
		mine = n_own && bsearch(&key, own, n_own, sizeof(key), by_inode);
		others += !mine;
		*example = mine ? *example : port;
	}
	fclose(file);
	return others;
}

/* Inodes of all sockets that process @pid has open, sorted; NULL: they cannot be read. */
static uint64_t *own_sockets(int64_t pid, size_t *count)
{
	char path[64], target[64];
	uint64_t *inodes = NULL;
	const struct dirent *entry;
	size_t room = 0;
	DIR *dir;

	*count = 0;
	snprintf(path, sizeof(path), "/proc/%" PRId64 "/fd", pid);
	dir = opendir(path);
	if (!dir)
		return NULL;
	while ((entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (*count == room) {
			uint64_t *more = realloc(inodes, (room * 2 + 256) * sizeof(*inodes));

			if (!more)
				break;
			inodes = more;
			room = room * 2 + 256;
		}
		target[len > 0 ? len : 0] = '\0';
		if (!strncmp(target, "socket:[", 8))
			inodes[(*count)++] = strtoull(target + 8, NULL, 10);
	}
	closedir(dir);
	if (inodes)
		qsort(inodes, *count, sizeof(*inodes), by_inode);
	return inodes;
}

static void check_listeners(struct doctor *doctor, long first, long last)
{
	size_t n = 0;
	uint64_t *own = doctor->status ? own_sockets(number_of(doctor->status, "pid"), &n) : NULL;
	unsigned int others;
	long example = 0;

	if (doctor->status && !own) {
		finding(doctor, FINDING_NOTE, "run doctor as root",
			"this user cannot see which ports the daemon has open");
		return;
	}
	others = count_others("/proc/net/udp", own, n, first, last, &example) +
		 count_others("/proc/net/udp6", own, n, first, last, &example);
	free(own);
	if (others)
		finding(doctor, FINDING_NOTE,
			"ss -Huanp shows the programs; move them, or give the daemon other ports. "
			"Until then calls get the other ports",
			"other programs have %u UDP port%s of %ld-%ld open, for example %ld",
			others, str_plural(others), first, last, example);
	else
		finding(doctor, FINDING_OK, NULL, "no other program has UDP ports of %ld-%ld open",
			first, last);
}

/* What most of the pairs that are not free are, and how to get more. */
static const char *advice_on_ports(const json_t *iface)
{
	int64_t used = number_of(iface, "used"), resting = number_of(iface, "quarantined");

	if (resting > used && resting > number_of(iface, "taken-by-others"))
		return "they rest after their call: shorten port-quarantine, or widen the range of "
		       "ports (port-min, port-max)";
	if (number_of(iface, "taken-by-others") > used)
		return "ss -Huanp shows the programs that have them; give the daemon other ports "
		       "(port-min, port-max)";
	return "widen its range of ports (port-min, port-max), or add an interface";
}

/*
 * A pair is the port of RTP and the next one of RTCP; a call takes one on each side. With
 * port-mapping only mapped pairs are free: check_mapping() judges these, by the router's answers.
 */
static void check_free(struct doctor *doctor, const json_t *iface)
{
	int64_t pairs = number_of(iface, "pairs"), available = number_of(iface, "free");
	enum verdict few = available ? FINDING_NOTE : FINDING_BAD;

	if (json_object_get(iface, "mapping"))
		return;
	finding(doctor, available * 10 < pairs ? few : FINDING_OK, advice_on_ports(iface),
		"interface %s (%s): %" PRId64 " of %" PRId64 " pairs of ports are free; used by "
		"calls: %" PRId64 ", quarantined (at rest after a call): %" PRId64
		", taken by other programs: %" PRId64,
		text_of(iface, "name"), text_of(iface, "address"), available, pairs,
		number_of(iface, "used"), number_of(iface, "quarantined"),
		number_of(iface, "taken-by-others"));
}

/* "port-min" or "port-max"; those of all interfaces if an older daemon does not tell more. */
static long port_of(const struct doctor *doctor, const json_t *iface, const char *key)
{
	return (long)number_of(json_object_get(iface, key) ? iface : doctor->status, key);
}

/* Ports of the interface at @index, unless an earlier one has the same. */
static void check_range(struct doctor *doctor, const json_t *ifaces, size_t index)
{
	const json_t *iface = json_array_get(ifaces, index);
	long first = port_of(doctor, iface, "port-min"), last = port_of(doctor, iface, "port-max");

	for (size_t i = 0; i < index; i++) {
		const json_t *other = json_array_get(ifaces, i);

		if (port_of(doctor, other, "port-min") == first &&
		    port_of(doctor, other, "port-max") == last)
			return;
	}
	check_local_range(doctor, first, last);
	check_listeners(doctor, first, last);
}

/* Without a daemon: the ports that it would have. */
static void check_ports_of_file(struct doctor *doctor)
{
	char program[] = "rtprelayd", *argv[] = { program, NULL };
	struct conf conf;

	if (access(CONF_DEFAULT_FILE, R_OK)) {
		finding(doctor, FINDING_NOTE, "rtprelayd --config=FILE --check-config checks it",
			"%s: %s: its ports are not checked", CONF_DEFAULT_FILE, strerror(errno));
		return;
	}
	if (conf_load(&conf, 1, argv)) {
		finding(doctor, FINDING_BAD, "correct it: rtprelayd --check-config",
			"%s has errors: the daemon does not start with it", CONF_DEFAULT_FILE);
		return;
	}
	check_local_range(doctor, (long)conf.port_min, (long)conf.port_max);
	check_listeners(doctor, (long)conf.port_min, (long)conf.port_max);
	conf_free(&conf);
}

void doctor_ports(struct doctor *doctor)
{
	const json_t *ifaces = json_object_get(doctor->status, "interfaces");

	if (!doctor->status) {
		check_ports_of_file(doctor);
		return;
	}
	for (size_t i = 0; i < json_array_size(ifaces); i++)
		check_range(doctor, ifaces, i);
	for (size_t i = 0; i < json_array_size(ifaces); i++)
		check_free(doctor, json_array_get(ifaces, i));
}

/* --- The process ------------------------------------------------------------------------------ */

/* Is it another name of an earlier interface, with the same address and the same ports? */
static bool shares_ports(const struct doctor *doctor, const json_t *ifaces, size_t index)
{
	const json_t *iface = json_array_get(ifaces, index);

	for (size_t i = 0; i < index; i++) {
		const json_t *other = json_array_get(ifaces, i);

		if (!strcmp(text_of(other, "address"), text_of(iface, "address")) &&
		    port_of(doctor, other, "port-min") == port_of(doctor, iface, "port-min"))
			return true;
	}
	return false;
}

static void check_descriptors(struct doctor *doctor)
{
	const json_t *ifaces = json_object_get(doctor->status, "interfaces");
	char path[64], line[256];
	uint64_t needed = 128, limit = 0;
	FILE *file;

	for (size_t i = 0; i < json_array_size(ifaces); i++)
		if (!shares_ports(doctor, ifaces, i))
			needed += 2 * (uint64_t)number_of(json_array_get(ifaces, i), "pairs");
	snprintf(path, sizeof(path), "/proc/%" PRId64 "/limits", number_of(doctor->status, "pid"));
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "Max open files", 14))
			limit = strtoull(line + 14, NULL, 10);
	if (file)
		fclose(file);
	if (!limit)
		return;
	if (limit < needed)
		finding(doctor, FINDING_NOTE,
			"raise LimitNOFILE= in the unit, or ulimit -n: calls beyond the limit are "
			"refused",
			"the daemon may open %" PRIu64
			" descriptors; using all ports needs %" PRIu64,
			limit, needed);
	else
		finding(doctor, FINDING_OK, NULL, "descriptors: limit %" PRIu64 ", needed %" PRIu64,
			limit, needed);
}

#define RCVBUF_NEEDED 212992

static void check_buffers(struct doctor *doctor)
{
	char line[32];
	long bytes;

	if (!procfs_line("/proc/sys/net/core/rmem_default", line, sizeof(line)))
		return;
	bytes = strtol(line, NULL, 10);
	if (bytes < RCVBUF_NEEDED)
		finding(doctor, FINDING_NOTE, "sysctl net.core.rmem_default=212992",
			"default receive buffer of sockets: %ld bytes: bursts of media may get "
			"lost",
			bytes);
	else
		finding(doctor, FINDING_OK, NULL, "default receive buffer of sockets: %ld bytes",
			bytes);
}

/* The daemon had no right to give its socket to the group. */
static void check_control_group(struct doctor *doctor)
{
	const json_t *control = json_object_get(doctor->status, "control");
	const char *group = json_string_value(json_object_get(control, "group"));
	const struct passwd *user;
	char path[64], advice[256];
	struct stat process;

	if (!group)
		return;
	if (!json_object_get(control, "group-error")) {
		finding(doctor, FINDING_OK, NULL, "control-group %s may use the control socket",
			text_of(control, "group"));
		return;
	}
	snprintf(path, sizeof(path), "/proc/%" PRId64, number_of(doctor->status, "pid"));
	user = stat(path, &process) ? NULL : getpwuid(process.st_uid);
	snprintf(advice, sizeof(advice), "usermod -aG %.64s %.64s, and restart the daemon",
		 text_of(control, "group"), user ? user->pw_name : "USER");
	finding(doctor, FINDING_BAD, advice,
		"control-group %s cannot use the control socket: the daemon's user is not in the "
		"group (%s)",
		text_of(control, "group"), text_of(control, "group-error"));
}

void doctor_process(struct doctor *doctor)
{
	if (doctor->status) {
		check_control_group(doctor);
		check_descriptors(doctor);
	}
	check_buffers(doctor);
}

/* --- The network ------------------------------------------------------------------------------ */

/* The device that has @address; "": none. */
static void find_device(const struct endpoint *address, char *name)
{
	struct ifaddrs *all, *at;

	name[0] = '\0';
	if (getifaddrs(&all))
		return;
	for (at = all; at; at = at->ifa_next) {
		struct endpoint own = { 0 };

		if (!at->ifa_addr ||
		    (at->ifa_addr->sa_family != AF_INET && at->ifa_addr->sa_family != AF_INET6))
			continue;
		own.sa.sa_family = at->ifa_addr->sa_family;
		memcpy(&own, at->ifa_addr, endpoint_len(&own));
		if (endpoint_addr_eq(&own, address))
			snprintf(name, IF_NAMESIZE, "%s", at->ifa_name);
	}
	freeifaddrs(all);
}

/*
 * Strict: drops a packet if replies to it would leave by another interface. The stricter setting
 * counts.
 */
static void check_rp_filter(struct doctor *doctor, const char *device)
{
	char path[128], line[16];
	long own = 0, all = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", device);
	if (procfs_line(path, line, sizeof(line)))
		own = strtol(line, NULL, 10);
	if (procfs_line("/proc/sys/net/ipv4/conf/all/rp_filter", line, sizeof(line)))
		all = strtol(line, NULL, 10);
	if ((own > all ? own : all) == 1)
		finding(doctor, FINDING_NOTE,
			"to be changed only if media arrives on another device than it leaves by: "
			"sysctl net.ipv4.conf.DEVICE.rp_filter=2",
			"%s: rp_filter is strict: the system may drop media", device);
	else
		finding(doctor, FINDING_OK, NULL, "%s: rp_filter is not strict", device);
}

/* With one receive queue and no RPS, one core receives all packets. */
static void check_queues(struct doctor *doctor, const char *device)
{
	char path[128], mask[256] = "";
	const struct dirent *entry;
	unsigned int queues = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", device);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		queues += !strncmp(entry->d_name, "rx-", 3);
	if (dir)
		closedir(dir);
	snprintf(path, sizeof(path), "/sys/class/net/%s/queues/rx-0/rps_cpus", device);
	procfs_line(path, mask, sizeof(mask));
	if (queues == 1 && sysconf(_SC_NPROCESSORS_ONLN) > 1 && strspn(mask, "0,") == strlen(mask))
		finding(doctor, FINDING_NOTE,
			"for many calls: ethtool -L DEVICE combined N, or write a mask of cores to "
			"queues/rx-0/rps_cpus",
			"%s: one receive queue, and no RPS: one core receives all packets", device);
	else
		finding(doctor, FINDING_OK, NULL, "%s: receive queues: %u%s", device, queues,
			queues == 1 ? ", spread by RPS, or for one core" : "");
}

struct device {
	char name[IF_NAMESIZE];
	bool ipv4; /* has an IPv4 address of an interface */
};

/* The device that the address of @iface is on goes into @device; its name is "": no check of it. */
static void check_iface(struct doctor *doctor, const json_t *iface, struct device *device)
{
	const char *text = json_string_value(json_object_get(iface, "address"));
	struct endpoint address;

	if (!text || !endpoint_parse_addr(str_of(text), AF_UNSPEC, &address) ||
	    json_is_true(json_object_get(iface, "gone")))
		return;
	find_device(&address, device->name);
	device->ipv4 = address.sa.sa_family == AF_INET;
	if (device->name[0] == '\0') {
		if (device->ipv4 && ntohl(address.in4.sin_addr.s_addr) >> 24 == 127)
			return; /* all of 127.0.0.0/8 is local, though not listed */
		finding(doctor, FINDING_BAD,
			"bring the interface up, or run doctor in the daemon's network namespace",
			"%s is not an address of this host", text);
		return;
	}
	finding(doctor, FINDING_OK, NULL, "%s is on %s", text, device->name);
	if (!strcmp(device->name, "lo"))
		device->name[0] = '\0';
}

/* Adds @device to the @count devices, each of which is there once. Return: their number */
static size_t add_device(struct device *devices, size_t count, const struct device *device)
{
	if (device->name[0] == '\0')
		return count;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(devices[i].name, device->name) != 0)
			continue;
		devices[i].ipv4 = devices[i].ipv4 || device->ipv4;
		return count;
	}
	devices[count] = *device;
	return count + 1;
}

static bool is_other_name(const json_t *ifaces, size_t index)
{
	const char *address = text_of(json_array_get(ifaces, index), "address");

	for (size_t i = 0; i < index; i++)
		if (!strcmp(text_of(json_array_get(ifaces, i), "address"), address))
			return true;
	return false;
}

void doctor_network(struct doctor *doctor)
{
	const json_t *ifaces = json_object_get(doctor->status, "interfaces");
	size_t n = json_array_size(ifaces), count = 0;
	struct device *devices = calloc(n + 1, sizeof(*devices));

	for (size_t i = 0; devices && i < n; i++) {
		struct device device = { .ipv4 = false };

		if (is_other_name(ifaces, i))
			continue;
		check_iface(doctor, json_array_get(ifaces, i), &device);
		count = add_device(devices, count, &device);
	}
	for (size_t i = 0; i < count; i++) {
		if (devices[i].ipv4)
			check_rp_filter(doctor, devices[i].name);
		check_queues(doctor, devices[i].name);
	}
	free(devices);
}
