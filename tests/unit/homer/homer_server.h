/* SPDX-License-Identifier: GPL-2.0-or-later */
/* homer_server.h - a socket on the loopback that hears reports in place of a Homer server */
#ifndef RTPRELAY_HOMER_SERVER_H
#define RTPRELAY_HOMER_SERVER_H

#include <poll.h>
#include <unistd.h>
#include "daemon/homer/homer.h"
#include "hep_decode.h"

#define HOMER_DEADLINE_MS 5000

struct homer_server {
	int fd;
	char target[64];
	uint64_t sent, lost;
	struct homer *homer;
	struct hep_decoded heard; /* the last report */
};

static inline void homer_server_open(struct homer_server *server)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	struct homer_conf conf = { .password = "top secret", .id = 77 };
	const char *error = "";

	memset(server, 0, sizeof(*server));
	server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(server->fd >= 0);
	CU_ASSERT_EQUAL_FATAL(bind(server->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	CU_ASSERT_EQUAL_FATAL(getsockname(server->fd, (struct sockaddr *)&at, &len), 0);
	snprintf(server->target, sizeof(server->target), "udp:127.0.0.1:%u", ntohs(at.sin_port));
	conf.target = server->target;
	conf.sent = &server->sent;
	conf.lost = &server->lost;
	server->homer = homer_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(server->homer);
}

static inline void homer_server_close(struct homer_server *server)
{
	homer_close(server->homer);
	if (server->fd >= 0)
		close(server->fd);
}

/* The next report; false: none came within the deadline. */
static inline bool homer_server_hears(struct homer_server *server)
{
	static uint8_t bytes[65536];
	struct pollfd arrives = { .fd = server->fd, .events = POLLIN };
	ssize_t len = -1;

	if (poll(&arrives, 1, HOMER_DEADLINE_MS) > 0)
		len = recv(server->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	hep_decode(&server->heard, bytes, len > 0 ? (size_t)len : 0);
	return server->heard.valid;
}

#endif
