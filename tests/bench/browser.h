/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * browser.h - a scripted browser that calls a plain phone: ICE, DTLS-SRTP, rtcp-mux
 *
 * Agent, association and SRTP are those of the daemon: what they cost on this side is not measured,
 * and that they are right is shown by real browsers (tests/browser).
 */
#ifndef RTPRELAY_BENCH_BROWSER_H
#define RTPRELAY_BENCH_BROWSER_H

#include "daemon/dtls/association.h"
#include "daemon/ice/ice.h"

/**
 * struct browser
 * @fd: its socket; @phone: that of the phone which it calls
 * @relay: where the relay's answer says it is
 * @began_ns: its offer; @heard_ns: the phone heard the first packet, 0: not yet
 * @media_ms: when it sends the next one
 * @failed: why, or NULL
 */
struct browser {
	int fd, phone;
	struct endpoint local, plain, relay;
	struct ice_agent *ice;
	struct dtls_association *dtls;
	struct dtls_terms terms;
	struct srtp *srtp;
	bool agreed;
	uint16_t seq;
	uint64_t call;
	int64_t began_ns, heard_ns, media_ms;
	const char *failed;
};

/* Sockets at @address, and credentials. Return: false: it has failed */
bool browser_open(struct browser *browser, const char *address, const struct dtls_cert *cert,
		  uint64_t call);
void browser_close(struct browser *browser);
/* It was heard: from now on it only answers checks. */
void browser_rest(struct browser *browser);
/* The whole command, bencoded, without its cookie. Return: its length */
size_t browser_offer(struct browser *browser, const struct dtls_cert *cert, char *text,
		     size_t size);
size_t browser_answer(const struct browser *browser, char *text, size_t size);
size_t browser_delete(const struct browser *browser, char *text, size_t size);
/* The reply to the answer: where the relay is, its credentials and fingerprint. */
void browser_take(struct browser *browser, const char *reply, size_t len);
/* Something came to one of its sockets. */
void browser_receive(struct browser *browser);
/* What is due: checks, handshake, media. */
void browser_step(struct browser *browser);

#endif
