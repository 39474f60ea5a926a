/* SPDX-License-Identifier: GPL-2.0-or-later */
/* law.h - samples of G.711 under the other law: for what a WAV file of one law cannot hold */
#ifndef RTPRELAY_RECORD_LAW_H
#define RTPRELAY_RECORD_LAW_H

#include <stdint.h>
#include "record/wav.h"

/**
 * record_law_table() - for each byte under @from, the byte under the other law that is nearest
 * @from: RECORD_LAW_MU or RECORD_LAW_A
 * Takes some ten thousand steps: once for a recording, not for each packet.
 */
void record_law_table(enum record_law from, uint8_t table[256]);

#endif
