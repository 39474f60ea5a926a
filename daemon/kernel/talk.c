/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * talk.c - sends requests to the kernel and reads its answers
 *
 * Generic netlink is synchronous: once send() has returned, the answer can be read, or was lost.
 */
#include <errno.h>
#include "base/netlink.h"
#include "kernel/talk.h"

uint32_t talk_next_seq(struct talk *talk, uint32_t count)
{
	uint32_t first = talk->seq + 1;

	if (talk->seq >= UINT32_MAX - count)
		first = 1;
	talk->seq = first + count - 1;
	return first;
}

/* Return: was the request @last answered? */
static bool read_answers(struct talk *talk, size_t len, uint32_t last, const char *name,
			 talk_answer_fn *answer, void *arg)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)talk->in;
	struct kmod_message m;
	int left = (int)len;
	bool ended = false;

	for (; netlink_message_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		kmod_read_message(nlh, name, talk->family.id, &m);
		answer(arg, &m);
		ended |= m.seq == last && (m.said == KMOD_SAID_ACK || m.said == KMOD_SAID_DONE);
	}
	return ended;
}

int talk_exchange(struct talk *talk, size_t len, uint32_t last, const char *name,
		  talk_answer_fn *answer, void *arg)
{
	const struct kmod_link_ops *ops = talk->link->ops;
	int error = ops->send(talk->link, talk->out, len);

	while (!error) {
		ssize_t got = ops->receive(talk->link, KMOD_ANSWERS, talk->in, sizeof(talk->in));

		if (got == -ENOBUFS)
			talk->lost = true; /* later answers can still be read */
		else if (got <= 0)
			error = got < 0 && got != -EAGAIN ? (int)got : -EIO;
		else if (read_answers(talk, (size_t)got, last, name, answer, arg))
			return 0;
	}
	talk->lost = true;
	return error;
}

struct one {
	uint32_t seq;
	enum kmod_said wanted;
	int error;
	struct kmod_message *found;
};

static void answer_one(void *arg, const struct kmod_message *m)
{
	struct one *one = arg;

	if (m->seq != one->seq)
		return;
	if (m->said == one->wanted)
		*one->found = *m;
	else if (m->said == KMOD_SAID_ACK)
		one->error = m->error;
}

int talk_ask(struct talk *talk, size_t len, enum kmod_said wanted, const char *name,
	     struct kmod_message *found)
{
	struct one one = { .seq = talk->seq, .wanted = wanted, .found = found };
	int error;

	found->said = KMOD_SAID_NOTHING;
	error = talk_exchange(talk, len, talk->seq, name, answer_one, &one);
	if (!error)
		error = one.error;
	if (!error && found->said != wanted)
		error = -EIO;
	return error;
}

int talk_ask_family(struct talk *talk, const char *name, struct kmod_family *family)
{
	size_t len = kmod_ask_family(talk->out, talk_next_seq(talk, 1), name);
	struct kmod_message found;
	int error = talk_ask(talk, len, KMOD_SAID_FAMILY, name, &found);

	if (!error)
		*family = found.family;
	return error;
}

int talk_find_family(struct talk *talk, const char *name, struct kmod_family *family)
{
	size_t len = kmod_ask_families(talk->out, talk_next_seq(talk, 1));
	struct kmod_message found;
	int error = talk_ask(talk, len, KMOD_SAID_FAMILY, name, &found);

	if (error == -EIO && !talk->lost)
		return -ENOENT; /* the list is complete, and it is not in it */
	if (!error)
		*family = found.family;
	return error;
}

int talk_ask_info(struct talk *talk, struct kmod_info *info)
{
	size_t len = kmod_ask_info(talk->out, talk->family.id, talk_next_seq(talk, 1));
	struct kmod_message found;
	int error = talk_ask(talk, len, KMOD_SAID_INFO, RTPRELAY_FAMILY, &found);

	if (!error)
		*info = found.info;
	return error;
}
