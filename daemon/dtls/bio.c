/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bio.c - how OpenSSL reads and writes the datagrams of one handshake
 */
#include <string.h>
#include "dtls/bio.h"
#include <openssl/bio.h>

#define RECORD_HEADER 13 /* its last two bytes: the length of what follows */

/*
 * One write: OpenSSL may have repeated an earlier flight before, when its timer was over as the
 * datagram came.
 */
static void keep_last(struct dtls_bio *to, const uint8_t *data, size_t len)
{
	to->last_len = len <= sizeof(to->last) ? len : 0;
	memcpy(to->last, data, to->last_len);
}

/* Of the records at @data: as many as one datagram may have; at least one. */
static size_t fitting(const struct dtls_bio *to, const uint8_t *data, size_t len)
{
	size_t at = 0;

	while (len - at > RECORD_HEADER) {
		size_t record = RECORD_HEADER + (size_t)(data[at + 11] << 8 | data[at + 12]);

		if (record > len - at)
			return len;
		if (at && at + record > to->mtu)
			return at;
		at += record;
	}
	return at ? at : len;
}

/* OpenSSL collects records without counting what encryption adds to the last one. */
static void send_all(struct dtls_bio *to, const uint8_t *data, size_t len)
{
	while (len) {
		size_t part = len > to->mtu ? fitting(to, data, len) : len;

		to->send(to->arg, data, part);
		data += part;
		len -= part;
	}
}

static int bio_write(BIO *bio, const char *data, int len)
{
	struct dtls_bio *to = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (len <= 0)
		return len;
	keep_last(to, (const uint8_t *)data, (size_t)len);
	send_all(to, (const uint8_t *)data, (size_t)len);
	return len;
}

static int bio_read(BIO *bio, char *data, int size)
{
	struct dtls_bio *from = BIO_get_data(bio);
	size_t len = from->in_len;

	BIO_clear_retry_flags(bio);
	if (!len || size <= 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (len > (size_t)size)
		len = (size_t)size; /* the rest of the datagram is lost, as with a socket */
	memcpy(data, from->in, len);
	from->in_len = 0;
	return (int)len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	const struct dtls_bio *at = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	switch (command) {
	case BIO_CTRL_FLUSH:
	case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
		return 1;
	case BIO_CTRL_DGRAM_QUERY_MTU:
	case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
		return at ? (long)at->mtu : 0;
	default:
		return 0;
	}
}

BIO_METHOD *dtls_bio_method_new(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");

	if (method && BIO_meth_set_write(method, bio_write) &&
	    BIO_meth_set_read(method, bio_read) && BIO_meth_set_ctrl(method, bio_ctrl))
		return method;
	BIO_meth_free(method);
	return NULL;
}

BIO *dtls_bio_open(const BIO_METHOD *method, struct dtls_bio *data)
{
	BIO *bio = BIO_new(method);

	if (!bio)
		return NULL;
	BIO_set_data(bio, data);
	BIO_set_init(bio, 1);
	return bio;
}

void dtls_bio_hand_in(struct dtls_bio *bio, const uint8_t *data, size_t len)
{
	bio->in = data;
	bio->in_len = len;
	bio->last_len = 0;
}
