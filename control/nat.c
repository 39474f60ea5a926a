/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nat.c - rtprelayctl nat: where the relay is outside of its NAT, and what is seen of the NATs of
 * phones
 */
#include <inttypes.h>
#include <string.h>
#include "control_proto.h"
#include "line.h"
#include "mapping.h"
#include "table.h"
#include "verb.h"

/* In the words of RFC 5780. */
static const char *mapping_text(const char *mapping)
{
	if (!strcmp(mapping, "none"))
		return "no NAT";
	if (!strcmp(mapping, "endpoint-independent"))
		return "Endpoint-Independent Mapping";
	if (!strcmp(mapping, "address-dependent"))
		return "Address-Dependent Mapping (or Address and Port-Dependent)";
	return "mapping not known (two STUN servers in external-address tell it)";
}

static const char *filtering_text(const char *filtering)
{
	if (!strcmp(filtering, "endpoint-independent"))
		return "Endpoint-Independent Filtering";
	if (!strcmp(filtering, "address-dependent"))
		return "Address-Dependent Filtering";
	if (!strcmp(filtering, "address-port-dependent"))
		return "Address and Port-Dependent Filtering";
	return "filtering not known";
}

static void print_found(const json_t *address, const json_t *outside)
{
	char age[16];

	if (!json_is_true(json_object_get(outside, "usable"))) {
		printf("%snot known: calls are refused%s", colour(COLOUR_BAD), colour(COLOUR_END));
	} else {
		printf("%s, ", text_of(address, "advertised"));
		if (!strcmp(text_of(outside, "state"), "last"))
			fputs("the last one, not confirmed", stdout);
		else
			printf("says %s", text_of(outside, "source"));
	}
	if (json_object_get(outside, "checked-ago"))
		printf(", confirmed %s ago", short_age(number_of(outside, "checked-ago"), age));
	printf("\n           %s; %s", mapping_text(text_of(outside, "mapping")),
	       filtering_text(text_of(outside, "filtering")));
	if (json_is_true(json_object_get(outside, "double-nat")))
		printf("; %sdouble NAT%s", colour(COLOUR_BAD), colour(COLOUR_END));
	if (json_object_get(outside, "why"))
		printf("\n           %s%s%s", colour(COLOUR_WARN), text_of(outside, "why"),
		       colour(COLOUR_END));
}

static void print_address(const json_t *address)
{
	const json_t *outside = json_object_get(address, "external");
	const char *bind = text_of(address, "address");
	bool same = !strcmp(bind, text_of(address, "advertised"));

	printf("relay      %s %s: ", text_of(address, "name"), bind);
	if (outside)
		print_found(address, outside);
	else if (same)
		fputs("no NAT is configured", stdout);
	else
		printf("%s, by configuration; kind of NAT not known",
		       text_of(address, "advertised"));
	putchar('\n');
	mapping_print(address);
}

static void print_outside_port(const json_t *pair, const char *key, const char *before)
{
	if (json_object_get(pair, key))
		printf("%s%" PRId64, before, number_of(pair, key));
	else
		printf("%snot yet", before);
}

static const char *use_text(const char *use)
{
	if (!strcmp(use, "call"))
		return "in a call";
	if (!strcmp(use, "ending"))
		return "is given back";
	if (!strcmp(use, "other-program"))
		return "taken by another program";
	return "free";
}

/* A pair of ports, of RTP and RTCP. */
static void print_pair(const json_t *pair)
{
	char age[16];

	printf("           %s:%" PRId64 " outside", text_of(pair, "address"),
	       number_of(pair, "port"));
	print_outside_port(pair, "outside-rtp", " ");
	print_outside_port(pair, "outside-rtcp", ", RTCP ");
	printf(", by %s, %s", text_of(pair, "protocol"), use_text(text_of(pair, "use")));
	if (json_object_get(pair, "ends-in"))
		printf(", for another %s", short_age(number_of(pair, "ends-in"), age));
	putchar('\n');
}

static void print_phones(const json_t *line)
{
	printf("phones     %" PRId64 " heard, %" PRId64 " behind a NAT\n",
	       number_of(line, "phones"), number_of(line, "behind-nat"));
	printf("           address differs from the SDP %" PRId64 ", port differs %" PRId64
	       ", symmetric %" PRId64 "\n",
	       number_of(line, "address-differs"), number_of(line, "port-differs"),
	       number_of(line, "symmetric"));
	printf("rebinds    %" PRId64 " in the last hour, %" PRId64 " so far\n",
	       number_of(line, "rebinds-last-hour"), number_of(line, "rebinds"));
	printf("keepalives %" PRId64 " sent, %" PRId64 " binding%s answered after that; %" PRId64
	       " received from phones\n",
	       number_of(line, "keepalives-sent"), number_of(line, "keepalives-saved"),
	       s_after(line, "keepalives-saved"), number_of(line, "keepalives-received"));
}

static void print_line(void *arg, const char *type, json_t *line)
{
	(void)arg;
	if (!strcmp(type, "nat-address"))
		print_address(line);
	else if (!strcmp(type, "nat-mapping"))
		print_pair(line);
	else if (!strcmp(type, "nat-phones"))
		print_phones(line);
}

int verb_nat(const struct options *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return line_ask(options, line_request(CONTROL_VERB_NAT), print_line, NULL);
}
