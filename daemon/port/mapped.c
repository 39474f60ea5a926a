/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mapped.c - the pairs of a pool that a router forwards to, with their ports outside */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "port/mapped.h"

int mapped_start(struct mapped_pairs *list, unsigned int max)
{
	struct mapped *pair = calloc(max + 1, sizeof(*pair));

	if (!pair)
		return -ENOMEM;
	free(list->pair);
	*list = (struct mapped_pairs){ .on = true, .pair = pair, .max = max };
	return 0;
}

void mapped_end(struct mapped_pairs *list)
{
	free(list->pair);
	*list = (struct mapped_pairs){ 0 };
}

struct mapped *mapped_find(const struct mapped_pairs *list, uint16_t pair)
{
	for (unsigned int i = 0; i < list->n; i++)
		if (list->pair[i].pair == pair)
			return &list->pair[i];
	return NULL;
}

int mapped_set(struct mapped_pairs *list, uint16_t pair, const uint16_t external[2])
{
	struct mapped *mapped = mapped_find(list, pair);

	if (!mapped && list->n >= list->max)
		return -ENOSPC;
	if (!mapped)
		mapped = &list->pair[list->n++];
	mapped->pair = pair;
	memcpy(mapped->external, external, sizeof(mapped->external));
	return 0;
}

void mapped_remove(struct mapped_pairs *list, uint16_t pair)
{
	struct mapped *mapped = mapped_find(list, pair);

	if (mapped)
		*mapped = list->pair[--list->n];
}

bool mapped_is_now(const struct mapped *mapped)
{
	return mapped->external[0] && mapped->external[1];
}

const struct mapped *mapped_by_outside(const struct mapped_pairs *list, uint16_t outside,
				       unsigned int *half)
{
	for (unsigned int i = 0; i < list->n; i++) {
		for (*half = 0; *half < 2; ++*half)
			if (mapped_is_now(&list->pair[i]) &&
			    list->pair[i].external[*half] == outside)
				return &list->pair[i];
	}
	return NULL;
}
