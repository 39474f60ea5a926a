/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tone.c - makes a pure tone in PCMU (G.711 mu-law), and detects the tone that was received
 */
#include <math.h>
#include <string.h>
#include "tone.h"

#define AMPLITUDE  8000
#define PURE_SHARE 0.8
#define SINE_ONE   16384

/*
 * One second of 1 Hz. Integers, since phones also run on an emulated CPU, where floating point is
 * slow.
 */
static const int16_t *sine_table(void)
{
	static int16_t table[TONE_RATE];

	if (table[TONE_RATE / 4])
		return table;
	for (int i = 0; i < TONE_RATE; i++)
		table[i] = (int16_t)lrint(SINE_ONE * sin(2 * M_PI * i / TONE_RATE));
	return table;
}

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
	/* Any integer frequency repeats after a second, so the phase never drifts. */
	uint64_t start = (uint64_t)frame * TONE_FRAME % TONE_RATE;
	const int16_t *sine = sine_table();

	for (size_t i = 0; i < count; i++)
		pcmu[i] = pcmu_encode(AMPLITUDE * sine[hz * (start + i) % TONE_RATE] / SINE_ONE);
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
static double energy_of(const int16_t *samples, unsigned int hz)
{
	const int16_t *sine = sine_table();
	int64_t by_sine = 0, by_cosine = 0;
	unsigned int at = 0;
	double re, im;

	for (size_t i = 0; i < TONE_WINDOW; i++, at = (at + hz) % TONE_RATE) {
		by_sine += samples[i] * sine[at];
		by_cosine += samples[i] * sine[(at + TONE_RATE / 4) % TONE_RATE];
	}
	re = (double)by_cosine / SINE_ONE;
	im = (double)by_sine / SINE_ONE;
	return (re * re + im * im) * 2 / TONE_WINDOW;
}

unsigned int tone_name(const struct tone_ear *ear)
{
	double total = 0, best = 0;
	unsigned int name = 0;

	if (ear->frames < TONE_FRAMES)
		return 0;
	/*
	 * The window has a whole number of periods of each tone: the ring may start at any place.
	 */
	for (size_t i = 0; i < TONE_WINDOW; i++)
		total += (double)ear->samples[i] * ear->samples[i];
	for (unsigned int i = 0; i < TONE_COUNT; i++) {
		unsigned int hz = TONE_LOWEST_HZ + i * TONE_STEP_HZ;
		double energy = energy_of(ear->samples, hz);

		if (energy > best) {
			best = energy;
			name = hz;
		}
	}
	return total > 0 && best >= PURE_SHARE * total ? name : 0;
}
