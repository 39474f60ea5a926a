/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * numbers.h - numbers of entries of an array, given again only when no packet can use them
 *
 * A packet that found a number just before it was given back may use its entry a moment longer.
 * Pure: time is handed in.
 */
#ifndef RTPRELAY_BPF_NUMBERS_H
#define RTPRELAY_BPF_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBERS_REST_MS 1000 /* longer than a packet takes, also where a processor is paused */

/**
 * struct numbers
 * @given: ring of numbers that were given back, the oldest at @first; @since_ms: when
 * @used: numbers from here on were never taken
 */
struct numbers {
	struct {
		int64_t since_ms;
		uint32_t number;
	} * given;
	uint32_t size, first, count, used;
};

/* 0 .. @size - 1. False: out of memory */
bool numbers_init(struct numbers *numbers, uint32_t size);
void numbers_fini(struct numbers *numbers);
/* False: all are in use, or were given back too short a time ago */
bool numbers_take(struct numbers *numbers, int64_t now_ms, uint32_t *number);
/* @number: was taken */
void numbers_give(struct numbers *numbers, int64_t now_ms, uint32_t number);
/* No packet uses any of those that were given back. */
void numbers_rested(struct numbers *numbers);
/*
 * For a table that another process has left: @taken: for each number, is it in use?
 */
void numbers_adopt(struct numbers *numbers, int64_t now_ms, const bool *taken);

#endif
