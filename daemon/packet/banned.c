/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * banned.c - sources whose packets are dropped, whatever they are
 *
 * The addresses are sorted, without ports: a search among thousands touches few cache lines, and
 * nobody can make it slow by the choice of addresses, as he could with a hash.
 */
#include <stdlib.h>
#include "packet/banned.h"

struct banned {
	unsigned int references;
	size_t n4, n6;
	struct in6_addr *in6; /* behind those of IPv4 */
	struct in_addr in4[];
};

static int cmp4(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct in_addr));
}

static int cmp6(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct in6_addr));
}

struct banned *banned_new(const struct endpoint *addr, size_t n)
{
	struct banned *banned = malloc(sizeof(*banned) + n * sizeof(struct in6_addr));
	size_t n4 = 0;

	if (!banned)
		return NULL;
	for (size_t i = 0; i < n; i++)
		n4 += addr[i].sa.sa_family == AF_INET;
	*banned = (struct banned){ .references = 1 };
	banned->in6 = (struct in6_addr *)(void *)(banned->in4 + n4);
	for (size_t i = 0; i < n; i++) {
		if (addr[i].sa.sa_family == AF_INET)
			banned->in4[banned->n4++] = addr[i].in4.sin_addr;
		else
			banned->in6[banned->n6++] = addr[i].in6.sin6_addr;
	}
	qsort(banned->in4, banned->n4, sizeof(*banned->in4), cmp4);
	qsort(banned->in6, banned->n6, sizeof(*banned->in6), cmp6);
	return banned;
}

struct banned *banned_get(struct banned *banned)
{
	if (banned)
		__atomic_fetch_add(&banned->references, 1, __ATOMIC_RELAXED);
	return banned;
}

void banned_put(struct banned *banned)
{
	if (banned && __atomic_fetch_sub(&banned->references, 1, __ATOMIC_ACQ_REL) == 1)
		free(banned);
}

bool banned_has(const struct banned *banned, const struct endpoint *source)
{
	if (!banned)
		return false;
	if (source->sa.sa_family == AF_INET)
		return bsearch(&source->in4.sin_addr, banned->in4, banned->n4, sizeof(*banned->in4),
			       cmp4);
	return source->sa.sa_family == AF_INET6 &&
	       bsearch(&source->in6.sin6_addr, banned->in6, banned->n6, sizeof(*banned->in6), cmp6);
}
