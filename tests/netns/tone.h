/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tone.h - a pure tone in PCMU (G.711 mu-law), and which one was heard
 */
#ifndef RTPRELAY_TESTS_NETNS_TONE_H
#define RTPRELAY_TESTS_NETNS_TONE_H

#include <stddef.h>
#include <stdint.h>

#define TONE_RATE      8000
#define TONE_FRAME     160 /* samples of 20 ms */
#define TONE_FRAMES    10  /* an ear listens to the last 200 ms: 5 Hz apart can be told */
#define TONE_WINDOW    (TONE_FRAME * TONE_FRAMES)
#define TONE_LOWEST_HZ 300
#define TONE_STEP_HZ   20
#define TONE_COUNT     150

/**
 * struct tone_ear - the last samples that were heard, by their place in the sender's time
 * Zeroed before use; a frame that never came is silence.
 */
struct tone_ear {
	int16_t samples[TONE_WINDOW];
	unsigned int frames; /* how many were heard in all */
};

/* @count samples of frame number @frame of an endless tone. */
void tone_write(unsigned int hz, uint32_t frame, uint8_t *pcmu, size_t count);
void tone_hear(struct tone_ear *ear, uint32_t frame, const uint8_t *pcmu, size_t count);
/* The tone that makes up at least four fifths of all energy, of the grid above; 0: none, or too little heard. */
unsigned int tone_name(const struct tone_ear *ear);

#endif
