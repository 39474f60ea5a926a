/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng.h - NG requests over HTTP, one in each POST (http-ng)
 *
 *	/ng		application/x-rtpengine-ng: cookie, blank, message; the reply is the same
 *			application/json: a JSON object
 *	/ng-plain	a message without cookie, of either type
 *
 * Browsers send a POST of these types to another site only if that site agrees first, which this
 * server never does. But a foreign page whose name resolves to this server's address is no other
 * site. Browsers add "Origin" to each POST, and proxies do not: with it a POST is refused, so that
 * no page sends commands through an operator's browser.
 */
#ifndef RTPRELAY_WEB_NG_H
#define RTPRELAY_WEB_NG_H

#include "base/buf.h"
#include "web/http.h"

/* Who runs the requests; all zero: http-ng is off. */
struct web_ng {
	/* May this address send commands? */
	bool (*allowed)(void *arg, const struct endpoint *source);
	/*
	 * Runs the message in @text. @cookie: it begins with a cookie, as the reply will; a
	 * repeated one gets the recorded reply. False: there is no valid cookie
	 */
	bool (*run)(void *arg, const struct endpoint *source, struct str text, bool cookie,
		    struct buf *out);
	void *arg;
};

/* Is it a path of NG? With http-ng off there are none. */
bool web_ng_has(const struct web_ng *ng, struct str path);
/* The head of a POST to such a path: 0; 403, 415 */
int web_ng_admit(const struct web_ng *ng, const struct http_request *request);
/* Any request to such a path; web_ng_admit() has admitted a POST. */
void web_ng_answer(const struct web_ng *ng, const struct http_request *request,
		   struct http_reply *reply);

#endif
