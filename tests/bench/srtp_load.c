/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * srtp_load.c - what SRTP costs: CPU time for sealing and for opening a packet of 172 bytes
 *
 *   srtp_load ours|libsrtp2 SUITE SECONDS
 *
 * Prints "seal_ns=N open_ns=N" of one core: parsing, index, replay window, cipher and tag, as for
 * packets of a call. Packets are handled in batches, and copied between them: that is not counted.
 */
#include <err.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "daemon/base/count.h"
#include "daemon/srtp/srtp.h"

#define BATCH  256
#define PACKET 172
#define ROOM   64

struct peer {
	enum srtp_verdict (*seal)(struct peer *peer, struct srtp_packet *packet);
	enum srtp_verdict (*open)(struct peer *peer, struct srtp_packet *packet);
	struct srtp *sender, *receiver;
	srtp_t their_sender, their_receiver;
};

static enum srtp_verdict our_seal(struct peer *peer, struct srtp_packet *packet)
{
	return rtp_protect(peer->sender, packet, 0);
}

static enum srtp_verdict our_open(struct peer *peer, struct srtp_packet *packet)
{
	return rtp_unprotect(peer->receiver, packet, 0);
}

static enum srtp_verdict their_seal(struct peer *peer, struct srtp_packet *packet)
{
	int len = (int)packet->len;
	bool failed = srtp_protect(peer->their_sender, packet->data, &len) != srtp_err_status_ok;

	packet->len = (size_t)len;
	return failed ? SRTP_FORGED : SRTP_OK;
}

static enum srtp_verdict their_open(struct peer *peer, struct srtp_packet *packet)
{
	int len = (int)packet->len;
	bool failed =
		srtp_unprotect(peer->their_receiver, packet->data, &len) != srtp_err_status_ok;

	packet->len = (size_t)len;
	return failed ? SRTP_FORGED : SRTP_OK;
}

/* --- libsrtp2 ------------------------------------------------------------------------------ */

static const struct {
	enum srtp_suite_id suite;
	void (*set)(srtp_crypto_policy_t *policy);
} policies[] = {
	{ SRTP_AEAD_AES_128_GCM, srtp_crypto_policy_set_aes_gcm_128_16_auth },
	{ SRTP_AEAD_AES_256_GCM, srtp_crypto_policy_set_aes_gcm_256_16_auth },
	{ SRTP_AES_CM_128_SHA1_80, srtp_crypto_policy_set_rtp_default },
	{ SRTP_AES_CM_128_SHA1_32, srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32 },
	{ SRTP_AES_256_CM_SHA1_80, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
	{ SRTP_AES_256_CM_SHA1_32, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32 },
};

static srtp_t open_theirs(const struct srtp_master *master, srtp_ssrc_type_t type)
{
	srtp_policy_t policy = { .ssrc = { .type = type }, .window_size = 128 };
	uint8_t key[SRTP_KEY_MAX + SRTP_SALT_MAX];
	srtp_t srtp;

	memcpy(key, master->key, master->suite->key_len);
	memcpy(key + master->suite->key_len, master->salt, master->suite->salt_len);
	policy.key = key;
	for (size_t i = 0; i < COUNT(policies); i++)
		if (policies[i].suite == master->suite->id) {
			policies[i].set(&policy.rtp);
			policies[i].set(&policy.rtcp);
			if (srtp_create(&srtp, &policy))
				errx(1, "srtp_create");
			return srtp;
		}
	errx(2, "libsrtp2 has no such suite");
}

/* --- Measurement --------------------------------------------------------------------------- */

static double cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void fill(uint8_t batch[BATCH][PACKET + ROOM], struct srtp_packet *packets, uint16_t *seq)
{
	for (size_t i = 0; i < BATCH; i++) {
		uint8_t *at = batch[i];

		packets[i] = (struct srtp_packet){ at, PACKET, PACKET + ROOM };
		memset(at, 0x5a, PACKET);
		at[0] = 0x80;
		at[1] = 8;
		at[2] = (uint8_t)(*seq >> 8);
		at[3] = (uint8_t)(*seq)++;
	}
}

static double timed(struct peer *peer, struct srtp_packet *packets,
		    enum srtp_verdict (*pass)(struct peer *peer, struct srtp_packet *packet))
{
	double start = cpu_ns();

	for (size_t i = 0; i < BATCH; i++)
		if (pass(peer, &packets[i]) != SRTP_OK)
			errx(1, "a packet was refused");
	return cpu_ns() - start;
}

static void measure(struct peer *peer, double seconds)
{
	static uint8_t batch[BATCH][PACKET + ROOM] __attribute__((aligned(16)));
	struct srtp_packet packets[BATCH];
	double seal = 0, open = 0, count = 0;
	uint16_t seq = 0;

	while (seal + open < seconds * 1e9) {
		fill(batch, packets, &seq);
		seal += timed(peer, packets, peer->seal);
		open += timed(peer, packets, peer->open);
		count += BATCH;
	}
	printf("seal_ns=%.1f open_ns=%.1f\n", seal / count, open / count);
}

int main(int argc, char **argv)
{
	struct srtp_master master = { .key = "0123456789abcdef0123456789abcde",
				      .salt = "0123456789abc" };
	struct peer peer = { our_seal, our_open, NULL, NULL, NULL, NULL };

	if (argc != 4)
		errx(2, "usage: srtp_load ours|libsrtp2 SUITE SECONDS");
	master.suite = srtp_suite_by_name(str_of(argv[2]), NULL);
	if (!master.suite)
		errx(2, "%s: unknown suite", argv[2]);
	if (!strcmp(argv[1], "libsrtp2")) {
		if (srtp_init())
			errx(1, "srtp_init");
		peer = (struct peer){ their_seal, their_open, NULL, NULL, NULL, NULL };
		peer.their_sender = open_theirs(&master, ssrc_any_outbound);
		peer.their_receiver = open_theirs(&master, ssrc_any_inbound);
	} else {
		peer.sender = srtp_new(&master, SRTP_SEND);
		peer.receiver = srtp_new(&master, SRTP_RECEIVE);
		if (!peer.sender || !peer.receiver)
			err(1, "srtp_new");
	}
	measure(&peer, strtod(argv[3], NULL));
	return 0;
}
