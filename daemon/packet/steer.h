/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * steer.h - where the kernel delivers packets that no connected socket takes
 *
 * The socket of a stream is connected while its source is locked: that makes each packet cheaper,
 * but the socket receives nobody else. Packets of strangers would not be counted, each would be
 * answered by an ICMP message, and a phone whose NAT changed its port would not be heard. A BPF
 * program at the kernel's look-up of sockets (BPF_PROG_TYPE_SK_LOOKUP, Linux 5.9), which is asked
 * only if no connected socket fits, delivers such packets to one socket of the media thread.
 *
 * A second socket for each port would need twice the descriptors; unconnected sockets cost 8 to
 * 15 % more for each packet.
 */
#ifndef RTPRELAY_STEER_H
#define RTPRELAY_STEER_H

#include <sys/types.h>
#include "base/endpoint.h"

/* So many media threads can be told apart in a byte. */
#define STEER_THREADS 255

struct steer;

/* @addr: addresses of media, copied; @n > 0. NULL: out of memory. It delivers nothing yet. */
struct steer *steer_new(const struct endpoint *addr, size_t n);
/*
 * Loads the program into this network namespace, with a socket for each of @threads. Return: 0 or
 * -errno; -EPERM: needs CAP_BPF and CAP_NET_ADMIN; -E2BIG: more than STEER_THREADS.
 */
int steer_attach(struct steer *steer, unsigned int threads);
void steer_free(struct steer *steer);
/* The number of addresses; positions are below this times 65536. 0 if @steer is NULL. */
size_t steer_addresses(const struct steer *steer);
/* Where packets for @thread arrive; steer_free() closes it. -1: not attached */
int steer_fd(const struct steer *steer, unsigned int thread);

/* Position of a local endpoint in tables of this size; -1: not one of the addresses. */
ssize_t steer_at(const struct steer *steer, const struct endpoint *local);
/* From now on packets to @local that no connected socket takes go to @thread. */
void steer_on(struct steer *steer, const struct endpoint *local, unsigned int thread);
void steer_off(struct steer *steer, const struct endpoint *local);

#endif
