/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timeout_post.h - tells HTTP servers which calls timed out: a POST with a JSON object for each
 *
 * Nothing here blocks: objects wait in a queue for each server, up to a limit, and go out one after
 * the other over a connection that stays open. Control thread only.
 */
#ifndef RTPRELAY_TIMEOUT_POST_H
#define RTPRELAY_TIMEOUT_POST_H

#include "base/list.h"
#include "call/tree.h"

/*
 * Objects that wait for one server, and bytes of all of them, at most: then the oldest are lost.
 * One object: four names of the greatest length fit, each byte as an escape of JSON, so that no
 * caller can choose names that keep the end of a call from being told.
 */
#define TIMEOUT_POSTS	    1024
#define TIMEOUT_POSTS_BYTES ((size_t)16 * 1024 * 1024)
#define TIMEOUT_POST_BYTES  ((size_t)100 * 1024)

#define TIMEOUT_POST_RETRY_MS	 500
#define TIMEOUT_POST_PATIENCE_MS 10000

struct timeout_post;

struct timeout_post_conf {
	struct event_base *base;	/* NULL: only reads the values */
	const struct conf_list *notify; /* values that are no URL are left out */
	uint64_t *lost;			/* counts the objects that no server took */
	unsigned int retry_ms;		/* TIMEOUT_POST_RETRY_MS; doubles with each failure */
	unsigned int patience_ms; /* TIMEOUT_POST_PATIENCE_MS, for an answer; tests use less */
};

/* Is this value of "notify" a URL? */
bool timeout_post_is(const char *text);
/*
 * "http://192.0.2.1:8080/path" to "192.0.2.1:8080", for base/resolve.h. False: it is no valid URL,
 * or longer than @size
 */
bool timeout_post_address(const char *url, char *out, size_t size);
/* Does not connect yet. NULL and *error: a text with the value */
struct timeout_post *timeout_post_open(const struct timeout_post_conf *conf, const char **error);
/* What waits is lost. Takes NULL. */
void timeout_post_close(struct timeout_post *post);
/*
 * A call_timed_out_fn: a POST when the last dialog of the call ends. @arg: struct timeout_post
 */
void timeout_post_timed_out(void *arg, const struct dialog *dialog);
/* Objects that wait, of all servers. */
size_t timeout_post_waiting(const struct timeout_post *post);

#endif
