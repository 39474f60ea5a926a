/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_portmap_file.c - any text as a line of the file of mappings
 *
 * What is read is written and read again: the same comes out.
 */
#include <stdlib.h>
#include "daemon/nat/portmap_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void write_again(const struct portmap_line *line)
{
	static struct portmap_place place;
	static const struct portmap_rules rules = { .allowed = { true, true, true } };
	struct portmap_line again;
	char text[2 * PORTMAP_LINE];
	struct buf out = BUF_INIT(text, sizeof(text));
	struct str written;

	portmap_place_init(&place, &line->bind, &rules);
	require(portmap_place_restore(&place, line->protocol, line->port, line->external,
				      line->nonce, 0));
	portmap_lines_write(&place, &out);
	require(!out.overflow && out.len < PORTMAP_LINE);
	written = (struct str){ text, out.len };
	require(portmap_line_read(str_split(&written, '\n'), &again));
	require(again.protocol == line->protocol && again.port == line->port);
	require(endpoint_addr_eq(&again.bind, &line->bind));
	require(!memcmp(again.external, line->external, sizeof(again.external)));
	require(!memcmp(again.nonce, line->nonce, PCP_NONCE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact = malloc(size ? size : 1);
	struct portmap_line line;

	require(exact);
	if (size)
		memcpy(exact, data, size);
	if (portmap_line_read((struct str){ exact, size }, &line))
		write_again(&line);
	free(exact);
	return 0;
}
