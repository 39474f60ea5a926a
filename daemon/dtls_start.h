/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtls_start.h - starts the crypto thread, with key and certificate beside the journal */
#ifndef RTPRELAY_DTLS_START_H
#define RTPRELAY_DTLS_START_H

struct relay;

/* The name in state-dir. */
#define DTLS_CERT_FILE "dtls.pem"

/* Before calls are restored. Without it DTLS passes through; that is logged. Return: 0 */
int dtls_start(struct relay *relay);

#endif
