/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ranges.c - the ports for media, and which interfaces have them, as text for a log line */
#include <utlist.h>
#include "base/buf.h"
#include "port/ranges.h"
#include "port/table.h"

static bool same_range(const struct iface_entry *a, const struct iface_entry *b)
{
	return a->addr.port_min == b->addr.port_min && a->addr.port_max == b->addr.port_max;
}

/* The first entry with the range of @entry. */
static const struct iface_entry *first_of(const struct iface_table *table,
					  const struct iface_entry *entry)
{
	const struct iface_entry *first;

	LL_FOREACH(table->entries, first)
		if (same_range(first, entry))
			return first;
	return entry;
}

/* Is it an address of an interface that is named already for this range? */
static bool is_named(const struct iface_table *table, const struct iface_entry *entry)
{
	const struct iface_entry *other;

	LL_FOREACH(table->entries, other) {
		if (other == entry)
			return false;
		if (same_range(other, entry) && str_eq(other->addr.name, entry->addr.name))
			return true;
	}
	return false;
}

static void put_range(struct buf *buf, const struct iface_table *table,
		      const struct iface_entry *first, bool named)
{
	const struct iface_entry *entry;

	buf_u64(buf, first->addr.port_min);
	buf_char(buf, '-');
	buf_u64(buf, first->addr.port_max);
	if (!named)
		return;
	LL_FOREACH(table->entries, entry) {
		if (!same_range(entry, first) || is_named(table, entry))
			continue;
		buf_str(buf, entry == first ? STR(" (") : STR(", "));
		buf_str(buf, entry->addr.name);
	}
	buf_char(buf, ')');
}

/* False: it does not fit, nothing has changed. */
static bool add_range(struct buf *buf, const struct iface_table *table,
		      const struct iface_entry *first, bool named)
{
	size_t len = buf->len;

	if (len)
		buf_lit(buf, ", ");
	put_range(buf, table, first, named);
	if (!buf->overflow)
		return true;
	buf->len = len;
	buf->overflow = false;
	return false;
}

const char *iface_ranges_print(const struct iface_table *table, char *text, size_t size)
{
	struct buf buf = BUF_INIT(text, size - sizeof(", ..."));
	const struct iface_entry *entry;
	bool several = false, fits = true;

	LL_FOREACH(table->entries, entry)
		several = several || !same_range(entry, table->entries);
	LL_FOREACH(table->entries, entry)
		if (fits && first_of(table, entry) == entry)
			fits = add_range(&buf, table, entry, several) ||
			       add_range(&buf, table, entry, false);
	strcpy(text + buf.len, !table->entries ? "none" : fits ? "" : ", ...");
	return text;
}
