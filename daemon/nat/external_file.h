/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external_file.h - the addresses that were found, on disk: a line for each, "BIND ADDRESS"
 *
 * A text file of its own, as that of the bans: an operator can read it and remove it.
 */
#ifndef RTPRELAY_NAT_EXTERNAL_FILE_H
#define RTPRELAY_NAT_EXTERNAL_FILE_H

#include "nat/external.h"

#define EXTERNAL_ADDRESS_FILE "external-address" /* in state-dir */

/* Sets the places that the file names, as EXTERNAL_LAST. 0, also without a file; -errno */
int external_file_read(const char *dir, struct external *external);
/* Replaces the file. 0; -errno */
int external_file_write(const char *dir, struct external *external);

#endif
