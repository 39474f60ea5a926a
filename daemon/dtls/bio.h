/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bio.h - how OpenSSL reads and writes the datagrams of one handshake
 *
 * A memory BIO would join datagrams: this one reads the datagram that was handed in, and each write
 * is a datagram, or several if it is longer than the MTU.
 */
#ifndef RTPRELAY_DTLS_BIO_H
#define RTPRELAY_DTLS_BIO_H

#include <stddef.h>
#include <stdint.h>

/* A last flight is 75 bytes; one that is longer is not kept. */
#define DTLS_LAST_FLIGHT 512

/* One datagram leaves. */
typedef void dtls_send_fn(void *arg, const uint8_t *data, size_t len);

/**
 * struct dtls_bio
 * @in, @in_len: the datagram that OpenSSL has not read yet; the caller's memory
 * @last, @last_len: what was sent last since it was handed in, if it fits
 */
struct dtls_bio {
	unsigned int mtu;
	dtls_send_fn *send;
	void *arg;
	const uint8_t *in;
	size_t in_len, last_len;
	uint8_t last[DTLS_LAST_FLIGHT];
};

struct bio_method_st *dtls_bio_method_new(void); /* NULL: out of memory; freed by BIO_meth_free() */
/* @bio is borrowed. NULL: out of memory */
struct bio_st *dtls_bio_open(const struct bio_method_st *method, struct dtls_bio *bio);
/* OpenSSL reads it next; @len 0: there is none. */
void dtls_bio_hand_in(struct dtls_bio *bio, const uint8_t *data, size_t len);

#endif
