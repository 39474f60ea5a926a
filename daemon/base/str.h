/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * str.h - a slice of text: pointer and length, not terminated, not owned
 *
 * Text from the network is handled as slices of its datagram, so that parsing copies nothing and
 * never reads past the end.
 */
#ifndef RTPRELAY_STR_H
#define RTPRELAY_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct str {
	const char *s;
	size_t len;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_NONE     ((struct str){ NULL, 0 })
/* printf("... " STR_FMT, STR_ARG(x)) */
#define STR_FMT	   "%.*s"
#define STR_ARG(x) (int)(x).len, (x).s

static inline struct str str_of(const char *text)
{
	return (struct str){ text, text ? strlen(text) : 0 };
}

/* The ending of a noun after a number: "1 packet", "2 packets" */
static inline const char *str_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

static inline bool str_eq_nocase(struct str a, struct str b)
{
	return a.len == b.len && (!a.len || !strncasecmp(a.s, b.s, a.len));
}

static inline bool str_starts(struct str a, struct str prefix)
{
	return a.len >= prefix.len && (!prefix.len || !memcmp(a.s, prefix.s, prefix.len));
}

/* The part before the first @sep; sets *rest to the part after it (empty without @sep). */
static inline struct str str_split(struct str *rest, char sep)
{
	struct str head = *rest;
	const char *at = head.len ? memchr(head.s, sep, head.len) : NULL;

	if (at) {
		head.len = (size_t)(at - head.s);
		rest->s = at + 1;
		rest->len -= head.len + 1;
	} else if (head.len) { /* STR_NONE stays STR_NONE: no arithmetic on a null pointer */
		rest->s += head.len;
		rest->len = 0;
	}
	return head;
}

/**
 * str_to_u64() - decimal digits and nothing else
 * Return: true and *value; false for an empty text, another character, or a value above @max
 */
static inline bool str_to_u64(struct str text, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;

	if (!text.len || text.len > 20)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned int digit = (unsigned char)text.s[i] - '0';

		if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	if (sum > max)
		return false;
	*value = sum;
	return true;
}

#endif
