/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store.c - numbered records in one file, in SQLite */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/count.h"
#include "journal/store.h"

/* "RTPR" in the file's header, by which file(1) can identify it */
#define APPLICATION_ID "1381257298"
#define TEXT_OF(x)     #x
#define TEXT(x)	       TEXT_OF(x)

#define BEGIN		"BEGIN IMMEDIATE;"
#define COMMIT		"COMMIT;"
#define MAKE_TABLE	"CREATE TABLE call(id INTEGER PRIMARY KEY, record BLOB);"
#define SET_VERSION	"PRAGMA user_version=" TEXT(JOURNAL_VERSION) ";"
#define SET_APPLICATION "PRAGMA application_id=" APPLICATION_ID ";"

#define LOG_SUFFIX "-wal"

/* Which file it is. */
struct identity {
	dev_t dev;
	ino_t ino;
};

struct journal_store {
	sqlite3 *db;
	char path[PATH_MAX];
	struct identity file, log; /* as opened; all zero: not known */
	sqlite3_stmt *begin, *put, *remove, *commit;
};

static int to_errno(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_SCHEMA:
	case SQLITE_MISMATCH:
		return -EBADMSG;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_AUTH:
		return -EACCES;
	default:
		return -EIO;
	}
}

static int fail(sqlite3 *db, int code, char *why)
{
	snprintf(why, JOURNAL_WHY, "%s", db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
	return to_errno(code);
}

static int run(struct journal_store *store, const char *sql, char *why)
{
	int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

	return code ? fail(store->db, code, why) : 0;
}

/* The first value that @sql returns, as text. */
static int ask(struct journal_store *store, const char *sql, char *value, size_t size, char *why)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	const char *text;

	value[0] = '\0';
	if (!code)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(statement, 0);
		snprintf(value, size, "%s", text ? text : "");
		code = SQLITE_OK;
	} else if (code == SQLITE_DONE) {
		code = SQLITE_OK;
	}
	code = code ? fail(store->db, code, why) : 0;
	sqlite3_finalize(statement);
	return code;
}

/* A file without tables is new. */
static int check_version(struct journal_store *store, bool *is_new, char *why)
{
	char tables[16], version[16] = "";
	int error = ask(store, "SELECT count(*) FROM sqlite_master", tables, sizeof(tables), why);

	if (!error)
		error = ask(store, "PRAGMA user_version", version, sizeof(version), why);
	*is_new = !error && !strcmp(tables, "0") && !strcmp(version, "0");
	if (error || *is_new || !strcmp(version, TEXT(JOURNAL_VERSION)))
		return error;
	snprintf(
		why, JOURNAL_WHY,
		"the file has version %s, this daemon reads version %s: its calls are not restored",
		version, TEXT(JOURNAL_VERSION));
	return -EBADMSG;
}

static int check_pages(struct journal_store *store, char *why)
{
	char verdict[JOURNAL_WHY - 20];
	int error = ask(store, "PRAGMA quick_check(1)", verdict, sizeof(verdict), why);

	if (error || !strcmp(verdict, "ok"))
		return error;
	snprintf(why, JOURNAL_WHY, "%s", verdict);
	return -EBADMSG;
}

static int make_table(struct journal_store *store, char *why)
{
	return run(store, BEGIN MAKE_TABLE SET_VERSION SET_APPLICATION COMMIT, why);
}

/*
 * Exclusive from the first access: excludes other processes, and the log needs no shared memory. A
 * file that is there is not written: its calls are restored from a full disk, too.
 */
static int prepare_file(struct journal_store *store, char *why)
{
	bool is_new = false;
	int error = run(store,
			"PRAGMA locking_mode=EXCLUSIVE;"
			"PRAGMA cell_size_check=ON;"
			"PRAGMA mmap_size=0;"
			"PRAGMA secure_delete=ON;" /* records may have keys of SRTP */
			"PRAGMA trusted_schema=OFF",
			why);

	if (!error)
		error = check_version(store, &is_new, why);
	if (!error)
		error = run(store, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", why);
	if (!error)
		error = check_pages(store, why);
	if (!error && is_new)
		error = make_table(store, why);
	return error;
}

static int prepare_statements(struct journal_store *store, char *why)
{
	const struct {
		const char *sql;
		sqlite3_stmt **statement;
	} all[] = {
		{ BEGIN, &store->begin },
		{ "INSERT OR REPLACE INTO call(id, record) VALUES(?1, ?2)", &store->put },
		{ "DELETE FROM call WHERE id = ?1", &store->remove },
		{ COMMIT, &store->commit },
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		int code = sqlite3_prepare_v3(store->db, all[i].sql, -1, SQLITE_PREPARE_PERSISTENT,
					      all[i].statement, NULL);

		/* A table of that name, but of another program */
		if (code)
			return fail(store->db, code == SQLITE_ERROR ? SQLITE_CORRUPT : code, why);
	}
	return 0;
}

/*
 * Creates the file with mode 0600; SQLite treats an empty file as new, and creates its log with the
 * same mode. The directory may be a symbolic link (service managers create such); the file must not
 * be one.
 */
static int make_private(const char *path, char *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error = errno;

	if (fd >= 0)
		return close(fd);
	snprintf(why, JOURNAL_WHY, "%s", strerror(error));
	return -error;
}

static struct identity identity_of(const char *path, const char *suffix)
{
	char name[PATH_MAX + sizeof(LOG_SUFFIX)];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	if (stat(name, &st))
		return (struct identity){ 0 };
	return (struct identity){ st.st_dev, st.st_ino };
}

static bool is_same(struct identity a, struct identity b)
{
	return a.dev == b.dev && a.ino == b.ino;
}

/* SQLite would write to the removed files, without an error. */
static int check_in_place(const struct journal_store *store, char *why)
{
	if (is_same(identity_of(store->path, ""), store->file) &&
	    (!store->log.ino || is_same(identity_of(store->path, LOG_SUFFIX), store->log)))
		return 0;
	snprintf(why, JOURNAL_WHY, "the file was removed or replaced");
	return -ESTALE;
}

struct journal_store *journal_store_open(const char *dir, int *error, char *why)
{
	struct journal_store *store = calloc(1, sizeof(*store));
	char *path;
	int code;

	*error = -ENOMEM;
	snprintf(why, JOURNAL_WHY, "out of memory");
	if (!store)
		return NULL;
	path = store->path;
	snprintf(path, sizeof(store->path), "%s/" JOURNAL_FILE, dir);
	*error = make_private(path, why);
	if (*error) {
		free(store);
		return NULL;
	}
	code = sqlite3_open_v2(path, &store->db,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			       NULL);
	*error = code ? fail(store->db, code, why) : 0;
	if (!*error)
		*error = prepare_file(store, why);
	if (!*error)
		*error = prepare_statements(store, why);
	store->file = identity_of(path, "");
	if (!*error)
		return store;
	journal_store_close(store);
	return NULL;
}

/* SQLite locks bytes of the file (fcntl), and the kernel knows who. */
long journal_store_user(const char *dir)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/" JOURNAL_FILE, dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
		lock.l_pid = 0;
	close(fd);
	return lock.l_pid;
}

