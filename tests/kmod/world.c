/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world.c - phones and relay in network namespaces, with sockets and captured packets
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "daemon/base/count.h"
#include "world.h"

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(3);
}

bool world_kernel(unsigned int major, unsigned int minor)
{
	unsigned int has_major = 0, has_minor = 0;
	struct utsname kernel;

	if (uname(&kernel) || sscanf(kernel.release, "%u.%u", &has_major, &has_minor) != 2) {
		fprintf(stderr, "the kernel's version is not known\n");
		abort();
	}
	return has_major > major || (has_major == major && has_minor >= minor);
}

int world_run(const char *format, ...)
{
	char command[4096];
	va_list ap;
	int status;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	fflush(stdout);
	status = system(command);
	if (status)
		printf("status %d of: %s\n", status, command);
	return status;
}

/* One ip executes a batch of lines: in emulation it takes a tenth of a second to start. */
static const char setup[] = "set -e; for n in a relay b; do ip netns add $n; done\n"
			    "ip -n relay -batch - <<-END\n"
			    "	link set lo up\n"
			    "	link add a0 address 02:00:00:00:0a:fe type veth "
			    "peer name eth0 netns a address 02:00:00:00:0a:01\n"
			    "	link add b0 address 02:00:00:00:0b:fe type veth "
			    "peer name eth0 netns b address 02:00:00:00:0b:01\n"
			    "END\n"
			    "for n in a b; do\n"
			    "  [ $n = a ] && p=192.0.2 || p=198.51.100\n"
			    "  ip -n $n -batch - <<-END\n"
			    "	link set lo up\n"
			    "	addr add $p.1/24 dev eth0\n"
			    "	addr add $p.2/24 dev eth0\n"
			    "	addr add 2001:db8:$n::1/64 dev eth0 nodad\n"
			    "	addr add 2001:db8:$n::2/64 dev eth0 nodad\n"
			    "	link set eth0 up\n"
			    "	route add default via $p.254\n"
			    "END\n"
			    "  ip -n relay -batch - <<-END\n"
			    "	addr add $p.254/24 dev ${n}0\n"
			    "	addr add 2001:db8:$n::fe/64 dev ${n}0 nodad\n"
			    "	link set ${n}0 up\n"
			    "END\n"
			    "  ip -n $n route add default via 2001:db8:$n::fe\n"
			    "done\n";

static bool opened;

/* Sockets given to tests. A test that was aborted leaves them open. */
static struct {
	int fd;
	ino_t inode;
} sockets[1024];
static size_t socket_count;

static bool is_open(size_t i)
{
	struct stat st;

	return !fstat(sockets[i].fd, &st) && st.st_ino == sockets[i].inode;
}

static void forget_closed(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < socket_count; i++)
		if (is_open(i))
			sockets[kept++] = sockets[i];
	socket_count = kept;
}

static int handed_out(int fd)
{
	struct stat st;

	forget_closed();
	must(!fstat(fd, &st) && socket_count < COUNT(sockets), "sockets");
	sockets[socket_count].fd = fd;
	sockets[socket_count++].inode = st.st_ino;
	return fd;
}

/* Return: were there any? */
static bool close_left_over(void)
{
	bool any;

	forget_closed();
	any = socket_count;
	while (socket_count)
		close(sockets[--socket_count].fd);
	return any;
}

void world_ready(void)
{
	if (opened)
		return;
	opened = true;
	must(world_run("%s", setup) == 0, "the namespaces of the tests");
}

void world_open(void)
{
	/* A test that was aborted leaves the namespaces in an unknown state. */
	if (close_left_over() && opened)
		world_close();
	world_ready();
}

void world_close(void)
{
	opened = false;
	world_run("for n in a relay b; do ip netns del $n; done");
}

static int home = -1;

void world_enter(const char *netns)
{
	char path[128];
	int fd;

	if (home < 0)
		home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0 && !setns(fd, CLONE_NEWNET), path);
	close(fd);
}

void world_leave(void)
{
	must(!setns(home, CLONE_NEWNET), "setns");
}

long world_kernel_kb(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long kb = access("/sys/kernel/debug/kmemleak", F_OK) ? -1 : 0;

	must(file, "/proc/meminfo");
	while (kb < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "SUnreclaim: %ld", &kb) != 1)
			kb = -1;
	fclose(file);
	must(kb >= 0, "SUnreclaim");
	return kb;
}

struct sockaddr_storage world_addr(const char *text)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;
	char addr[64];
	unsigned int port;

	if (sscanf(text, "[%63[^]]]:%u", addr, &port) == 2) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		must(inet_pton(AF_INET6, addr, &in6->sin6_addr) == 1, text);
	} else {
		must(sscanf(text, "%63[^:]:%u", addr, &port) == 2, text);
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		must(inet_pton(AF_INET, addr, &in->sin_addr) == 1, text);
	}
	return ss;
}

static socklen_t addr_len(const struct sockaddr_storage *ss)
{
	return ss->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static void addr_text(char text[64], int family, const void *addr, uint16_t port)
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(family, addr, host, sizeof(host));
	snprintf(text, 64, family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, ntohs(port));
}

int world_udp(const char *netns, const char *local)
{
	struct sockaddr_storage ss = world_addr(local);
	int fd, one = 1;

	world_enter(netns);
	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	world_leave();
	must(fd >= 0, "socket");
	if (ss.ss_family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &one, sizeof(one));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &one, sizeof(one));
	} else {
		setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &one, sizeof(one));
		setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &one, sizeof(one));
	}
	must(!bind(fd, (struct sockaddr *)&ss, addr_len(&ss)), local);
	return handed_out(fd);
}

