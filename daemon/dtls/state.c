/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state.c - references of links and certificates; datagrams of the media threads */
#include <stdlib.h>
#include <string.h>
#include "dtls/state.h"

/* --- References ------------------------------------------------------------------------------- */

struct shown_cert *shown_cert_get(struct shown_cert *cert)
{
	__atomic_add_fetch(&cert->refs, 1, __ATOMIC_RELAXED);
	return cert;
}

void shown_cert_put(struct shown_cert *cert)
{
	if (!cert || __atomic_sub_fetch(&cert->refs, 1, __ATOMIC_ACQ_REL))
		return;
	dtls_cert_free(cert->cert);
	free(cert);
}

struct dtls_link *dtls_link_get(struct dtls_link *link)
{
	if (link)
		__atomic_add_fetch(&link->refs, 1, __ATOMIC_RELAXED);
	return link;
}

void dtls_link_put(struct dtls_link *link)
{
	if (!link || __atomic_sub_fetch(&link->refs, 1, __ATOMIC_ACQ_REL))
		return;
	shown_cert_put(link->cert);
	free(link);
}

/* --- Media threads ---------------------------------------------------------------------------- */

void dtls_link_set_port(struct dtls_link *link, void *port)
{
	link->port = port;
}

void *dtls_link_port(const struct dtls_link *link)
{
	return link->port;
}

bool dtls_link_hand_over(struct dtls_link *link, unsigned int thread, const uint8_t *data,
			 size_t len)
{
	struct dtls_service *service = link->service;
	struct dtls_ring *ring = &service->rings[thread % service->conf.threads];
	struct dtls_ring_slot *slot = dtls_ring_slot(ring);

	if (!slot || len > sizeof(slot->data) ||
	    __atomic_load_n(&link->queued, __ATOMIC_RELAXED) >= DTLS_LINK_QUEUE) {
		return false;
	}
	__atomic_add_fetch(&link->queued, 1, __ATOMIC_RELAXED);
	slot->link = dtls_link_get(link);
	slot->len = (uint16_t)len;
	memcpy(slot->data, data, len);
	dtls_ring_put(ring);
	wake_post(service->wake_fd);
	return true;
}
