/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network.h - a simulated network between two agents: loss, delay, reordering, NATs of each kind
 *
 * Everything follows from the seed. Time stands still but in network_run().
 */
#ifndef RTPRELAY_TEST_ICE_NETWORK_H
#define RTPRELAY_TEST_ICE_NETWORK_H

#include "daemon/ice/agent.h"

enum nat {
	NAT_NONE,
	NAT_STATIC,    /* one-to-one: an advertised address */
	NAT_CONE,      /* lets everybody in who knows the port */
	NAT_ADDRESS,   /* only addresses that were sent to */
	NAT_PORT,      /* only ports that were sent to */
	NAT_SYMMETRIC, /* and another port for each destination */
	NAT_DEAD,      /* nothing passes: a VPN, a network that is down */
	NATS
};

/* @outside: of NAT_STATIC the whole address, of the other kinds the port is 0 */
struct network_socket {
	struct endpoint inside, outside;
	enum nat nat;
};

struct network_mapping {
	unsigned int end, socket;
	struct endpoint outside, to; /* @to: of NAT_SYMMETRIC */
	unsigned int n_sent;
	struct endpoint sent[12];
};

struct network_flight {
	int64_t at_ms;
	struct endpoint from, to;
	size_t len;
	uint8_t data[ICE_MESSAGE_MAX];
};

/* @aggressive: it nominates with each check, as agents of RFC 5245 may */
struct network_end {
	struct ice_agent *agent;
	unsigned int n_sockets;
	struct network_socket sockets[ICE_LOCALS];
	bool aggressive;
	uint64_t sent;
};

struct network {
	uint64_t random;
	int64_t now_ms;
	unsigned int loss_percent, delay_ms, jitter_ms;
	bool cut; /* nothing arrives any more */
	uint16_t next_port;
	struct network_end ends[2];
	unsigned int n_mappings;
	struct network_mapping mappings[64];
	unsigned int n_flights;
	struct network_flight flights[256];
};

struct endpoint network_ep(const char *text);
/* 0 .. @n - 1 */
unsigned int network_random(struct network *net, unsigned int n);
/* For ice_conf.random */
void network_fill(void *net, uint8_t *bytes, size_t len);

/* Adds a socket. @outside: NULL without NAT; with a port for NAT_STATIC */
void network_socket(struct network *net, unsigned int end, enum nat nat, const char *inside,
		    const char *outside);
/* The agent of an end, with all its sockets; those of odd index are of the second component, if
 * there are two. */
void network_agent(struct network *net, unsigned int end, struct ice_conf conf);
void network_end(struct network *net);

/* The address that the socket has outside, as a STUN server would tell it. */
struct endpoint network_outside(struct network *net, unsigned int end, unsigned int socket);
/* The NAT of the end forgets all, as after a new start. */
void network_forget(struct network *net, unsigned int end);

/* Until @until_ms, or until both ends have the state; -1: no state. Return: do they have it? */
bool network_run(struct network *net, int64_t until_ms, int state);

/* Does media of @end reach the other end by the way that it has, and is it heard there? */
bool network_passes(struct network *net, unsigned int end, unsigned int component);

#endif
