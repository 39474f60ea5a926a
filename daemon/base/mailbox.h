/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mailbox.h - letters from any thread to one thread: no lock, no bound, no allocation
 *
 * The links are inside the letters. Senders put them on a stack by compare and exchange; the reader takes
 * the whole stack at once, so that no letter can come back while a sender looks at it (no ABA).
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

/* Return: it was empty, so the reader may have to be woken. The letter is the reader's from here. */
static inline bool mailbox_put(struct mailbox *box, struct letter *letter)
{
	struct letter *head = __atomic_load_n(&box->head, __ATOMIC_RELAXED);

	do {
		letter->next = head;
	} while (!__atomic_compare_exchange_n(&box->head, &head, letter, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	return !head;
}

/* All letters, oldest first. Read @next of each before it is given back or freed. */
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