void journal_store_close(struct journal_store *store)
{
	if (!store)
		return;
	sqlite3_finalize(store->begin);
	sqlite3_finalize(store->put);
	sqlite3_finalize(store->remove);
	sqlite3_finalize(store->commit);
	sqlite3_close(store->db);
	free(store);
}

int journal_store_read(struct journal_store *store, journal_row_fn *row, void *arg, char *why)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, "SELECT id, record FROM call ORDER BY id", -1,
				      &statement, NULL);

	while (!code && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		/* Read the blob before its length: reading may convert it. */
		const void *bytes = sqlite3_column_blob(statement, 1);

		row(arg, sqlite3_column_int64(statement, 0), bytes,
		    (size_t)sqlite3_column_bytes(statement, 1));
		code = SQLITE_OK;
	}
	code = code == SQLITE_DONE ? 0 : fail(store->db, code, why);
	sqlite3_finalize(statement);
	return code;
}

static int step(sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	sqlite3_reset(statement);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int write_entry(struct journal_store *store, const struct journal_entry *entry,
		       const uint8_t *bytes)
{
	sqlite3_stmt *statement = entry->len ? store->put : store->remove;
	int code = sqlite3_bind_int64(statement, 1, entry->id);

	if (!code && entry->len)
		code = sqlite3_bind_blob64(statement, 2, bytes, entry->len, SQLITE_STATIC);
	if (!code)
		code = step(statement);
	sqlite3_clear_bindings(statement);
	return code;
}

int journal_store_write(struct journal_store *store, const struct journal_batch *batch, char *why)
{
	struct journal_entry entry;
	const uint8_t *bytes;
	size_t at = 0;
	int code = check_in_place(store, why);

	if (code)
		return code;
	code = step(store->begin);
	while (!code && (bytes = journal_batch_next(batch, &at, &entry)))
		code = write_entry(store, &entry, bytes);
	if (!code)
		code = step(store->commit);
	if (!code && !store->log.ino)
		store->log = identity_of(store->path, LOG_SUFFIX);
	if (!code)
		return 0;
	code = fail(store->db, code, why);
	/* Some errors have rolled back already; a second ROLLBACK is harmless. */
	sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return code;
}

int journal_store_renew(struct journal_store **store, const char *dir, char *why)
{
	int keep_log = 1, error;

	/* A closed file's log is removed by its name, which another file may have by now. */
	if (*store)
		sqlite3_file_control((*store)->db, NULL, SQLITE_FCNTL_PERSIST_WAL, &keep_log);
	journal_store_close(*store);
	*store = NULL;
	if (mkdir(dir, 0700) && errno != EEXIST) {
		error = -errno;
		snprintf(why, JOURNAL_WHY, "%s is missing, and cannot be created: %s", dir,
			 strerror(-error));
		return error;
	}
	*store = journal_store_open(dir, &error, why);
	if (!error)
		error = run(*store, "DELETE FROM call", why);
	if (!error)
		return 0;
	journal_store_close(*store);
	*store = NULL;
	return error;
}

/* SQLite finds the log by the file's name, so both are renamed. */
int journal_store_set_aside(const char *dir, char *as)
{
	static const char *const parts[] = { "", LOG_SUFFIX, "-journal" };
	char from[PATH_MAX], to[PATH_MAX], stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	for (size_t i = 0; i < COUNT(parts); i++) {
		snprintf(from, sizeof(from), "%s/" JOURNAL_FILE "%s", dir, parts[i]);
		snprintf(to, sizeof(to), "%s/" JOURNAL_FILE ".%s%s", dir, stamp, parts[i]);
		if (rename(from, to) && (errno != ENOENT || !i))
			return -errno;
	}
	snprintf(as, JOURNAL_WHY, JOURNAL_FILE ".%s", stamp);
	return 0;
}
