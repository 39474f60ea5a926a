/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtls_start.c - starts the crypto thread, with key and certificate beside the journal */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/log.h"
#include "call/media_dtls.h"
#include "dtls_start.h"
#include "packet/pool.h"
#include "relay.h"

static void on_event(void *arg, const struct dtls_report *report)
{
	struct relay *relay = arg;

	call_dtls_event(relay->calls, report);
}

int dtls_start(struct relay *relay)
{
	const char *dir = relay->conf.state == STATE_NONE ? NULL : relay->conf.state_dir;
	struct dtls_service_conf conf = {
		.threads = worker_pool_threads(relay->workers),
		.mtu = relay->conf.dtls_mtu,
		.event = on_event,
		.arg = relay,
	};
	char path[PATH_MAX];
	int error;

	if (dir && (size_t)snprintf(path, sizeof(path), "%s/" DTLS_CERT_FILE, dir) < sizeof(path)) {
		mkdir(dir,
		      0700); /* usually it exists; if it cannot be made, the journal tells why */
		conf.path = path;
	}
	relay->dtls = dtls_service_open(&conf, &error);
	if (!relay->dtls)
		log_err("dtls: cannot be used (%s): fingerprints of phones pass through unchanged",
			strerror(-error));
	return 0;
}
