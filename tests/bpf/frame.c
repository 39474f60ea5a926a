/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>

#include "csum_wire.h"
#include "frame.h"

struct endpoint frame_endpoint(const char *text)
{
	struct endpoint ep;

	memset(&ep, 0, sizeof(ep));
	endpoint_parse(str_of(text), 0, &ep);
	return ep;
}

/* Of any length. */
static uint32_t sum(const uint8_t *bytes, size_t len)
{
	uint32_t odd = 0;

	if (len % 2) {
		uint8_t last[2] = { bytes[len - 1], 0 };

		odd = csum_wire_sum(last, 2);
	}
	return csum_wire_sum(bytes, len / 2 * 2) + odd;
}

static bool is_ipv6(const struct frame *frame)
{
	return frame->bytes[frame->ip] >> 4 == 6;
}

static uint16_t udp_sum(const struct frame *frame)
{
	const uint8_t *ip = frame->bytes + frame->ip, *udp = frame->bytes + frame->udp;
	uint16_t len = (uint16_t)(udp[4] << 8 | udp[5]);
	uint32_t total = (uint32_t)htons(IPPROTO_UDP) + htons(len);

	total += is_ipv6(frame) ? sum(ip + 8, 32) : sum(ip + 12, 8);
	return csum_wire_fold(total + sum(udp, len));
}

void frame_sum_ip(struct frame *frame)
{
	struct iphdr *ip = (void *)(frame->bytes + frame->ip);

	ip->check = 0;
	ip->check = (uint16_t)~sum((uint8_t *)ip, sizeof(*ip));
}

static void write_ip(struct frame *frame, const struct endpoint *from, const struct endpoint *to,
		     size_t udp_len)
{
	struct iphdr ip = { .ihl = 5,
			    .version = 4,
			    .tot_len = htons((uint16_t)(sizeof(ip) + udp_len)),
			    .ttl = 64,
			    .protocol = IPPROTO_UDP,
			    .saddr = from->in4.sin_addr.s_addr,
			    .daddr = to->in4.sin_addr.s_addr };
	struct ip6_hdr ip6 = { .ip6_src = from->in6.sin6_addr, .ip6_dst = to->in6.sin6_addr };

	frame->bytes[12] = from->sa.sa_family == AF_INET ? 0x08 : 0x86;
	frame->bytes[13] = from->sa.sa_family == AF_INET ? 0x00 : 0xdd;
	if (from->sa.sa_family == AF_INET) {
		memcpy(frame->bytes + frame->ip, &ip, sizeof(ip));
		frame->udp = frame->ip + sizeof(ip);
		frame_sum_ip(frame);
		return;
	}
	ip6.ip6_flow = htonl(0x60000000);
	ip6.ip6_plen = htons((uint16_t)udp_len);
	ip6.ip6_nxt = IPPROTO_UDP;
	ip6.ip6_hlim = 64;
	memcpy(frame->bytes + frame->ip, &ip6, sizeof(ip6));
	frame->udp = frame->ip + sizeof(ip6);
}

void frame_write(struct frame *frame, const char *from, const char *to, const void *payload,
		 size_t len)
{
	struct endpoint source = frame_endpoint(from), dest = frame_endpoint(to);
	struct udphdr udp = { .len = htons((uint16_t)(sizeof(udp) + len)) };
	uint16_t check;

	memset(frame, 0, sizeof(*frame));
	udp.source = htons(endpoint_port(&source));
	udp.dest = htons(endpoint_port(&dest));
	frame->ip = ETH_HLEN;
	write_ip(frame, &source, &dest, sizeof(udp) + len);
	memcpy(frame->bytes + frame->udp, &udp, sizeof(udp));
	memcpy(frame->bytes + frame->udp + sizeof(udp), payload, len);
	frame->len = frame->udp + sizeof(udp) + len;
	check = (uint16_t)~udp_sum(frame);
	check = check ? check : 0xffff;
	memcpy(frame->bytes + frame->udp + 6, &check, sizeof(check));
}

bool frame_sums_are_right(const struct frame *frame)
{
	const uint8_t *udp = frame->bytes + frame->udp;

	if (!is_ipv6(frame) && csum_wire_fold(sum(frame->bytes + frame->ip, 20)) != 0xffff)
		return false;
	return (!udp[6] && !udp[7]) || udp_sum(frame) == 0xffff;
}

bool frame_is(const struct frame *frame, const char *from, const char *to)
{
	struct frame expect;
	size_t at = is_ipv6(frame) ? 8 : 12;

	frame_write(&expect, from, to, "", 0);
	return !memcmp(frame->bytes + frame->ip + at, expect.bytes + expect.ip + at,
		       frame->udp - frame->ip - at + 4);
}
