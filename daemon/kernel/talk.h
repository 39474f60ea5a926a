/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * talk.h - sends requests to the kernel and reads its answers
 *
 * Used by kernel/module.c and control/kernel.c.
 */
#ifndef RTPRELAY_KMOD_TALK_H
#define RTPRELAY_KMOD_TALK_H

#include "kernel/link.h"
#include "kernel/msg.h"

#define TALK_BATCH 64 /* requests in one send */

/**
 * struct talk - requests and answers on one link
 * @family: of the module; id 0: not loaded
 * @seq: of the last request
 * @lost: answers or events were lost: its caller has to find out
 * @out: requests are written here
 */
struct talk {
	struct kmod_link *link;
	struct kmod_family family;
	uint32_t seq;
	bool lost;
	uint8_t in[64 * 1024] __attribute__((aligned(8)));
	uint8_t out[TALK_BATCH * KMOD_REQUEST_MAX] __attribute__((aligned(8)));
};

/*
 * Reserves consecutive numbers for @count requests, returns the first. Never 0: that marks events.
 */
uint32_t talk_next_seq(struct talk *talk, uint32_t count);

/* One message, of any request. */
typedef void talk_answer_fn(void *arg, const struct kmod_message *message);

/**
 * talk_exchange() - sends @len bytes of talk->out, hands over all answers
 * @last: number of the last request in it
 * @name: of the family that the requests are for
 * Return: 0; -errno, answers are missing, and @lost is set
 */
int talk_exchange(struct talk *talk, size_t len, uint32_t last, const char *name,
		  talk_answer_fn *answer, void *arg);

/*
 * Sends one request in talk->out, numbered talk->seq, and expects one message @wanted. 0; the
 * kernel's -errno; -EIO
 */
int talk_ask(struct talk *talk, size_t len, enum kmod_said wanted, const char *name,
	     struct kmod_message *found);
/* -ENOENT: no such family. The request makes the kernel try to load a module for it. */
int talk_ask_family(struct talk *talk, const char *name, struct kmod_family *family);
/* -ENOENT: no such family. The same without trying to load it: for those who only look. */
int talk_find_family(struct talk *talk, const char *name, struct kmod_family *family);
int talk_ask_info(struct talk *talk, struct kmod_info *info);

#endif
