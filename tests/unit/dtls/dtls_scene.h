/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtls_scene.h - two associations of DTLS, and a network between them that loses datagrams */
#ifndef RTPRELAY_TEST_DTLS_SCENE_H
#define RTPRELAY_TEST_DTLS_SCENE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/dtls/association.h"
#include "daemon/dtls/record.h"
#include "tests/unit/test.h"

#define WIRE_MAX 64
/* For what has to happen: the machine may be busy. */
#define SCENE_LIMIT_MS 60000

struct scene_datagram {
	size_t len;
	uint8_t data[DTLS_DATAGRAM_MAX];
};

/**
 * struct scene_end - one of two peers
 * @out: datagrams that it has sent and that did not arrive yet
 * @largest, @sent: of its datagrams; @bytes: in all
 * @got: events by kind; @why: of the last one
 */
struct scene_end {
	struct dtls_association *dtls;
	struct scene_datagram out[WIRE_MAX];
	size_t n_out, largest, sent, bytes;
	unsigned int got[3];
	char why[80];
	struct dtls_keys keys;
};

/* @loss: of 100 datagrams; @seed: of the numbers that decide */
struct scene {
	struct scene_end end[2]; /* the first is passive */
	unsigned int loss, seed;
	bool reorders;
};

/* Made once: keys take time, and certificates are read only. */
extern struct dtls_cert *scene_certs[2];

void scene_send(void *arg, const uint8_t *data, size_t len);
void scene_event(void *arg, enum dtls_event event, const struct dtls_keys *keys, const char *why,
		 unsigned int took_ms);
/* Of @cert of the other one, in @hash. */
struct dtls_terms scene_terms(bool active, const struct dtls_cert *peer, enum dtls_hash hash);
/* Both ends, without terms. */
void scene_open(struct scene *scene, unsigned int mtu, unsigned int first_ms);
void scene_close(struct scene *scene);
/* Both get their terms; the active one begins. */
void scene_agree(struct scene *scene);
/* Carries datagrams until both are done, or nothing can arrive any more for @limit_ms. */
void scene_run(struct scene *scene, int64_t limit_ms);
/* Everything that is under way, once. Return: something was */
bool scene_carry(struct scene *scene);

#endif