bool world_send(int fd, const char *to, const void *bytes, size_t len)
{
	struct sockaddr_storage ss = world_addr(to);

	return sendto(fd, bytes, len, 0, (struct sockaddr *)&ss, addr_len(&ss)) == (ssize_t)len;
}

static void read_control(struct msghdr *msg, struct packet *packet)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		bool ipv4 = c->cmsg_level == IPPROTO_IP, ipv6 = c->cmsg_level == IPPROTO_IPV6;
		bool tos = ipv4 && c->cmsg_type == IP_TOS;
		int value = 0;

		memcpy(&value, CMSG_DATA(c), tos ? 1 : sizeof(value));
		if ((ipv4 && c->cmsg_type == IP_TTL) || (ipv6 && c->cmsg_type == IPV6_HOPLIMIT))
			packet->ttl = value;
		if (tos || (ipv6 && c->cmsg_type == IPV6_TCLASS))
			packet->tos = value;
	}
}

bool world_receive(int fd, struct packet *packet, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct sockaddr_storage ss = { 0 };
	struct iovec iov = { packet->bytes, sizeof(packet->bytes) };
	char control[256];
	struct msghdr msg = {
		.msg_name = &ss,
		.msg_namelen = sizeof(ss),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	if (poll(&pfd, 1, ms) != 1)
		return false;
	n = recvmsg(fd, &msg, 0);
	if (n < 0)
		return false;
	packet->len = (size_t)n;
	read_control(&msg, packet);
	if (ss.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&ss;

		addr_text(packet->from, AF_INET6, &in6->sin6_addr, in6->sin6_port);
	} else {
		const struct sockaddr_in *in = (const struct sockaddr_in *)&ss;

		addr_text(packet->from, AF_INET, &in->sin_addr, in->sin_port);
	}
	return true;
}

int world_sniff(const char *netns, const char *device)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd;

	world_enter(netns);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ll.sll_ifindex = (int)if_nametoindex(device);
	world_leave();
	must(fd >= 0 && ll.sll_ifindex && !bind(fd, (struct sockaddr *)&ll, sizeof(ll)), device);
	return handed_out(fd);
}

static uint32_t sum16(const void *bytes, size_t len, uint32_t sum)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* @p: the UDP header; @sum: of addresses. */
static bool read_udp(struct packet *packet, const uint8_t *p, size_t len, uint32_t sum)
{
	struct udphdr uh;

	if (len < sizeof(uh))
		return false;
	memcpy(&uh, p, sizeof(uh));
	packet->udp_checksum = uh.check;
	packet->len = len - sizeof(uh);
	memcpy(packet->bytes, p + sizeof(uh), packet->len);
	if (ntohs(uh.len) != len)
		packet->good = false;
	if (uh.check && sum16(p, len, sum + IPPROTO_UDP + (uint32_t)len) != 0xffff)
		packet->good = false;
	if (!uh.check && !packet->ipv4)
		packet->good = false;
	return true;
}

static bool read_ipv4(struct packet *packet, const uint8_t *p, size_t len)
{
	struct udphdr uh;
	struct iphdr iph;

	memcpy(&iph, p, sizeof(iph));
	if (iph.protocol != IPPROTO_UDP || iph.ihl != 5 || ntohs(iph.tot_len) > len)
		return false;
	memcpy(&uh, p + sizeof(iph), sizeof(uh));
	packet->ipv4 = true;
	packet->ttl = iph.ttl;
	packet->tos = iph.tos;
	packet->df = ntohs(iph.frag_off) & IP_DF;
	packet->good = sum16(p, sizeof(iph), 0) == 0xffff;
	addr_text(packet->from, AF_INET, &iph.saddr, uh.source);
	addr_text(packet->to, AF_INET, &iph.daddr, uh.dest);
	return read_udp(packet, p + sizeof(iph), ntohs(iph.tot_len) - sizeof(iph),
			sum16(&iph.saddr, 8, 0));
}

static bool read_ipv6(struct packet *packet, const uint8_t *p, size_t len)
{
	struct ip6_hdr ip6;
	struct udphdr uh;

	memcpy(&ip6, p, sizeof(ip6));
	if (ip6.ip6_nxt != IPPROTO_UDP || ntohs(ip6.ip6_plen) + sizeof(ip6) > len)
		return false;
	memcpy(&uh, p + sizeof(ip6), sizeof(uh));
	packet->ipv4 = false;
	packet->ttl = ip6.ip6_hlim;
	packet->tos = (int)(ntohl(ip6.ip6_flow) >> 20 & 0xff);
	packet->good = true;
	addr_text(packet->from, AF_INET6, &ip6.ip6_src, uh.source);
	addr_text(packet->to, AF_INET6, &ip6.ip6_dst, uh.dest);
	return read_udp(packet, p + sizeof(ip6), ntohs(ip6.ip6_plen), sum16(&ip6.ip6_src, 32, 0));
}

bool world_sniffed(int fd, struct packet *packet, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint8_t bytes[2100];

	while (poll(&pfd, 1, ms) == 1) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

		if (n >= 28 && bytes[0] >> 4 == 4 && read_ipv4(packet, bytes, (size_t)n))
			return true;
		if (n >= 48 && bytes[0] >> 4 == 6 && read_ipv6(packet, bytes, (size_t)n))
			return true;
	}
	return false;
}

size_t rtp_make(uint8_t *p, size_t len, uint8_t pt, uint16_t seq, uint32_t timestamp, uint32_t ssrc)
{
	uint32_t words[2] = { htonl(timestamp), htonl(ssrc) };

	p[0] = 0x80;
	p[1] = pt;
	p[2] = (uint8_t)(seq >> 8);
	p[3] = (uint8_t)seq;
	memcpy(p + 4, words, 8);
	for (size_t i = 12; i < len; i++)
		p[i] = (uint8_t)(i * 7 + seq * 13);
	return len;
}
