/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "bpf/numbers.h"

bool numbers_init(struct numbers *numbers, uint32_t size)
{
	*numbers = (struct numbers){ .size = size };
	numbers->given = calloc(size, sizeof(*numbers->given));
	return numbers->given != NULL;
}

void numbers_fini(struct numbers *numbers)
{
	free(numbers->given);
	*numbers = (struct numbers){ 0 };
}

bool numbers_take(struct numbers *numbers, int64_t now_ms, uint32_t *number)
{
	if (numbers->count && now_ms - numbers->given[numbers->first].since_ms >= NUMBERS_REST_MS) {
		*number = numbers->given[numbers->first].number;
		numbers->first = (numbers->first + 1) % numbers->size;
		numbers->count--;
		return true;
	}
	if (numbers->used == numbers->size)
		return false;
	*number = numbers->used++;
	return true;
}

void numbers_give(struct numbers *numbers, int64_t now_ms, uint32_t number)
{
	uint32_t at = (uint32_t)(((uint64_t)numbers->first + numbers->count) % numbers->size);

	numbers->given[at].number = number;
	numbers->given[at].since_ms = now_ms;
	numbers->count++;
}

void numbers_rested(struct numbers *numbers)
{
	for (uint32_t i = 0; i < numbers->count; i++)
		numbers->given[((uint64_t)numbers->first + i) % numbers->size].since_ms =
			INT64_MIN / 2;
}

void numbers_adopt(struct numbers *numbers, int64_t now_ms, const bool *taken)
{
	numbers->first = numbers->count = numbers->used = 0;
	for (uint32_t i = 0; i < numbers->size; i++)
		if (taken[i])
			numbers->used = i + 1;
	for (uint32_t i = 0; i < numbers->used; i++)
		if (!taken[i])
			numbers_give(numbers, now_ms, i);
}
