/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.c - the files of prompt-dir: read whole, once, and kept while there is room
 *
 * Names come from proxies, which may pass on what a caller has chosen: openat() in the directory,
 * without following a link, of regular files only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>
#include "prompt/store.h"

/* One file that was read. @used: when it was asked for last, by the count of questions */
struct kept {
	struct kept *prev, *next;
	struct prompt *prompt;
	struct timespec changed;
	ino_t inode;
	off_t size;
	uint64_t used;
};

struct prompt_store {
	char *dir;
	uint64_t limit, bytes, asked;
	struct kept *kept;
	char why[512];
};

struct prompt_store *prompt_store_open(const char *dir, uint64_t limit)
{
	struct prompt_store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->dir = strdup(dir);
	store->limit = limit;
	if (store->dir)
		return store;
	free(store);
	return NULL;
}

static void forget(struct prompt_store *store, struct kept *kept)
{
	DL_DELETE(store->kept, kept);
	prompt_put(kept->prompt);
	free(kept);
}

void prompt_store_close(struct prompt_store *store)
{
	if (!store)
		return;
	while (store->kept)
		forget(store, store->kept);
	free(store->dir);
	free(store);
}

/* --- Room ------------------------------------------------------------------------------------- */

/* Only the store has it, so that forgetting it makes room; the one not asked for for longest. */
static struct kept *oldest_idle(const struct prompt_store *store)
{
	struct kept *kept, *oldest = NULL;

	DL_FOREACH(store->kept, kept)
		if (__atomic_load_n(&kept->prompt->refs, __ATOMIC_ACQUIRE) == 1 &&
		    (!oldest || kept->used < oldest->used))
			oldest = kept;
	return oldest;
}

static bool make_room(struct prompt_store *store, uint64_t size)
{
	struct kept *oldest;

	while (prompt_store_bytes(store) + size > store->limit) {
		oldest = oldest_idle(store);
		if (!oldest)
			return false;
		forget(store, oldest);
	}
	return true;
}

/* --- One file --------------------------------------------------------------------------------- */

static const char *cannot(struct prompt_store *store, const char *name, const char *what)
{
	snprintf(store->why, sizeof(store->why), "%s/%s: %s", store->dir, name, what);
	return store->why;
}

static const char *too_large(struct prompt_store *store, const char *name, off_t size)
{
	snprintf(store->why, sizeof(store->why),
		 "%s/%s: its %lld bytes do not fit beside the prompts that are being played: raise "
		 "prompt-memory (%llu bytes)",
		 store->dir, name, (long long)size, (unsigned long long)store->limit);
	return store->why;
}

