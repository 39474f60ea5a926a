/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.c - checks whether the configuration fits this host; logs all errors at once */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/count.h"
#include "base/procfs.h"
#include "call/timeout_post.h"
#include "check.h"
#include "check_paths.h"
#include "check_ports.h"
#include "destinations.h"
#include "external_start.h"
#include "portmap_start.h"
#include "dtmf/sender.h"
#include "homer/homer.h"
#include "kernel/bpf.h"
#include "nat/stun_tcp.h"
#include "port/iface.h"
#include "privs.h"
#include "protocols.h"
#include "recording_conf.h"
#include "rtpproxy/notify.h"
#include "stun_start.h"

/* Control sockets, queues, netlink, the log, files of journal and configuration. */
#define OTHER_DESCRIPTORS (128 + STUN_TCP_MAX)

#define PORT_RANGE_FILE	    "/proc/sys/net/ipv4/ip_local_port_range"
#define RESERVED_PORTS_FILE "/proc/sys/net/ipv4/ip_local_reserved_ports"

/* NULL: out of memory. Values with errors are left out, logged and counted. */
static struct iface_table *read_interfaces(const struct conf *conf, unsigned int *mistakes)
{
	struct iface_table *table =
		iface_table_new((uint16_t)conf->port_min, (uint16_t)conf->port_max, 0);
	const char *error;

	*mistakes = !table;
	if (!table) {
		log_err("out of memory");
		return NULL;
	}
	for (size_t i = 0; i < conf->interface.count; i++) {
		if (!iface_table_add(table, str_of(conf->interface.item[i]), &error))
			continue;
		log_err("interface %s: %s", conf->interface.item[i], error);
		++*mistakes;
	}
	return table;
}

static unsigned int check_interfaces(const struct conf *conf)
{
	unsigned int mistakes;
	struct iface_table *table = read_interfaces(conf, &mistakes);
	bool more = table;

	for (size_t i = 0; more; i++) {
		struct str device = iface_lacking(table, i, &more);

		if (device.len)
			log_notice("interface " STR_FMT ": this device has no global address at "
				   "present (loopback and link-local ones do not count): nothing "
				   "is relayed there until one comes",
				   STR_ARG(device));
	}
	if (table)
		mistakes += external_check_conf(conf) + portmap_check_conf(conf);
	iface_table_free(table);
	return mistakes;
}

/* Binds to a port chosen by the kernel, and closes the socket. */
static int try_bind(const struct sockaddr *addr, socklen_t len)
{
	struct endpoint any;
	int fd, err = 0;

	memcpy(&any, addr, len);
	endpoint_set_port(&any, 0);
	fd = socket(addr->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, &any.sa, len))
		err = -errno;
	close(fd);
	return err;
}

/* Splits "PORT", "HOST:PORT" or "[V6]:PORT" into two texts. False: none of these forms. */
static bool split_listen(const char *text, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	uint64_t number;

	*port = colon ? colon + 1 : text;
	if (!str_to_u64(str_of(*port), UINT16_MAX, &number) || !number)
		return false;
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (len && memchr(text, ':', len)) {
		return false; /* IPv6 without brackets: where the port begins is ambiguous */
	}
	if (len >= size || (colon && !len))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	return true;
}

/* @flags: AI_PASSIVE: PORT without HOST means all addresses; else the loopback addresses */
static bool check_listen(const char *key, const char *text, int flags)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = flags | AI_NUMERICSERV };
	struct addrinfo *found;
	char host[256];
	const char *port;
	int err, family;

	if (!split_listen(text, host, sizeof(host), &port)) {
		log_err("%s %s: is not HOST:PORT, [V6]:PORT or PORT", key, text);
		return false;
	}
	err = getaddrinfo(*host ? host : NULL, port, &hints, &found);
	if (err) {
		log_err("%s %s: %s", key, text, gai_strerror(err));
		return false;
	}
	err = try_bind(found->ai_addr, found->ai_addrlen);
	family = found->ai_family;
	freeaddrinfo(found);
	if (err == -EADDRNOTAVAIL)
		log_err("%s %s: is not an address of this host; for a floating address set "
			"net.ipv%c.ip_nonlocal_bind=1",
			key, text, family == AF_INET ? '4' : '6');
	else if (err)
		log_err("%s %s: %s", key, text, strerror(-err));
	return !err;
}

