/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world.h - phones and relay in network namespaces, with sockets and captured packets
 *
 *   namespace a              namespace relay                       namespace b
 *   eth0 192.0.2.1/24 ------ a0 192.0.2.254  b0 198.51.100.254 ---- eth0 198.51.100.1/24
 *        192.0.2.2                                                       198.51.100.2
 *        2001:db8:a::1/64       2001:db8:a::fe  2001:db8:b::fe           2001:db8:b::1/64
 *        2001:db8:a::2                                                   2001:db8:b::2
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Created by the first call, and kept until the program ends; world_close() allows a new one. */
void world_open(void);
/* The same, but keeps what exists: for tests that keep sockets while a part is created again. */
void world_ready(void);
void world_close(void);

/* Moves the calling thread into a namespace, and back to the initial one of the program. */
void world_enter(const char *netns);
void world_leave(void);

/* The kernel is at least this version. */
bool world_kernel(unsigned int major, unsigned int minor);

/* Runs a shell command; prints it if it fails. Return: its exit status */
int world_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Memory that the kernel uses for its own objects and cannot give back; 0 in a debug kernel, where
 * KASAN delays freeing and the guest's init looks for leaks.
 */
long world_kernel_kb(void);

struct sockaddr_storage world_addr(const char *text);

/* A UDP socket bound to "address:port" in a namespace; receives TTL and TOS with each packet. */
int world_udp(const char *netns, const char *local);
bool world_send(int fd, const char *to, const void *bytes, size_t len);

/**
 * struct packet - as received by a UDP socket, or captured on the wire
 * @udp_checksum: on the wire: from the header; 0: none
 * @good: on the wire: lengths and checksums are correct
 */
struct packet {
	char from[64], to[64];
	int ttl, tos;
	bool ipv4, df, good;
	uint16_t udp_checksum;
	size_t len;
	uint8_t bytes[2048];
};

/* Return: false: no packet within @ms */
bool world_receive(int fd, struct packet *packet, int ms);

/* A packet socket on a device, for UDP packets only; and its next packet. */
int world_sniff(const char *netns, const char *device);
bool world_sniffed(int fd, struct packet *packet, int ms);

/*
 * Time in which any packet arrives in an emulated machine; and time after which none is expected.
 */
#define SOON  10000
#define NEVER 300

/* An RTP packet of @len bytes with a payload that depends on @seq. */
size_t rtp_make(uint8_t *p, size_t len, uint8_t pt, uint16_t seq, uint32_t timestamp,
		uint32_t ssrc);

#endif
