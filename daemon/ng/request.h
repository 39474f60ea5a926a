/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.h - the keys and flags of a decoded NG request to struct request
 */
#ifndef RTPRELAY_NG_REQUEST_H
#define RTPRELAY_NG_REQUEST_H

#include "base/dict.h"
#include "command/request.h"

/* Reads all keys of @map. Unknown ones are listed in request->ignored and never refused. */
void ng_request_read(struct arena *arena, const struct dict *map, struct request *request);

#endif