/* "udp:" is optional. Paths: check_paths.c */
static bool check_connections(const char *key, const char *text)
{
	static const char *const prefixes[] = { "udp:", "udp6:", "tcp:", "tcp6:" };

	if (text[0] == '/' || str_starts(str_of(text), STR("unix:/")) ||
	    str_starts(str_of(text), STR("cunix:/")))
		return true;
	for (size_t i = 0; i < COUNT(prefixes); i++)
		if (str_starts(str_of(text), str_of(prefixes[i])))
			return check_listen(key, text + strlen(prefixes[i]), AI_PASSIVE);
	return check_listen(key, text, AI_PASSIVE);
}

static unsigned int check_protocol(const struct control_protocol *protocol,
				   const struct conf_list *listen)
{
	unsigned int mistakes = 0;

	for (size_t i = 0; i < listen->count; i++)
		mistakes += protocol->connections
				    ? !check_connections(protocol->key, listen->item[i])
				    : !check_listen(protocol->key, listen->item[i], AI_PASSIVE);
	return mistakes;
}

static unsigned int check_media_deny(const struct conf_list *list)
{
	unsigned int mistakes = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (!destinations_valid(list->item[i])) {
			log_err("media-deny %s: is not CIDR, CIDR:PORT, CIDR:PORT-PORT, local, "
				"local:PORT, local:PORT-PORT or none; IPv6 with a port: "
				"[CIDR]:PORT",
				list->item[i]);
			mistakes++;
		} else if (list->count > 1 && !strcmp(list->item[i], "none")) {
			log_err("media-deny: none must be the only item of the list");
			mistakes++;
		}
	}
	return mistakes;
}

static unsigned int check_lists(const struct conf *conf)
{
	unsigned int mistakes = 0;
	struct cidr cidr;

	for (size_t i = 0; i < n_protocol_rows; i++)
		mistakes += check_protocol(protocol_rows[i].protocol,
					   protocol_listens(&protocol_rows[i], conf));
	for (size_t i = 0; i < conf->listen_http.count; i++)
		mistakes += !check_listen("listen-http", conf->listen_http.item[i], 0);
	for (size_t i = 0; i < conf->control_allow.count; i++) {
		if (cidr_parse(str_of(conf->control_allow.item[i]), &cidr))
			continue;
		log_err("control-allow %s: is not a network like 192.0.2.0/24 or 2001:db8::/32",
			conf->control_allow.item[i]);
		mistakes++;
	}
	for (size_t i = 0; i < conf->local_networks.count; i++) {
		if (cidr_parse(str_of(conf->local_networks.item[i]), &cidr))
			continue;
		log_err("local-networks %s: is not a network like 192.168.1.0/24 or fd00::/8",
			conf->local_networks.item[i]);
		mistakes++;
	}
	return mistakes + check_media_deny(&conf->media_deny);
}

static unsigned int missing_user(const char *key, const char *name, int err)
{
	if (err == -ENOENT)
		log_err("%s: there is no %s \"%s\"", key, strcmp(key, "user") ? "group" : "user",
			name);
	else
		log_err("%s: \"%s\" cannot be looked up: %s", key, name, strerror(-err));
	return 1;
}

/* @user: receives the user to change to; false: there is none, which is logged and counted */
static bool check_user(const struct conf *conf, struct privs_user *user, unsigned int *mistakes)
{
	const char *name = "";
	int err = privs_find_user(conf->user, conf->group, user, &name);

	if (err) {
		*mistakes += missing_user(name == conf->user ? "user" : "group", name, err);
		return false;
	}
	if (geteuid() && user->set && (user->uid != geteuid() || user->gid != getegid())) {
		log_err("cannot change to user or group \"%s\": not started as root", name);
		++*mistakes;
		return false;
	}
	return true;
}

static unsigned int check_group(const char *key, const char *name)
{
	struct privs_user group;
	const char *missing = "";
	int err = privs_find_user(NULL, name, &group, &missing);

	return err ? missing_user(key, missing, err) : 0;
}

static unsigned int check_notify(const struct conf *conf)
{
	const struct timeout_post_conf post_conf = { .notify = &conf->notify };
	struct timeout_post *post;
	struct rtpp_notify *notify;
	const char *error;

	notify = rtpp_notify_open(NULL, &conf->notify, &error);
	if (!notify)
		log_err("%s", error);
	post = timeout_post_open(&post_conf, &error);
	if (!post)
		log_err("%s", error);
	rtpp_notify_close(notify);
	timeout_post_close(post);
	return (unsigned int)!notify + !post;
}

static unsigned int check_homer(const struct conf *conf)
{
	struct endpoint target;
	const char *error;

	if (!conf->homer || homer_target(conf->homer, &target, &error))
		return 0;
	log_err("homer %s: %s", conf->homer, error);
	return 1;
}

