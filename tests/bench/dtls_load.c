/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dtls_load.c - what handshakes of DTLS-SRTP cost: so many a second can one core do, as one end
 *
 *   dtls_load passive|active SECONDS
 *
 * Prints "handshakes=N us=N" of one core: CPU time of one end alone, from its association to its
 * keys; the other end's is not counted.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "daemon/dtls/association.h"
#include "daemon/dtls/record.h"

#define WIRE 16

struct end {
	struct dtls_association *dtls;
	unsigned int n, keys;
	size_t len[WIRE];
	uint8_t data[WIRE][DTLS_DATAGRAM_MAX];
	int64_t cpu_ns;
};

static int64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static void on_send(void *arg, const uint8_t *data, size_t len)
{
	struct end *end = arg;

	if (end->n == WIRE || len > DTLS_DATAGRAM_MAX)
		errx(1, "too many datagrams");
	end->len[end->n] = len;
	memcpy(end->data[end->n++], data, len);
}

static void on_event(void *arg, enum dtls_event event, const struct dtls_keys *keys,
		     const char *why, unsigned int took_ms)
{
	struct end *end = arg;

	(void)keys;
	(void)took_ms;
	if (event != DTLS_EVENT_KEYS)
		errx(1, "no keys: %s", why);
	end->keys++;
}

static void carry(struct end *from, struct end *to)
{
	unsigned int n = from->n;
	int64_t begin_ns;

	from->n = 0;
	begin_ns = cpu_ns();
	for (unsigned int i = 0; i < n; i++)
		dtls_association_receive(to->dtls, from->data[i], from->len[i], 0);
	to->cpu_ns += cpu_ns() - begin_ns;
}

static void open_end(struct end *end, const struct dtls_cert *own, const struct dtls_cert *peer,
		     bool active)
{
	const struct dtls_association_conf conf = { .cert = own,
						    .mtu = DTLS_MTU,
						    .first_ms = 5000,
						    .send = on_send,
						    .event = on_event,
						    .arg = end };
	struct dtls_terms terms = { .active = active, .n = 1 };
	int64_t begin_ns = cpu_ns();

	terms.peer[0] = peer->fingerprint[DTLS_SHA_256 - 1];
	end->keys = 0;
	end->dtls = dtls_association_new(&conf);
	if (!end->dtls)
		errx(1, "out of memory");
	dtls_association_terms(end->dtls, &terms, false, 0);
	end->cpu_ns += cpu_ns() - begin_ns;
}

static void close_end(struct end *end)
{
	int64_t begin_ns = cpu_ns();

	dtls_association_free(end->dtls);
	end->cpu_ns += cpu_ns() - begin_ns;
}

int main(int argc, char **argv)
{
	static struct end end[2]; /* passive, active */
	struct dtls_cert *cert[2] = { dtls_cert_make(time(NULL)), dtls_cert_make(time(NULL)) };
	time_t until = time(NULL) + (argc == 3 ? atoi(argv[2]) : 0);
	unsigned int done = 0;
	int64_t ns;

	if (argc != 3 || (strcmp(argv[1], "passive") && strcmp(argv[1], "active")))
		errx(2, "usage: dtls_load passive|active SECONDS");
	if (!cert[0] || !cert[1])
		errx(1, "no certificate");
	do {
		open_end(&end[0], cert[0], cert[1], false);
		open_end(&end[1], cert[1], cert[0], true);
		while (!end[0].keys || !end[1].keys) {
			carry(&end[1], &end[0]);
			carry(&end[0], &end[1]);
		}
		close_end(&end[0]);
		close_end(&end[1]);
		end[0].n = end[1].n = 0;
		done++;
	} while (time(NULL) < until);
	ns = end[!strcmp(argv[1], "active")].cpu_ns;
	printf("handshakes=%.0f us=%.0f\n", done * 1e9 / (double)ns, (double)ns / done / 1000);
	return 0;
}
