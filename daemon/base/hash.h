/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hash.h - uthash with its settings: include this file, never <uthash.h>
 *
 * HASH_ADD() without memory leaves hh.tbl of the element NULL, and the element is not in the table.
 */
#ifndef RTPRELAY_HASH_H
#define RTPRELAY_HASH_H

#define HASH_NONFATAL_OOM 1 /* uthash would end the process when out of memory */
#include <uthash.h>

#endif
