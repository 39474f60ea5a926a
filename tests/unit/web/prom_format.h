/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prom_format.h - a strict reader of Prometheus' text format 0.0.4: finds the first error
 *
 * Stricter than the format where a writer does not need the freedom: HELP, then TYPE, then all
 * samples of the family; counters end in _total and nothing else does; no time stamps, no empty
 * lines.
 */
#ifndef RTPRELAY_PROM_FORMAT_H
#define RTPRELAY_PROM_FORMAT_H

#include <stdio.h>
#include <stdlib.h>
#include "daemon/base/str.h"

#define PROM_MAX 8192

struct prom_reader {
	struct str families[PROM_MAX], series[PROM_MAX];
	size_t n_families, n_series;
	struct str family, type; /* current; type empty: no TYPE yet */
	double last_bucket, inf_bucket;
	char last_le[32];
	char error[300];
};

static inline bool prom_wrong(struct prom_reader *r, struct str line, const char *what)
{
	snprintf(r->error, sizeof(r->error), "%s: " STR_FMT, what, (int)(line.len % 200), line.s);
	return false;
}

static inline struct str prom_take_name(struct str *rest, bool colon)
{
	struct str name = *rest;

	name.len = 0;
	while (rest->len) {
		char c = *rest->s;
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
			      (colon && c == ':');

		if (!letter && !(name.len && c >= '0' && c <= '9'))
			break;
		name.len++;
		rest->s++;
		rest->len--;
	}
	return name;
}

static inline bool prom_ends(struct str text, struct str end)
{
	return text.len >= end.len && !memcmp(text.s + text.len - end.len, end.s, end.len);
}

static inline bool prom_add(struct str *list, size_t *n, struct str text)
{
	for (size_t i = 0; i < *n; i++)
		if (str_eq(list[i], text))
			return false;
	if (*n < PROM_MAX)
		list[(*n)++] = text;
	return true;
}

static inline bool prom_comment(struct prom_reader *r, struct str line)
{
	struct str rest = line, word, name;

	str_split(&rest, ' ');
	word = str_split(&rest, ' ');
	name = str_split(&rest, ' ');
	if (str_eq(word, STR("HELP"))) {
		struct str copy = name;

		if (!prom_take_name(&copy, true).len || copy.len)
			return prom_wrong(r, line, "bad name");
		if (!prom_add(r->families, &r->n_families, name))
			return prom_wrong(r, line, "HELP again");
		if (!rest.len)
			return prom_wrong(r, line, "HELP says nothing");
		for (size_t i = 0; i < rest.len; i++)
			if (rest.s[i] == '\\' &&
			    (++i == rest.len || (rest.s[i] != '\\' && rest.s[i] != 'n')))
				return prom_wrong(r, line, "bad escape");
		r->family = name;
		r->type = STR_NONE;
		return true;
	}
	if (!str_eq(word, STR("TYPE")))
		return prom_wrong(r, line, "comment");
	if (!str_eq(name, r->family) || r->type.len)
		return prom_wrong(r, line, "TYPE without its HELP before it");
	if (!str_eq(rest, STR("counter")) && !str_eq(rest, STR("gauge")) &&
	    !str_eq(rest, STR("histogram")))
		return prom_wrong(r, line, "unknown type");
	if (str_eq(rest, STR("counter")) != prom_ends(name, STR("_total")))
		return prom_wrong(r, line, "_total is for counters, and all of them");
	r->type = rest;
	r->last_bucket = r->inf_bucket = -1;
	r->last_le[0] = '\0';
	return true;
}

/* From '{' to '}'; @le gets the text of that label. */
static inline bool prom_labels(struct prom_reader *r, struct str line, struct str *rest,
			       struct str *le)
{
	struct str seen[16];
	size_t n = 0;

