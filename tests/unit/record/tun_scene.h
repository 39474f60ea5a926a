/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tun_scene.h - a device like rtprelay0: a tun device has the same type, ARPHRD_NONE
 *
 * What is written to its descriptor appears on the device.
 */
#ifndef RTPRELAY_TUN_SCENE_H
#define RTPRELAY_TUN_SCENE_H

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "tests/unit/test.h"

#define TUN_FN	    static __attribute__((unused))
#define TUN_PAYLOAD 20

/* From 192.0.2.1:4000 or [2001:db8::1]:4000 to port 30000 of ...2; the payload is 0, 1, ... */
TUN_FN size_t tun_make(uint8_t *bytes, int version)
{
	static const uint8_t v4[20] = {
		0x45, 0, 0, 28 + TUN_PAYLOAD, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2
	};
	static const uint8_t v6[40] = { 0x60,	  0,	       0,    0,	  0,	8 + TUN_PAYLOAD,
					17,	  64,	       0x20, 1,	  0xd,	0xb8,
					[23] = 1, [24] = 0x20, 1,    0xd, 0xb8, [39] = 2 };
	static const uint8_t udp[8] = { 4000 >> 8, 4000 & 255,	    30000 >> 8, 30000 & 255,
					0,	   8 + TUN_PAYLOAD, 0,		0 };
	size_t at = version == 4 ? sizeof(v4) : sizeof(v6);

	memcpy(bytes, version == 4 ? v4 : v6, at);
	memcpy(bytes + at, udp, sizeof(udp));
	at += sizeof(udp);
	for (uint8_t i = 0; i < TUN_PAYLOAD; i++)
		bytes[at++] = i;
	return at;
}

/* Up, without the kernel's own packets of IPv6. */
TUN_FN int tun_new(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	FILE *off = fopen("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w");

	if (off) {
		fputs("1", off);
		fclose(off);
	}
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	CU_ASSERT_FATAL(fd >= 0 && udp >= 0 && !ioctl(fd, TUNSETIFF, &ifr));
	ifr.ifr_flags = IFF_UP;
	CU_ASSERT_FATAL(!ioctl(udp, SIOCSIFFLAGS, &ifr));
	ifr.ifr_mtu = 9000;
	CU_ASSERT_FATAL(!ioctl(udp, SIOCSIFMTU, &ifr));
	close(udp);
	return fd;
}

TUN_FN void tun_send(int device, int version, unsigned int n, size_t more)
{
	uint8_t bytes[4096] = { 0 };
	size_t len = tun_make(bytes, version);

	if (more) {
		bytes[2] = (uint8_t)((len + more) >> 8);
		bytes[3] = (uint8_t)(len + more);
		bytes[24] = (uint8_t)((len + more - 20) >> 8);
		bytes[25] = (uint8_t)(len + more - 20);
	}
	for (unsigned int i = 0; i < n; i++)
		CU_ASSERT_EQUAL(write(device, bytes, len + more), (ssize_t)(len + more));
}

#endif