static unsigned int check_dtmf(const struct conf *conf)
{
	struct endpoint target;

	if (!conf->dtmf_log_dest || dtmf_target(conf->dtmf_log_dest, &target))
		return 0;
	log_err("dtmf-log-dest %s: is not HOST:PORT, or HOST has no address", conf->dtmf_log_dest);
	return 1;
}

static unsigned int check_stun_address(const struct endpoint *bound, const char *prefix)
{
	int err = try_bind(&bound->sa, endpoint_len(bound));
	char text[ENDPOINT_TEXT];

	if (err)
		log_err("listen-stun %s%s: %s", prefix, endpoint_print(bound, text),
			err == -EADDRNOTAVAIL ? "is not an address of this host" : strerror(-err));
	return err != 0;
}

static unsigned int check_stun_addresses(const struct stun_sites *sites)
{
	unsigned int mistakes = 0;

	for (size_t i = 0; i < sites->n; i++)
		for (size_t j = 0; j < sites->site[i].n; j += 2)
			mistakes += check_stun_address(&sites->site[i].bind[j], "");
	for (size_t i = 0; i < sites->n_tcp; i++)
		mistakes += check_stun_address(&sites->tcp[i], "tcp:");
	return mistakes;
}

/*
 * The addresses of the interfaces with their ports, first @n that are bound, then those advertised
 * for each. Errors of the interfaces were logged before: these are left out. NULL: out of memory
 */
static struct addr_ports *read_media(const struct conf *conf, size_t *n)
{
	struct iface_table *table =
		iface_table_new((uint16_t)conf->port_min, (uint16_t)conf->port_max, 0);
	struct addr_ports *media;
	const char *error;

	for (size_t i = 0; table && i < conf->interface.count; i++)
		iface_table_add(table, str_of(conf->interface.item[i]), &error);
	*n = table ? iface_count(table) : 0;
	media = calloc(2 * *n + 1, sizeof(*media));
	for (size_t i = 0; media && i < *n; i++) {
		media[i] = iface_bound(iface_at(table, i));
		media[*n + i] = iface_advertised(iface_at(table, i));
	}
	iface_table_free(table);
	*n = media ? *n : 0;
	return media;
}

static unsigned int check_stun(const struct conf *conf, const struct addr_ports *media,
			       size_t n_bound)
{
	struct stun_sites sites;
	unsigned int mistakes = stun_check(conf, media, 2 * n_bound, &sites);

	return mistakes ? mistakes : check_stun_addresses(&sites);
}

static unsigned int check_sockets(const struct conf *conf)
{
	size_t n;
	struct addr_ports *media = read_media(conf, &n);
	unsigned int mistakes = check_stun(conf, media, n) + check_ports(conf, media, n);

	free(media);
	return mistakes;
}

static unsigned int check_shared_ports(const struct conf *conf, enum log_level level)
{
	size_t n;
	struct addr_ports *media = read_media(conf, &n);
	unsigned int mistakes = check_ports_shared(conf, media, n, level);

	free(media);
	return mistakes;
}

static unsigned int check_kernel(const struct conf *conf)
{
	struct kmod_link *link;
	char why[KERNEL_WHY];
	int err;

	if (conf->kernel != KMOD_REQUIRE)
		return 0;
	link = kmod_link_open(&err);
	if (link)
		err = kmod_probe(link);
	if (!err || !bpf_probe(why))
		return 0;
	if (err == -ENOENT)
		log_err("kernel=require: the kernel module is not loaded: modprobe rtprelay, or "
			"set kernel=auto");
	else
		log_err("kernel=require: the kernel module cannot be used: %s%s", strerror(-err),
			err == -EPERM ? ": CAP_NET_ADMIN is missing" : "");
	log_err("kernel=require: nor can BPF: %s", why);
	return 1;
}

static unsigned int check_firewall(const struct conf *conf)
{
	if (conf->firewall == FIREWALL_NONE || privs_net_admin())
		return 0;
	log_err("firewall: creating table inet rtprelay requires CAP_NET_ADMIN: add it, or "
		"set firewall=none");
	return 1;
}

