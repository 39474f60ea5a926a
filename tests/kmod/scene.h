/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scene.h - one flow from a phone in namespace a to one in b, with all sockets around it
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include <stdint.h>

#include "nl.h"
#include "world.h"

#define PHONE	"192.0.2.1:4000"
#define UNKNOWN "192.0.2.2:4000"
#define LOCAL	"192.0.2.254:30000"
#define OUT	"198.51.100.254:30002"
#define DST	"198.51.100.1:5000"

/* Of the family "rtprelay" in the relay's namespace; @events receives its events. */
extern struct nl nl, events;
/* The last ones read. */
extern struct packet packet;
extern struct nl_state state;
/* Sockets at PHONE, UNKNOWN, LOCAL and DST; that at LOCAL is in place of the daemon's. */
extern int phone, unknown, relay, dst;

/* From PHONE to DST. */
struct nl_flow scene_flow(uint8_t kind);
/* Opens the sockets and sets the flow, whose endpoints are those above. */
void scene_start(const struct nl_flow *flow);
/* Removes the flow, leaves its final state in @state, and closes the sockets. */
void scene_end(void);

/*
 * The same for packets that go directly to the driver's queue: all on one CPU, since veth hands a
 * packet over on the CPU that sends it, and packets of a thread that moves to another CPU may
 * overtake each other on any path; and the phone makes the checksum, since a packet whose checksum
 * is left to the device takes the usual way.
 */
void scene_start_direct(const struct nl_flow *flow);
void scene_end_direct(void);
/* Of the calling thread: on one CPU, or on all again. */
void scene_stay_on_cpu(unsigned int cpu);
void scene_roam(void);

/* Sends 172 bytes of RTP to @local. */
void scene_rtp_to(int fd, const char *local, uint8_t pt, uint16_t seq, uint32_t timestamp);

/* The same to the flow. */
void scene_rtp(int fd, uint8_t pt, uint16_t seq, uint32_t timestamp);

/* Reads @state until a counter of the flow is not 0. Return: false: it stays 0 */
bool scene_counts(const char *local, enum rtprelay_counter which);

/* Of the clock that the module uses. */
int64_t now_ns(void);
int64_t now_ms(void);

#endif
