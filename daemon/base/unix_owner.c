/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unix_owner.c - whose an abstract name of Unix sockets is, as the kernel's sock_diag tells it */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/netlink.h"
#include "base/unix_owner.h"

#define DIAG_BYTES 32768
/* The kernel answers at once; the wait is only for the case that it does not. */
#define PATIENCE_MS 1000

static bool send_request(int fd)
{
	const struct {
		struct nlmsghdr head;
		struct unix_diag_req diag;
	} request = {
		.head = { .nlmsg_len = sizeof(request),
			  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.diag = { .sdiag_family = AF_UNIX,
			  .udiag_states = UINT32_MAX,
			  .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_UID },
	};

	return send(fd, &request, sizeof(request), 0) == (ssize_t)sizeof(request);
}

/* A socket of the list: 1, it has the name, and root or this user has it; 0; -ENOSYS: no UIDs */
static int read_socket(const struct nlmsghdr *head, struct str name)
{
	const struct unix_diag_msg *diag = NLMSG_DATA(head);
	int len = (int)(head->nlmsg_len - NLMSG_LENGTH(sizeof(*diag)));
	const struct rtattr *at;
	bool named = false;
	uint32_t uid = 0;
	int known = 0;

	if (head->nlmsg_len < NLMSG_LENGTH(sizeof(*diag)))
		return 0;
	for (at = (const void *)(diag + 1); RTA_OK(at, len); at = RTA_NEXT(at, len)) {
		const char *data = RTA_DATA(at);
		size_t size = RTA_PAYLOAD(at);

		if (at->rta_type == UNIX_DIAG_NAME)
			named = size > 1 && !data[0] &&
				str_eq((struct str){ data + 1, size - 1 }, name);
		if (at->rta_type == UNIX_DIAG_UID && size == sizeof(uid)) {
			memcpy(&uid, data, sizeof(uid));
			known = 1;
		}
	}
	if (!named)
		return 0;
	return known ? !uid || uid == geteuid() : -ENOSYS;
}

/* One answer: 1: the name is ours; 0: go on; -ENOENT: the list has ended; -ENOSYS: no list */
static int read_answer(const char *answer, size_t len, struct str name)
{
	const struct nlmsghdr *head = (const void *)answer;
	int found = 0;

	for (; NLMSG_OK(head, len) && !found; head = NLMSG_NEXT(head, len)) {
		if (head->nlmsg_type == NLMSG_DONE)
			return -ENOENT;
		found = head->nlmsg_type == NLMSG_ERROR ? -ENOSYS : read_socket(head, name);
	}
	return found;
}

static int look_up(int fd, struct str name)
{
	_Alignas(struct nlmsghdr) char answer[DIAG_BYTES];
	struct pollfd wait = { fd, POLLIN, 0 };
	int found = send_request(fd) ? 0 : -ENOSYS;

	while (!found) {
		ssize_t len = poll(&wait, 1, PATIENCE_MS) == 1
				      ? netlink_receive(fd, answer, sizeof(answer))
				      : -ENOSYS;

		found = len < 0 ? -ENOSYS : read_answer(answer, (size_t)len, name);
	}
	return found;
}

bool unix_name_is_ours(struct str name)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int found = fd < 0 ? -ENOSYS : look_up(fd, name);

	if (fd >= 0)
		close(fd);
	return found != -ENOENT;
}