unsigned int check_conf(const struct conf *conf)
{
	unsigned int mistakes = check_interfaces(conf) + check_lists(conf) + check_notify(conf) +
				check_homer(conf) + check_dtmf(conf) + check_sockets(conf) +
				check_kernel(conf) + check_firewall(conf) +
				check_group("control-group", conf->control_group) +
				check_group("cdr-group", conf->cdr_group) +
				check_group("recording-group", conf->recording_group) +
				recording_check_pattern(conf);
	struct privs_user user;

	/* Without the user, what it may write cannot be checked. */
	if (check_user(conf, &user, &mistakes))
		mistakes += check_paths(conf, &user);
	return mistakes;
}

/* A missing group is found by check_conf(). */
static bool may_give_to(const char *name)
{
	struct privs_user group;
	const char *missing;

	return !name || privs_find_user(NULL, name, &group, &missing) || privs_may_give(group.gid);
}

unsigned int check_degraded(const struct conf *conf)
{
	bool control = may_give_to(conf->control_group);
	bool cdr = !conf->cdr_file || may_give_to(conf->cdr_group);
	bool recording = !conf->recording_dir || may_give_to(conf->recording_group);

	if (!control)
		log_err("control-group \"%s\": user %u is not in this group, so the control socket "
			"would be only for root and this user",
			conf->control_group, geteuid());
	if (!cdr)
		log_err("cdr-group \"%s\": user %u is not in this group, so the file would keep "
			"the group of this user",
			conf->cdr_group, geteuid());
	if (!recording)
		log_err("recording-group \"%s\": user %u is not in this group, so nothing would "
			"be recorded",
			conf->recording_group, geteuid());
	return (unsigned int)!control + !cdr + !recording + check_shared_ports(conf, LOG_LEVEL_ERR);
}

/* Does one range of @text ("30000-39999,5060") contain all of first..last? */
static bool ranges_hold(const char *text, unsigned long first, unsigned long last)
{
	struct str rest = str_of(text);

	while (rest.len) {
		struct str range = str_split(&rest, ','), from = str_split(&range, '-');
		uint64_t low, high;

		if (!str_to_u64(from, UINT16_MAX, &low))
			continue;
		if (!str_to_u64(range, UINT16_MAX, &high))
			high = low;
		if (low <= first && last <= high)
			return true;
	}
	return false;
}

/*
 * If the kernel assigns a port of the range to another program, bind() fails each time the daemon
 * draws it; and with a firewall, packets to that program (DNS replies, for example) are treated as
 * media.
 */
static void check_port_range(const struct conf *conf, unsigned int port_min, unsigned int port_max)
{
	char line[64], reserved[4096], *rest;
	unsigned long low, high;

	if (!procfs_line(PORT_RANGE_FILE, line, sizeof(line)))
		return;
	low = strtoul(line, &rest, 10);
	high = strtoul(rest, NULL, 10);
	low = low > port_min ? low : port_min;
	high = high < port_max ? high : port_max;
	if (low > high)
		return;
	if (procfs_line(RESERVED_PORTS_FILE, reserved, sizeof(reserved)) &&
	    ranges_hold(reserved, low, high))
		return;
	log_msg(conf->firewall == FIREWALL_NONE ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING,
		"ports %lu-%lu: the kernel may assign them to other programs "
		"(net.ipv4.ip_local_port_range)%s; "
		"reserve them: sysctl net.ipv4.ip_local_reserved_ports=%u-%u",
		low, high,
		conf->firewall == FIREWALL_PINHOLE
			? ", and the firewall drops packets sent to those programs"
			: "",
		port_min, port_max);
}

static bool is_first_range(const struct iface_table *table, size_t index)
{
	const struct addr_ports range = iface_bound(iface_at(table, index));

	for (size_t i = 0; i < index; i++) {
		const struct addr_ports other = iface_bound(iface_at(table, i));

		if (addr_ports_same_range(&range, &other))
			return false;
	}
	return true;
}

void check_host(const struct conf *conf)
{
	unsigned int mistakes;
	struct iface_table *table = read_interfaces(conf, &mistakes);
	size_t pairs = table ? iface_pairs(table) : 0;
	unsigned long needed = 2 * pairs + OTHER_DESCRIPTORS;
	unsigned long limit = privs_raise_descriptors(needed);

	if (limit < needed)
		log_warn("%zu pairs of ports may need %lu descriptors, but the limit is %lu: calls "
			 "beyond it are refused; raise LimitNOFILE= or ulimit -n",
			 pairs, needed, limit);
	for (size_t i = 0; table && i < iface_count(table); i++)
		if (is_first_range(table, i))
			check_port_range(conf, iface_at(table, i)->port_min,
					 iface_at(table, i)->port_max);
	check_shared_ports(conf, LOG_LEVEL_WARNING);
	iface_table_free(table);
}