static bool read_all(int fd, uint8_t *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, bytes + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* What of the file is audio. Return: why it cannot be played, or NULL */
static const char *find_audio(const uint8_t *bytes, size_t size, bool wav, int *format, size_t *at,
			      size_t *len)
{
	*at = 0;
	*len = size;
	if (wav)
		*format = prompt_wav_read(bytes, size, at, len);
	if (*format < 0)
		return "it is no WAV file of G.711 (A-law or mu-law) with 8000 Hz and one channel: "
		       "sox IN -r 8000 -c 1 -e mu-law OUT.wav makes one";
	*len -= *len % prompt_codecs[*format].unit_bytes;
	return *len ? NULL : "it has no audio";
}

static const char *keep(struct prompt_store *store, const char *name, const struct stat *st,
			struct prompt *prompt)
{
	struct kept *kept = prompt ? calloc(1, sizeof(*kept)) : NULL;

	if (!kept) {
		prompt_put(prompt);
		return cannot(store, name, "out of memory");
	}
	*kept = (struct kept){
		.prompt = prompt, .changed = st->st_mtim, .inode = st->st_ino, .size = st->st_size
	};
	DL_APPEND(store->kept, kept);
	return NULL;
}

static const char *read_file(struct prompt_store *store, int fd, const char *name, int format,
			     bool wav, const struct stat *st)
{
	size_t size = (size_t)st->st_size, at, len;
	struct prompt *prompt = NULL;
	const char *why;
	uint8_t *bytes;

	if (!make_room(store, size))
		return too_large(store, name, st->st_size);
	bytes = malloc(size + 1);
	if (!bytes)
		return cannot(store, name, "out of memory");
	if (!read_all(fd, bytes, size)) {
		free(bytes);
		return cannot(store, name, "it cannot be read, or was made shorter just now");
	}
	why = find_audio(bytes, size, wav, &format, &at, &len);
	if (!why)
		prompt = prompt_new(str_of(name), (enum prompt_format)format, bytes + at, len,
				    &store->bytes);
	free(bytes);
	return why ? cannot(store, name, why) : keep(store, name, st, prompt);
}

static struct kept *find_kept(const struct prompt_store *store, const char *name)
{
	struct kept *kept;

	DL_FOREACH(store->kept, kept)
		if (!strcmp(kept->prompt->name, name))
			return kept;
	return NULL;
}

static bool is_same(const struct kept *kept, const struct stat *st)
{
	return kept->size == st->st_size && kept->inode == st->st_ino &&
	       kept->changed.tv_sec == st->st_mtim.tv_sec &&
	       kept->changed.tv_nsec == st->st_mtim.tv_nsec;
}

static const char *why_not_open(int error)
{
	return error == ELOOP ? "it is a symbolic link, which is not followed" : strerror(error);
}

/* The file is in the store afterwards. Return: why not, or NULL */
static const char *load(struct prompt_store *store, int fd, const char *name, int format, bool wav)
{
	struct kept *kept = find_kept(store, name);
	struct stat st;

	if (fstat(fd, &st))
		return cannot(store, name, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cannot(store, name, "it is no file");
	if (kept && is_same(kept, &st))
		return NULL;
	if (kept)
		forget(store, kept);
	if ((uint64_t)st.st_size > store->limit)
		return too_large(store, name, st.st_size);
	return read_file(store, fd, name, format, wav, &st);
}

/**
 * struct search - where the file is looked for
 * @why: the first reason against a file that exists
 */
struct search {
	struct prompt_store *store;
	int dir;
	const char *why;
};

/* Return: the prompt of the store, or NULL: no such file, or search->why */
static struct prompt *try_file(struct search *search, struct str base, const char *end, int format)
{
	char name[PROMPT_NAME_MAX + 8];
	const char *why;
	struct kept *kept;
	int fd;

	snprintf(name, sizeof(name), "%.*s.%s", (int)base.len, base.s, end);
	/* Not to wait for the writer of a FIFO. */
	fd = openat(search->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return NULL;
	why = fd < 0 ? cannot(search->store, name, why_not_open(errno))
		     : load(search->store, fd, name, format, format < 0);
	if (fd >= 0)
		close(fd);
	kept = why ? NULL : find_kept(search->store, name);
	if (!kept) {
		search->why = search->why ? search->why : why;
		return NULL;
	}
	kept->used = ++search->store->asked;
	return kept->prompt;
}

static struct prompt *try_choice(struct search *search, struct str base, int format)
{
	char end[4];
	struct prompt *prompt;

	snprintf(end, sizeof(end), "%u", prompt_codecs[format].pt);
	prompt = try_file(search, base, end, format);
	if (prompt || (format != PROMPT_PCMU && format != PROMPT_PCMA))
		return prompt;
	prompt = try_file(search, base, "wav", -1);
	return prompt && prompt->format == format ? prompt : NULL;
}

static struct prompt *try_all(struct search *search, struct str name,
			      const struct prompt_choice *choices, size_t n, size_t *taken)
{
	struct prompt *prompt = NULL;
	struct str base;
	int only;
	bool wav;

	prompt_name_parts(name, &base, &only, &wav);
	for (size_t i = 0; i < n && !prompt; i++) {
		if (choices[i].format >= PROMPT_FORMATS || (only >= 0 && choices[i].format != only))
			continue;
		prompt = try_choice(search, base, choices[i].format);
		*taken = i;
	}
	return prompt;
}

static const char *nothing_fits(struct prompt_store *store, struct str name,
				const struct prompt_choice *choices, size_t n)
{
	char ends[64] = "";
	size_t len = 0;

	for (size_t i = 0; i < n && len < sizeof(ends) - 8; i++)
		if (choices[i].format < PROMPT_FORMATS)
			len += (size_t)snprintf(ends + len, sizeof(ends) - len, " .%u",
						prompt_codecs[choices[i].format].pt);
	if (!len)
		return "the listener accepts no codec that prompts can have";
	snprintf(store->why, sizeof(store->why),
		 "%s/%.*s: there is no file for a codec of the listener; looked for:%s%s",
		 store->dir, (int)name.len, name.s, ends, " (.wav: G.711)");
	return store->why;
}

/* prompt-dir before the name: proxies have such names of another relay. */
static struct str without_dir(const struct prompt_store *store, struct str name)
{
	size_t len = strlen(store->dir);

	while (len > 1 && store->dir[len - 1] == '/')
		len--;
	if (name.len <= len + 1 || memcmp(name.s, store->dir, len) != 0 || name.s[len] != '/')
		return name;
	return (struct str){ name.s + len + 1, name.len - len - 1 };
}

struct prompt *prompt_store_find(struct prompt_store *store, struct str name,
				 const struct prompt_choice *choices, size_t n, size_t *taken,
				 const char **why)
{
	struct search search = { .store = store };
	struct prompt *prompt;

	*why = "prompt-dir is not set in the configuration of rtprelayd";
	if (!store)
		return NULL;
	name = without_dir(store, name);
	*why = prompt_name_error(name);
	if (*why)
		return NULL;
	search.dir = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (search.dir < 0) {
		*why = cannot(store, "", strerror(errno));
		return NULL;
	}
	prompt = try_all(&search, name, choices, n, taken);
	close(search.dir);
	if (prompt)
		return prompt_get(prompt);
	*why = search.why ? search.why : nothing_fits(store, name, choices, n);
	return NULL;
}

uint64_t prompt_store_bytes(const struct prompt_store *store)
{
	return store ? __atomic_load_n(&store->bytes, __ATOMIC_RELAXED) : 0;
}
