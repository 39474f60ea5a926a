/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iface_value.c - the parts of a value of the key "interface" */
#include <errno.h>
#include <stdio.h>
#include "port/iface_value.h"

#define EXAMPLE "a range of ports is written like 30000-34999"

/* The text behind the last colon; NULL in .s: there is no colon. */
static struct str behind_colon(struct str text)
{
	const char *colon = text.len ? memrchr(text.s, ':', text.len) : NULL;

	if (!colon)
		return STR_NONE;
	return (struct str){ colon + 1, text.len - (size_t)(colon + 1 - text.s) };
}

/* "30000-34999": whole pairs, each an even port and the next one */
static int parse_range(struct str text, struct iface_value *value, char *error, size_t size)
{
	struct str high = text, low = str_split(&high, '-');
	uint64_t min = 0, max = 0;

	if (!str_to_u64(low, UINT16_MAX, &min) || !str_to_u64(high, UINT16_MAX, &max) || min < 2)
		snprintf(error, size, "\"" STR_FMT "\": " EXAMPLE, STR_ARG(text));
	else if (min > max)
		snprintf(error, size,
			 "ports " STR_FMT ": the range is empty: the first port is "
			 "above the last one",
			 STR_ARG(text));
	else if (min % 2 || max % 2 == 0)
		snprintf(error, size,
			 "ports " STR_FMT ": the first port must be even (RTP) and "
			 "the last one odd (RTCP)",
			 STR_ARG(text));
	else
		value->ranged = true;
	if (!value->ranged)
		return -EINVAL;
	value->port_min = (uint16_t)min;
	value->port_max = (uint16_t)max;
	return 0;
}

/* Cuts the range of ports, if any, from the end of *rest. */
static int cut_range(struct str *rest, struct iface_value *value, char *error, size_t size)
{
	struct str range = behind_colon(*rest), before = *rest, last;
	uint64_t number;

	if (!range.s)
		return 0;
	before.len = (size_t)(range.s - 1 - rest->s);
	if (!range.len || !memchr(range.s, '-', range.len)) {
		bool v6 = before.len && memchr(before.s, ':', before.len) &&
			  before.s[before.len - 1] != ']';

		if (v6 || !str_to_u64(range, UINT32_MAX, &number))
			return 0; /* the end of an IPv6 address, or of whatever it is */
		snprintf(error, size, "\"" STR_FMT "\": " EXAMPLE, STR_ARG(range));
		return -EINVAL;
	}
	/* Of two addresses the last one decides: the colons of the other one are before "!". */
	last = before;
	while (last.len && memchr(last.s, '!', last.len))
		str_split(&last, '!');
	if (last.len && memchr(last.s, ':', last.len) && last.s[last.len - 1] != ']') {
		snprintf(error, size,
			 "an IPv6 address before ports must be in brackets: "
			 "[2001:db8::1]:30000-34999");
		return -EINVAL;
	}
	*rest = before;
	return parse_range(range, value, error, size);
}

int iface_value_parse(struct str text, struct iface_value *value, char *error, size_t size)
{
	bool named = text.len && memchr(text.s, '/', text.len);
	struct str rest = text;
	int err;

	*value = (struct iface_value){ .name = STR_NONE };
	if (named)
		value->name = str_split(&rest, '/');
	err = cut_range(&rest, value, error, size);
	if (err)
		return err;
	value->nat = rest.len && memchr(rest.s, '!', rest.len);
	value->bind = str_split(&rest, '!');
	value->advertised = rest;
	value->found = value->nat && str_eq(rest, STR("auto"));
	if (!named)
		value->name = value->bind;
	return 0;
}
