/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim.c - one daemon for each address and port of media in a network namespace
 *
 * The name of the socket says what is claimed, and by whom: "rtprelay/ADDRESS/MIN-MAX/PID". Others
 * are found in the kernel's list of Unix sockets. If another user has bound this name to keep the
 * daemon from an address, "/RANDOM" follows.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/unix_owner.h"
#include "claim.h"

struct claim {
	struct addr_ports range;
	int fd;
};

#define SOCKETS_FILE "/proc/net/unix" /* of the network namespace of this process */
#define PREFIX	     "rtprelay/"
/* Claims whose owner is looked up, at most: others on this host may bind many. */
#define LOOK_UPS 64

static int bind_name(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	memcpy(addr.sun_path + 1, name, len);
	if (!bind(fd, (const struct sockaddr *)&addr,
		  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* The last column of a line; "": it has none. A path may have blanks, the others have not. */
static const char *path_of(const char *line)
{
	for (int column = 0; column < 7; column++) {
		line += strspn(line, " ");
		line += strcspn(line, " \n");
	}
	return line + strspn(line, " ");
}

static void read_comm(const char *pid, char *comm, size_t size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "re");
	if (!file || !fgets(comm, (int)size, file))
		comm[0] = '\0';
	if (file)
		fclose(file);
}

/*
 * Anybody on this host can bind any name, with any process in it. So a claim counts only if its
 * process is this program, of root or of this user, and its socket too.
 */
static bool is_daemon(long pid)
{
	char own[64], theirs[64], text[32], path[64];
	struct stat stat_;

	snprintf(text, sizeof(text), "%ld", pid);
	snprintf(path, sizeof(path), "/proc/%ld", pid);
	read_comm("self", own, sizeof(own));
	read_comm(text, theirs, sizeof(theirs));
	return *own && !strcmp(own, theirs) && !stat(path, &stat_) &&
	       (!stat_.st_uid || stat_.st_uid == geteuid());
}

/* Does a line of the list name a claim of another process to this address? @whole: its name */
static bool read_claim(const char *line, const char *address, struct addr_ports *range, long *pid,
		       struct str *whole)
{
	const char *name = path_of(line);
	struct str rest, theirs, ports, low;
	uint64_t min, max, process;

	if (strncmp(name, "@" PREFIX, strlen("@" PREFIX)) != 0)
		return false;
	rest = str_of(name + 1);
	*whole = str_split(&rest, '\n');
	rest = (struct str){ whole->s + strlen(PREFIX), whole->len - strlen(PREFIX) };
	theirs = str_split(&rest, '/');
	ports = str_split(&rest, '/');
	low = str_split(&ports, '-');
	rest = str_split(&rest, '/');
	if (!str_eq(theirs, str_of(address)) || !str_to_u64(low, UINT16_MAX, &min) ||
	    !str_to_u64(ports, UINT16_MAX, &max) || !str_to_u64(rest, INT32_MAX, &process))
		return false;
	range->port_min = (uint16_t)min;
	range->port_max = (uint16_t)max;
	*pid = (long)process;
	return *pid != (long)getpid();
}

/* False: no other process has claimed a port of @range; then *other and *pid are unchanged. */
static bool find_other(const char *address, const struct addr_ports *range,
		       struct addr_ports *other, long *pid)
{
	FILE *file = fopen(SOCKETS_FILE, "re");
	struct addr_ports theirs = *range;
	unsigned int left = LOOK_UPS;
	bool found = false;
	struct str name;
	char line[512];
	long their_pid;

	while (file && !found && left && fgets(line, sizeof(line), file))
		if (read_claim(line, address, &theirs, &their_pid, &name) &&
		    addr_ports_overlap(&theirs, range) && is_daemon(their_pid)) {
			found = unix_name_is_ours(name);
			left--;
		}
	if (file)
		fclose(file);
	if (found) {
		*other = theirs;
		*pid = their_pid;
	}
	return found;
}

/* -EADDRINUSE: a daemon has the name, in another PID namespace, where it has the same number. */
static int bind_claim(const struct addr_ports *range, const char *address)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) - 1];
	uint32_t number;
	size_t len;
	int fd;

	len = (size_t)snprintf(name, sizeof(name), PREFIX "%s/%hu-%hu/%ld", address,
			       range->port_min, range->port_max, (long)getpid());
	fd = bind_name(name);
	if (fd != -EADDRINUSE || unix_name_is_ours(str_of(name)))
		return fd;
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -EIO;
	snprintf(name + len, sizeof(name) - len, "/%08" PRIx32, number);
	return bind_name(name);
}

/* First binds, then looks: of two daemons that start at once, at least one finds the other. */
int claims_add(struct claims *claims, const struct addr_ports *range, struct addr_ports *other,
	       long *pid)
{
	char address[ENDPOINT_TEXT];
	struct claim *more;
	int fd;

	for (size_t i = 0; i < claims->count; i++)
		if (addr_ports_eq(&claims->claim[i].range, range))
			return 0;
	more = realloc(claims->claim, (claims->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	claims->claim = more;
	endpoint_print_addr(&range->addr, address);
	fd = bind_claim(range, address);
	*other = *range;
	*pid = (long)getpid();
	if (fd < 0)
		return fd;
	if (find_other(address, range, other, pid)) {
		close(fd);
		return -EADDRINUSE;
	}
	claims->claim[claims->count++] = (struct claim){ *range, fd };
	return 0;
}

int claims_take(struct claims *claims, const struct addr_ports *ranges, size_t n,
		struct addr_ports *other, long *pid)
{
	int err = 0;

	*claims = (struct claims){ NULL, 0 };
	for (size_t i = 0; i < n && !err; i++)
		err = claims_add(claims, &ranges[i], other, pid);
	if (err)
		claims_give(claims);
	return err;
}

static bool is_among(const struct addr_ports *ranges, size_t n, const struct addr_ports *range)
{
	for (size_t i = 0; i < n; i++)
		if (addr_ports_eq(&ranges[i], range))
			return true;
	return false;
}

void claims_keep(struct claims *claims, const struct addr_ports *ranges, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < claims->count; i++) {
		if (is_among(ranges, n, &claims->claim[i].range))
			claims->claim[kept++] = claims->claim[i];
		else
			close(claims->claim[i].fd);
	}
	claims->count = kept;
}

void claims_give(struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++)
		close(claims->claim[i].fd);
	free(claims->claim);
	*claims = (struct claims){ NULL, 0 };
}
