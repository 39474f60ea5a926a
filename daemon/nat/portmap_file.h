/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portmap_file.h - the mappings that a router has for this daemon, on disk, so that the next one
 * can end them or go on with them
 *
 * A text file of its own, as that of the bans: a line for each pair,
 * "PROTOCOL BIND PORT EXTERNAL-RTP EXTERNAL-RTCP NONCE". A pair is there before the router is
 * asked.
 */
#ifndef RTPRELAY_NAT_PORTMAP_FILE_H
#define RTPRELAY_NAT_PORTMAP_FILE_H

#include "base/buf.h"
#include "nat/portmap_place.h"

#define PORTMAP_FILE "port-mappings" /* in state-dir */
/* Bytes of a line, at most. */
#define PORTMAP_LINE 160

struct portmap_line {
	enum portmap_protocol protocol;
	struct endpoint bind;
	uint16_t port, external[2];
	uint8_t nonce[PCP_NONCE];
};

/* Pure: false: not such a line. */
bool portmap_line_read(struct str text, struct portmap_line *line);
/* Adds those of a place. */
void portmap_lines_write(const struct portmap_place *place, struct buf *out);

typedef void portmap_line_fn(void *arg, const struct portmap_line *line);
/* Calls @fn for each line; others are skipped. 0, also without a file; -errno */
int portmap_file_read(const char *dir, portmap_line_fn *fn, void *arg);
/* Replaces the file; without text there is none. 0; -errno */
int portmap_file_write(const char *dir, struct str text);

#endif
