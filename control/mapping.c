/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mapping.c - prints what a router forwards to the relay */
#include <inttypes.h>
#include <string.h>
#include "line.h"
#include "mapping.h"
#include "mapping.h"
#include "table.h"

void mapping_print(const json_t *iface)
{
	const json_t *mapping = json_object_get(iface, "mapping");
	const char *state = text_of(mapping, "state");
	bool fails = !strcmp(state, "failing");

	if (!mapping)
		return;
	printf("mapping    %s: %s%s%s", text_of(iface, "address"), fails ? colour(COLOUR_BAD) : "",
	       state, fails ? colour(COLOUR_END) : "");
	if (json_object_get(mapping, "protocol"))
		printf(", by %s", text_of(mapping, "protocol"));
	printf(", %" PRId64 " of %" PRId64 " ports, %" PRId64 " pair%s for the next calls\n",
	       number_of(mapping, "ports"), number_of(mapping, "max"), number_of(mapping, "free"),
	       s_after(mapping, "free"));
	if (json_object_get(mapping, "why"))
		printf("           %s%s%s\n", colour(COLOUR_WARN), text_of(mapping, "why"),
		       colour(COLOUR_END));
}
