/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tone.h - makes a pure tone in PCMU (G.711 mu-law), and detects the tone that was received
 */
#ifndef RTPRELAY_TESTS_NETNS_TONE_H
#define RTPRELAY_TESTS_NETNS_TONE_H

#include <stddef.h>
#include <stdint.h>

#define TONE_RATE      8000
#define TONE_FRAME     160 /* samples of 20 ms */
#define TONE_FRAMES    10  /* the window is the last 200 ms: separates tones 5 Hz apart */
#define TONE_WINDOW    (TONE_FRAME * TONE_FRAMES)
#define TONE_LOWEST_HZ 300
#define TONE_STEP_HZ   20
#define TONE_COUNT     150

/**
 * struct tone_ear - the last received samples, ordered by the sender's time
 * Zeroed before use; a missing frame is silence.
 */
struct tone_ear {
	int16_t samples[TONE_WINDOW];
	unsigned int frames; /* number of frames received in total */
};

/* Writes @count samples of frame number @frame of an endless tone. */
void tone_write(unsigned int hz, uint32_t frame, uint8_t *pcmu, size_t count);
void tone_hear(struct tone_ear *ear, uint32_t frame, const uint8_t *pcmu, size_t count);
/*
 * The tone of the grid above that has at least 4/5 of all energy; 0: none, or too few frames
 * received
 */
unsigned int tone_name(const struct tone_ear *ear);

#endif
