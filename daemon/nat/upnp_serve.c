/* SPDX-License-Identifier: GPL-2.0-or-later */
/* upnp_serve.c - what the process that speaks UPnP does: it has no privileges, and little time */
#include <errno.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/confine.h"
#include "nat/upnp_serve.h"

#define ALARM_S	   (UPNP_PATIENCE_MS / 1000 + 5) /* if the daemon is gone, nobody ends it */
#define MEMORY_MAX (64UL * 1024 * 1024)		 /* what hosts send is kept by the library */
#define NICE	   10

static void drop_privileges(void)
{
	cap_t none = cap_init();

	if (none)
		cap_set_proc(none);
	cap_free(none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Of a program with AddressSanitizer most of the address space is data. */
static void limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
	const struct rlimit limit = { MEMORY_MAX, MEMORY_MAX };

	setrlimit(RLIMIT_DATA, &limit);
#endif
}

static void carry_out(struct upnp_igd **igd, const struct upnp_request *request,
		      struct upnp_reply *reply)
{
	if (request->maps)
		upnp_map(igd, &request->bind, &request->job, &reply->result);
	else
		reply->error = upnp_ask_address(&request->bind, &reply->address, reply->why);
}

static bool wait_for_request(struct upnp_request *request)
{
	ssize_t n;

	do
		n = recv(STDIN_FILENO, request, sizeof(*request), 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*request);
}

int upnp_serve(bool confined)
{
	struct upnp_request request;
	struct upnp_igd *igd = NULL;

	setpriority(PRIO_PROCESS, 0, NICE);
	drop_privileges();
	limit_memory();
#ifdef SYS_close_range
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
#endif
	if (confined && confine_process(THREAD_UPNP))
		return 1;
	while (wait_for_request(&request)) {
		struct upnp_reply reply = { 0 };

		alarm(ALARM_S);
		carry_out(&igd, &request, &reply);
		alarm(0);
		if (send(STDIN_FILENO, &reply, sizeof(reply), MSG_NOSIGNAL) != sizeof(reply))
			return 1;
	}
	return 0; /* which frees @igd */
}
