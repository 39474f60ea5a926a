/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * service.h - the crypto thread: all handshakes of DTLS-SRTP
 *
 * Functions are for the control thread unless they say otherwise. A slow handshake delays other
 * handshakes, but neither commands nor media.
 */
#ifndef RTPRELAY_DTLS_SERVICE_H
#define RTPRELAY_DTLS_SERVICE_H

#include "dtls/report.h"

struct dtls_service;

/* NULL and *error (-errno), which is logged; a certificate that cannot be used is replaced. */
struct dtls_service *dtls_service_open(const struct dtls_service_conf *conf, int *error);
/* Ends the thread. Links may still be closed. Before the media threads end. */
void dtls_service_stop(struct dtls_service *service);  /* takes NULL */
void dtls_service_close(struct dtls_service *service); /* takes NULL; all links are closed */
/* Readable when there is something to dispatch. */
int dtls_service_fd(const struct dtls_service *service);
void dtls_service_dispatch(struct dtls_service *service);
void dtls_service_counts(const struct dtls_service *service, struct dtls_counts *counts);
/* When the certificate for new links is valid; seconds of the wall clock. */
void dtls_service_dates(const struct dtls_service *service, int64_t *from_s, int64_t *until_s);

/* Return: with a reference of the caller's; NULL: out of memory. @owner gets the reports. */
struct dtls_link *dtls_link_open(struct dtls_service *service, dtls_link_send_fn *send, void *arg,
				 void *owner);
/* No report comes any more. Gives the reference of dtls_link_open() back. Takes NULL. */
void dtls_link_close(struct dtls_link *link);
/* As dtls_association_terms(). 0; -ENOMEM */
int dtls_link_terms(struct dtls_link *link, const struct dtls_terms *terms, bool resumed);
/* Of the certificate that this link shows. */
const struct dtls_fingerprint *dtls_link_fingerprint(const struct dtls_link *link,
						     enum dtls_hash hash);
void dtls_link_set_owner(struct dtls_link *link, void *owner);

#endif
