/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external_source.h - where the address outside of a NAT is asked for, and whether an answer fits
 *
 * Pure text and addresses.
 */
#ifndef RTPRELAY_NAT_EXTERNAL_SOURCE_H
#define RTPRELAY_NAT_EXTERNAL_SOURCE_H

#include "base/endpoint.h"

enum external_kind {
	EXTERNAL_STUN, /* a server outside */
	EXTERNAL_FILE, /* a file that another program writes */
	EXTERNAL_PCP,  /* the nearest router, and the two below */
	EXTERNAL_NATPMP,
	EXTERNAL_UPNP,
};

/* @text: of the configuration; @host, @port: of a STUN server */
struct external_source {
	enum external_kind kind;
	const char *text;
	char host[256];
	uint16_t port;
};

/**
 * external_source_read() - reads stun:HOST[:PORT], stun:[V6]:PORT, pcp, natpmp, upnp, /FILE
 * @text: must stay
 * Return: NULL; else why not, a static text
 */
const char *external_source_read(const char *text, struct external_source *source);
/**
 * external_refusal() - can the relay be reached at the address that a source has named?
 * @bind: the address here
 * Return: NULL: it may; else why not, a static text, and *scope: another NAT is the reason
 */
const char *external_refusal(enum external_kind kind, const struct endpoint *bind,
			     const struct endpoint *address, bool *scope);
/* The first address of this family in a text: one in a line, # begins a comment. False: none */
bool external_find_address(struct str text, int family, struct endpoint *address);

#endif
