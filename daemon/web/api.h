/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * api.h - what the page asks for: status, calls, a call as rtprelayctl gets them; the last hour
 *
 * Lines of JSON, those of include/control_proto.h.
 */
#ifndef RTPRELAY_WEB_API_H
#define RTPRELAY_WEB_API_H

#include "admin/admin.h"
#include "web/history.h"
#include "web/http.h"

#define WEB_API_CALLS 200 /* at most so many in one answer */

struct web_api_path {
	const char *path;
	const char *verb; /* of the control socket */
	/* Names of parameters that are handed on, NULL at the end. */
	const char *params[8];
};

/* NULL: not one of these */
const struct web_api_path *web_api_find(struct str path);
void web_api_answer(const struct web_api_path *path, struct admin *admin, struct str query,
		    struct http_reply *reply);
/* A line with the hour, rates by second worked out; then the end. */
void web_api_history(const struct history *history, struct http_reply *reply);

#endif
