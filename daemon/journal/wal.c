/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wal.c - reads SQLite's write-ahead log: checksums, and the numbers of records in its pages
 *
 * The log is a header of 32 bytes, and frames: 24 bytes and a page each. All checksums are a chain:
 * each continues the one before. Frames of an earlier use of the log have other salts. The file is
 * untrusted: all that is read from it is checked before it is used.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "journal/wal.h"

#define HEAD	   32
#define FRAME_HEAD 24
#define PAGE_MAX   65536
/* Larger logs are not searched for lost records: they would take seconds. */
#define FRAMES_MAX 16384
#define TABLE_LEAF 0x0d

struct sum {
	uint32_t a, b;
};

struct wal {
	int fd;
	uint32_t page; /* bytes */
	bool big;      /* order of the words that are summed up */
	uint8_t salts[8];
	struct sum sum;			      /* of the header */
	uint8_t frame[FRAME_HEAD + PAGE_MAX]; /* the one that was read last */
};

static uint32_t word(const uint8_t *at, bool big)
{
	return big ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
		   : (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static struct sum stored_sum(const uint8_t *at)
{
	return (struct sum){ word(at, true), word(at + 4, true) };
}

static struct sum add(struct sum sum, const uint8_t *at, size_t len, bool big)
{
	for (size_t i = 0; i + 8 <= len; i += 8) {
		sum.a += word(at + i, big) + sum.b;
		sum.b += word(at + i + 4, big) + sum.a;
	}
	return sum;
}

static bool same(struct sum a, struct sum b)
{
	return a.a == b.a && a.b == b.b;
}

/* False: the end of the file, or a frame of an earlier use of the log. */
static bool read_frame(struct wal *wal, uint64_t n)
{
	size_t len = FRAME_HEAD + wal->page;
	off_t at = (off_t)(HEAD + n * len);

	return pread(wal->fd, wal->frame, len, at) == (ssize_t)len &&
	       !memcmp(wal->frame + 8, wal->salts, sizeof(wal->salts));
}

/* Does the checksum of the frame continue @before? */
static bool is_good(const struct wal *wal, struct sum before)
{
	before = add(before, wal->frame, 8, wal->big);
	before = add(before, wal->frame + FRAME_HEAD, wal->page, wal->big);
	return same(before, stored_sum(wal->frame + 16));
}

/* An integer of SQLite's: seven bits in each byte, the ninth has eight. NULL: it is cut off. */
static const uint8_t *read_varint(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (int i = 0; i < 9 && at < end; i++, at++) {
		*value = i < 8 ? *value << 7 | (*at & 0x7f) : *value << 8 | *at;
		if (i == 8 || !(*at & 0x80))
			return at + 1;
	}
	return NULL;
}

static void keep(struct wal_loss *loss, int64_t id)
{
	struct wal_record *more;

	if (!(loss->n & (loss->n - 1))) {
		more = realloc(loss->record, (loss->n ? loss->n * 2 : 1) * sizeof(*more));
		if (!more)
			return; /* then the number is too low */
		loss->record = more;
	}
	loss->record[loss->n++] = (struct wal_record){ .id = id };
}

/* The records in a leaf of a table; page 1 is that of the schema. */
static void keep_records(const struct wal *wal, struct wal_loss *loss)
{
	const uint8_t *page = wal->frame + FRAME_HEAD, *end = page + wal->page;
	size_t cells = (size_t)page[3] << 8 | page[4];

	if (page[0] != TABLE_LEAF || word(wal->frame, true) == 1)
		return;
	for (size_t i = 0; i < cells && 8 + 2 * i + 2 <= wal->page; i++) {
		const uint8_t *slot = page + 8 + 2 * i;
		const uint8_t *cell = page + ((size_t)slot[0] << 8 | slot[1]);
		uint64_t len, id;

		cell = cell < end ? read_varint(cell, end, &len) : NULL;
		if (cell && read_varint(cell, end, &id))
			keep(loss, (int64_t)id);
	}
}

static int by_id(const void *a, const void *b)
{
	const struct wal_record *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* By id, each once: a page that was split has some of them twice. */
static void sort(struct wal_loss *loss)
{
	size_t n = 0;

	if (loss->n)
		qsort(loss->record, loss->n, sizeof(*loss->record), by_id);
	for (size_t i = 0; i < loss->n; i++)
		if (!n || loss->record[n - 1].id != loss->record[i].id)
			loss->record[n++] = loss->record[i];
	loss->n = n;
}

/* Has a later frame the same page? @pages: of the frames; @n: how many */
static bool is_written_again(const uint32_t *pages, size_t at, size_t n)
{
	for (size_t i = at + 1; i < n; i++)
		if (pages[i] == pages[at])
			return true;
	return false;
}

/* The last state of each page in frames behind the damage that are good themselves. */
static void search_lost(struct wal *wal, struct wal_loss *loss, uint64_t first)
{
	uint32_t *pages = calloc(FRAMES_MAX, sizeof(*pages));
	struct sum before;
	size_t n = 0;

	for (; pages && n < FRAMES_MAX && read_frame(wal, first + n); n++)
		pages[n] = word(wal->frame, true);
	for (size_t i = 0; pages && i < n; i++) {
		if (!i || is_written_again(pages, i, n) || !read_frame(wal, first + i - 1))
			continue;
		before = stored_sum(wal->frame + 16);
		if (read_frame(wal, first + i) && is_good(wal, before))
			keep_records(wal, loss);
	}
	free(pages);
	sort(loss);
}

static bool is_page_size(uint32_t page)
{
	return page >= 512 && page <= PAGE_MAX && !(page & (page - 1));
}

/* False: no log that can be searched. A damaged header names neither salts nor page size. */
static bool read_head(struct wal *wal, struct wal_loss *loss)
{
	uint8_t head[HEAD];

	if (pread(wal->fd, head, HEAD, 0) != HEAD)
		return false;
	wal->big = head[3] & 1;
	wal->page = word(head + 8, true);
	wal->sum = add((struct sum){ 0, 0 }, head, 24, wal->big);
	memcpy(wal->salts, head + 16, sizeof(wal->salts));
	loss->damaged = (word(head, true) & ~1U) != 0x377f0682 || !is_page_size(wal->page) ||
			!same(wal->sum, stored_sum(head + 24));
	return !loss->damaged;
}

static void check(struct wal *wal, struct wal_loss *loss)
{
	struct sum before;
	uint64_t n = 0;

	if (!read_head(wal, loss))
		return;
	for (before = wal->sum; read_frame(wal, n); n++) {
		if (!is_good(wal, before)) {
			loss->damaged = true;
			loss->frame = n + 1;
			search_lost(wal, loss, n);
			return;
		}
		before = stored_sum(wal->frame + 16);
	}
}

void wal_check(const char *path, struct wal_loss *loss)
{
	struct wal *wal = calloc(1, sizeof(*wal));

	*loss = (struct wal_loss){ .damaged = false };
	if (!wal)
		return;
	wal->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (wal->fd >= 0) {
		check(wal, loss);
		close(wal->fd);
	}
	free(wal);
}

void wal_loss_found(struct wal_loss *loss, int64_t id)
{
	const struct wal_record key = { .id = id };
	struct wal_record *record = NULL;

	if (loss->n)
		record = bsearch(&key, loss->record, loss->n, sizeof(key), by_id);
	if (record)
		record->there = true;
}

size_t wal_loss_count(const struct wal_loss *loss)
{
	size_t lost = 0;

	for (size_t i = 0; i < loss->n; i++)
		lost += !loss->record[i].there;
	return lost;
}

void wal_loss_fini(struct wal_loss *loss)
{
	free(loss->record);
	*loss = (struct wal_loss){ .damaged = false };
}
