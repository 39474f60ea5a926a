/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tone.c - a pure tone in PCMU (G.711 mu-law), and which one was heard (Goertzel)
 */
#include <math.h>
#include <string.h>
#include "tone.h"

#define AMPLITUDE  8000.0
#define PURE_SHARE 0.8

static uint8_t pcmu_encode(int sample)
{
	uint8_t sign = sample < 0 ? 0x80 : 0;
	int magnitude = (sample < 0 ? -sample : sample) + 132;
	int segment = 7;

	if (magnitude > 32767)
		magnitude = 32767;
	while (segment > 0 && !(magnitude & (128 << segment)))
		segment--;
	return (uint8_t) ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 15));
}

static int16_t pcmu_decode(uint8_t code)
{
	int bits = ~code & 0xff;
	int magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;

	return (int16_t)(bits & 0x80 ? -magnitude : magnitude);
}

void tone_write(unsigned int hz, uint32_t frame, uint8_t *pcmu, size_t count)
{
	/* In whole seconds any whole frequency comes round: the phase stays exact for ever. */
	uint32_t start = (uint32_t)((uint64_t)frame * TONE_FRAME % TONE_RATE);

	for (size_t i = 0; i < count; i++)
		pcmu[i] = pcmu_encode((int)lrint(
			AMPLITUDE * sin(2 * M_PI * hz * (double)(start + i) / TONE_RATE)));
}

void tone_hear(struct tone_ear *ear, uint32_t frame, const uint8_t *pcmu, size_t count)
{
	int16_t *slot = ear->samples + frame % TONE_FRAMES * TONE_FRAME;

	memset(slot, 0, TONE_FRAME * sizeof(*slot));
	for (size_t i = 0; i < count && i < TONE_FRAME; i++)
		slot[i] = pcmu_decode(pcmu[i]);
	ear->frames++;
}

/* Energy of one frequency in the window, in the unit of a sum of squares. */
static double goertzel(const int16_t *samples, unsigned int hz)
{
	double factor = 2 * cos(2 * M_PI * hz / TONE_RATE);
	double last = 0, before = 0;

	for (size_t i = 0; i < TONE_WINDOW; i++) {
		double now = samples[i] + factor * last - before;

		before = last;
		last = now;
	}
	return (last * last + before * before - factor * last * before) * 2 / TONE_WINDOW;
}

unsigned int tone_name(const struct tone_ear *ear)
{
	double total = 0, best = 0;
	unsigned int name = 0;

	if (ear->frames < TONE_FRAMES)
		return 0;
	/* Each tone of the grid fits the window a whole number of times: the ring need not be turned. */
	for (size_t i = 0; i < TONE_WINDOW; i++)
		total += (double)ear->samples[i] * ear->samples[i];
	for (unsigned int i = 0; i < TONE_COUNT; i++) {
		unsigned int hz = TONE_LOWEST_HZ + i * TONE_STEP_HZ;
		double energy = goertzel(ear->samples, hz);

		if (energy > best) {
			best = energy;
			name = hz;
		}
	}
	return total > 0 && best >= PURE_SHARE * total ? name : 0;
}
