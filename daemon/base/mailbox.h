/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mailbox.h - messages ("letters") from any thread to one thread: no lock, no limit, no allocation
 *
 * The links are members of the letters. Senders push letters on a stack by compare-and-exchange;
 * the reader takes the whole stack at once, so that the ABA problem cannot occur.
 */
#ifndef RTPRELAY_MAILBOX_H
#define RTPRELAY_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

struct letter {
	struct letter *next;
};

struct mailbox {
	struct letter *head; /* newest */
};

/* Return: the mailbox was empty, so wake the reader if it waits. The reader now owns @letter. */
static inline bool mailbox_put(struct mailbox *box, struct letter *letter)
{
	struct letter *head = __atomic_load_n(&box->head, __ATOMIC_RELAXED);

	do {
		letter->next = head;
	} while (!__atomic_compare_exchange_n(&box->head, &head, letter, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	return !head;
}

/* All letters, oldest first. Read @next of a letter before it is returned or freed. */
static inline struct letter *mailbox_take_all(struct mailbox *box)
{
	struct letter *from = __atomic_exchange_n(&box->head, NULL, __ATOMIC_ACQUIRE);
	struct letter *list = NULL;

	while (from) {
		struct letter *next = from->next;

		from->next = list;
		list = from;
		from = next;
	}
	return list;
}

#endif
