/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.h - DTLS at one port of a side, as the three threads know it
 *
 * The control thread opens it (dtls/service.h), gives it to the media thread of the port, and
 * closes it. The media thread hands datagrams over; what leaves comes back by a function that is
 * called in the crypto thread. Each of them, and each datagram under way, has a reference.
 */
#ifndef RTPRELAY_DTLS_LINK_H
#define RTPRELAY_DTLS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dtls_link;

/* Datagrams of one port that wait for the crypto thread, at most. */
#define DTLS_LINK_QUEUE 8

struct dtls_link *dtls_link_get(struct dtls_link *link); /* takes NULL */
void dtls_link_put(struct dtls_link *link);		 /* takes NULL */

/* Media thread: the port that datagrams leave by; NULL: it is closed. */
void dtls_link_set_port(struct dtls_link *link, void *port);
void *dtls_link_port(const struct dtls_link *link);

/**
 * dtls_link_hand_over() - media thread @thread: a datagram whose source was checked
 * Return: false: too many wait, or it is too long; it is dropped
 */
bool dtls_link_hand_over(struct dtls_link *link, unsigned int thread, const uint8_t *data,
			 size_t len);

#endif
