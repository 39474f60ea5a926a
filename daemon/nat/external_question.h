/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external_question.h - what a source of the address outside of a NAT is asked about */
#ifndef RTPRELAY_NAT_EXTERNAL_QUESTION_H
#define RTPRELAY_NAT_EXTERNAL_QUESTION_H

#include "base/addr_ports.h"

/* Size of the text that says why there is no answer. */
#define EXTERNAL_WHY 160

/**
 * struct external_question
 * @bind: the address here, port 0
 * @media: ports for media, where replies would not arrive; with the addresses they are at
 * @stop_fd: readable: the thread has to end
 */
struct external_question {
	struct endpoint bind;
	const struct addr_ports *media;
	size_t n_media;
	int stop_fd;
};

#endif
