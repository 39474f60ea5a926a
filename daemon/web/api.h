/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * api.h - the data of the page: status, calls, one call as rtprelayctl gets them; the last hour
 *
 * Lines of JSON, those of include/control_proto.h.
 */
#ifndef RTPRELAY_WEB_API_H
#define RTPRELAY_WEB_API_H

#include "admin/admin.h"
#include "web/history.h"
#include "web/http.h"

#define WEB_API_CALLS 200 /* calls in one answer, at most */

struct web_api_path {
	const char *path;
	const char *verb; /* of the control socket */
	/* Names of the parameters that are passed on, NULL at the end. */
	const char *params[9];
};

/* NULL: not one of these */
const struct web_api_path *web_api_find(struct str path);
void web_api_answer(const struct web_api_path *path, struct admin *admin, struct str query,
		    struct http_reply *reply);
/* One line with the samples of the last hour, as rates per second. */
void web_api_history(const struct history *history, struct http_reply *reply);

#endif
