/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.h - which calls a request selects: by Call-ID, tag, address, path, age, quality */
#ifndef RTPRELAY_ADMIN_FILTER_H
#define RTPRELAY_ADMIN_FILTER_H

#include "base/dict.h"
#include "call/tree.h"

/* Texts are slices of the request, in the peer's arena. Empty, unset, 0: any. */
struct call_filter {
	struct str call_id, tag;
	struct endpoint address; /* port 0: any port */
	struct str path;	 /* as admin_call_path(); "kernel": any path in the kernel */
	int64_t min_age_s;
	bool one_way;	      /* only calls of which one side is not heard */
	unsigned int max_mos; /* hundredths; 0: any, also calls without a MOS */
	int64_t skip, limit;  /* @skip 0: skip none; @limit 0: no limit */
};

/* Return: NULL; or the error text for an invalid value */
const char *call_filter_read(const struct dict *request, struct call_filter *filter);
bool call_filter_lets(const struct call_filter *filter, const struct call *call);

/* The path of all medias of a call: "user", "module", "bpf", "mixed", "kernel" */
const char *admin_call_path(const struct call *call);

#endif