	do {
		struct str name, value;

		rest->s++;
		rest->len--;
		name = prom_take_name(rest, false);
		if (!name.len || n == 16 || !prom_add(seen, &n, name))
			return prom_wrong(r, line, "label without name, or there twice");
		if (rest->len < 2 || rest->s[0] != '=' || rest->s[1] != '"')
			return prom_wrong(r, line, "label without value");
		value = (struct str){ rest->s + 2, 0 };
		for (rest->s += 2, rest->len -= 2; rest->len && *rest->s != '"';
		     rest->s++, rest->len--, value.len++) {
			if (*rest->s < ' ' || *rest->s > '~')
				return prom_wrong(r, line, "bad character");
			if (*rest->s != '\\')
				continue;
			rest->s++;
			rest->len--;
			value.len++;
			if (!rest->len || !strchr("\\\"n", *rest->s))
				return prom_wrong(r, line, "bad escape");
		}
		if (!rest->len)
			return prom_wrong(r, line, "label without end");
		rest->s++;
		rest->len--;
		if (str_eq(name, STR("le")))
			*le = value;
	} while (rest->len && *rest->s == ',');
	if (!rest->len || *rest->s != '}')
		return prom_wrong(r, line, "labels without end");
	rest->s++;
	rest->len--;
	return true;
}

static inline bool prom_bucket(struct prom_reader *r, struct str line, struct str le, double value)
{
	char text[32];

	if (!le.len || le.len >= sizeof(text))
		return prom_wrong(r, line, "bucket without le");
	snprintf(text, sizeof(text), STR_FMT, STR_ARG(le));
	if (r->last_le[0] && strtod(text, NULL) <= strtod(r->last_le, NULL))
		return prom_wrong(r, line, "bounds do not rise");
	if (value < r->last_bucket)
		return prom_wrong(r, line, "buckets fall");
	r->last_bucket = value;
	strcpy(r->last_le, text);
	if (str_eq(le, STR("+Inf"))) {
		r->inf_bucket = value;
		r->last_bucket = -1;
		r->last_le[0] = '\0';
	}
	return true;
}

static inline bool prom_of_family(struct prom_reader *r, struct str line, struct str name,
				  struct str le, double value)
{
	struct str suffix = name;

	if (!str_eq(r->type, STR("histogram")))
		return (str_eq(name, r->family) && !le.len) ||
		       prom_wrong(r, line, "is not of the family of the TYPE before");
	if (!str_starts(name, r->family))
		return prom_wrong(r, line, "is not of the family of the TYPE before");
	suffix.s += r->family.len;
	suffix.len -= r->family.len;
	if (str_eq(suffix, STR("_bucket")))
		return prom_bucket(r, line, le, value);
	if (le.len || r->last_le[0])
		return prom_wrong(r, line, "le where there is no bucket, or no bucket +Inf");
	if (str_eq(suffix, STR("_count")))
		return value == r->inf_bucket || prom_wrong(r, line, "count is not bucket +Inf");
	return str_eq(suffix, STR("_sum")) || prom_wrong(r, line, "is not part of a histogram");
}

static inline bool prom_sample(struct prom_reader *r, struct str line)
{
	struct str rest = line, le = STR_NONE, name = prom_take_name(&rest, true), series;
	char text[40], *end;
	double value;

	if (!r->type.len)
		return prom_wrong(r, line, "sample without TYPE");
	if (rest.len && *rest.s == '{' && !prom_labels(r, line, &rest, &le))
		return false;
	series = (struct str){ line.s, (size_t)(rest.s - line.s) };
	if (!prom_add(r->series, &r->n_series, series))
		return prom_wrong(r, line, "series is there twice");
	if (rest.len < 2 || rest.len >= sizeof(text) || *rest.s != ' ' ||
	    rest.s[1 + strspn(rest.s + 1, "0123456789.+-eNaIf")] != '\n')
		return prom_wrong(r, line, "no value, or more than that");
	snprintf(text, sizeof(text), STR_FMT, STR_ARG(rest));
	value = strtod(text, &end);
	if (*end || (value < 0 && !str_eq(r->type, STR("gauge"))))
		return prom_wrong(r, line, "bad value");
	return prom_of_family(r, line, name, le, value);
}

/* @text ends with NUL. Return: NULL: correct; else the error, to be freed */
static inline char *prom_check(const char *text, size_t *samples)
{
	struct prom_reader *r = calloc(1, sizeof(*r));
	struct str rest = str_of(text);
	bool good = rest.len && rest.s[rest.len - 1] == '\n';
	char *error = NULL;

	if (!r)
		abort();
	snprintf(r->error, sizeof(r->error), "does not end with a line");
	while (good && rest.len) {
		struct str line = str_split(&rest, '\n');

		good = line.len && *line.s == '#' ? prom_comment(r, line) : prom_sample(r, line);
	}
	if (samples)
		*samples = r->n_series;
	if (!good)
		error = strdup(r->error);
	free(r);
	return error;
}

#endif
