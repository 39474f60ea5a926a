/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics_text.c - writes Prometheus' text format, version 0.0.4 */
#include <inttypes.h>
#include <stdarg.h>
#include "web/metrics_text.h"

__attribute__((format(printf, 2, 3))) static void add(struct metrics_text *text, const char *format,
						      ...)
{
	va_list args;

	va_start(args, format);
	text->failed |= evbuffer_add_vprintf(text->out, format, args) < 0;
	va_end(args);
}

static void add_bytes(struct metrics_text *text, const char *bytes, size_t len)
{
	text->failed |= evbuffer_add(text->out, bytes, len) < 0;
}

void metrics_family(struct metrics_text *text, const char *name, enum metric_type type,
		    const char *help)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };

	text->family = name;
	add(text, "# HELP " METRICS_PREFIX "%s %s\n# TYPE " METRICS_PREFIX "%s %s\n", name, help,
	    name, types[type]);
}

/* Replaces all but printable ASCII by "?", so that the output is valid for any name. */
static void add_value(struct metrics_text *text, struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.s[i];

		if (c == '\n')
			add_bytes(text, "\\n", 2);
		else if (c == '"' || c == '\\')
			add(text, "\\%c", c);
		else if (c < ' ' || c > '~')
			add_bytes(text, "?", 1);
		else
			add_bytes(text, &c, 1);
	}
}

/* @le: the label of a histogram's bucket, or NULL */
static void add_name(struct metrics_text *text, const char *suffix,
		     const struct metric_label *labels, size_t n, const char *le)
{
	add(text, METRICS_PREFIX "%s%s", text->family, suffix);
	for (size_t i = 0; i < n; i++) {
		add(text, "%s%s=\"", i ? "," : "{", labels[i].name);
		add_value(text, labels[i].value);
		add_bytes(text, "\"", 1);
	}
	if (le)
		add(text, "%sle=\"%s\"", n ? "," : "{", le);
	if (n || le)
		add_bytes(text, "}", 1);
}

void metrics_u64(struct metrics_text *text, const struct metric_label *labels, size_t n,
		 uint64_t value)
{
	add_name(text, "", labels, n, NULL);
	add(text, " %" PRIu64 "\n", value);
}

void metrics_seconds(struct metrics_text *text, const struct metric_label *labels, size_t n,
		     uint64_t us)
{
	add_name(text, "", labels, n, NULL);
	add(text, " %" PRIu64 ".%06" PRIu64 "\n", us / 1000000, us % 1000000);
}

void metrics_histogram(struct metrics_text *text, const struct metric_label *labels, size_t n,
		       const char *const *bounds, size_t n_bounds, const uint64_t *counts,
		       const char *sum)
{
	uint64_t up_to_here = 0;

	for (size_t i = 0; i <= n_bounds; i++) {
		up_to_here += counts[i];
		add_name(text, "_bucket", labels, n, i < n_bounds ? bounds[i] : "+Inf");
		add(text, " %" PRIu64 "\n", up_to_here);
	}
	add_name(text, "_sum", labels, n, NULL);
	add(text, " %s\n", sum);
	add_name(text, "_count", labels, n, NULL);
	add(text, " %" PRIu64 "\n", up_to_here);
}
