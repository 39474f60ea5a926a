/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * talk.h - asks the kernel and reads its answers
 *
 * Used by kernel/kmod.c, kernel/send.c and kernel/read.c alone.
 */
#ifndef RTPRELAY_KMOD_TALK_H
#define RTPRELAY_KMOD_TALK_H

#include "kernel/link.h"
#include "kernel/msg.h"

#define TALK_BATCH 64 /* requests in one send */

/**
 * struct talk - a conversation by one link
 * @family: of the module; id 0: there is none
 * @seq: of the last request
 * @lost: what came back was not all there was to come: the kernel's state may differ from what is believed
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

/* The number of the next request; those of @count requests follow one another. Never 0, which is news. */
uint32_t talk_next_seq(struct talk *talk, uint32_t count);

/* One message, of any request. */
typedef void talk_answer_fn(void *arg, const struct kmod_message *message);

/**
 * talk_exchange() - sends @len bytes of talk->out, hands over all that comes back
 * @last: number of the last request in it
 * @name: of the family that it is about
 * Return: 0; -errno, nothing or not all was answered, and @lost is set
 */
int talk_exchange(struct talk *talk, size_t len, uint32_t last, const char *name,
		  talk_answer_fn *answer, void *arg);

/* One request in talk->out, numbered talk->seq, to be answered by one @wanted. 0; -errno: the kernel's; -EIO */
int talk_ask(struct talk *talk, size_t len, enum kmod_said wanted, const char *name,
	     struct kmod_message *found);
/* -ENOENT: no such family. Asking makes the kernel look for a module of that name. */
int talk_ask_family(struct talk *talk, const char *name, struct kmod_family *family);
int talk_ask_info(struct talk *talk, struct kmod_info *info);

#endif
