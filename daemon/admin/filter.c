/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.c - which calls a request selects: by Call-ID, tag, address, path, age, quality */
#include <stdlib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>
#include "admin/filter.h"
#include "admin/quality.h"
#include "base/clock.h"
#include "base/count.h"
#include "call/dialog.h"
#include "call/media_path.h"
#include "call/one_way.h"
#include "control_proto.h"
#include "packet/bridge.h"

static const struct media *first_media(const struct call *call)
{
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		for (size_t i = 0; i < dialog->n_media; i++)
			if (dialog->media[i])
				return dialog->media[i];
	return NULL;
}

static bool is_kernel(const char *path)
{
	return strcmp(path, path_names[PATH_USER]) != 0 &&
	       strcmp(path, path_names[PATH_MIXED]) != 0;
}

const char *admin_call_path(const struct call *call)
{
	const struct media *first = first_media(call);
	const char *path = first ? media_path_name(first) : path_names[PATH_USER];
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		for (size_t i = 0; i < dialog->n_media; i++) {
			const char *other =
				dialog->media[i] ? media_path_name(dialog->media[i]) : path;

			if (!strcmp(other, path))
				continue;
			if (!is_kernel(path) || !is_kernel(other))
				return path_names[PATH_MIXED];
			path = path_names[PATH_KERNEL];
		}
	return path;
}

static bool is_path(struct str text)
{
	static const char *const kernel_paths[] = { "module", "bpf" };

	for (int i = PATH_USER; i < PATH_COUNT; i++)
		if (str_eq(text, str_of(path_names[i])))
			return true;
	for (size_t i = 0; i < COUNT(kernel_paths); i++)
		if (str_eq(text, str_of(kernel_paths[i])))
			return true;
	return !text.len;
}

static bool takes_path(const struct call *call, struct str wanted)
{
	const char *path = admin_call_path(call);

	if (!wanted.len || str_eq(wanted, str_of(path)))
		return true;
	return str_eq(wanted, str_of(path_names[PATH_KERNEL])) && is_kernel(path);
}

/* With a port or without; IPv6 with a port is in brackets. */
static bool read_address(struct str text, struct endpoint *ep)
{
	if (!text.len)
		return true;
	if (memchr(text.s, '%', text.len)) /* getaddrinfo() would resolve a scope */
		return false;
	return endpoint_parse_addr(text, AF_UNSPEC, ep) || endpoint_parse(text, 0, ep);
}

/* "3.5"; empty: any. */
static bool read_mos(struct str text, unsigned int *mos_x100)
{
	char copy[8];
	char *end;
	double mos;

	*mos_x100 = 0;
	if (!text.len)
		return true;
	if (text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.s, text.len);
	copy[text.len] = '\0';
	mos = strtod(copy, &end);
	if (*end || strspn(copy, "0123456789.") != text.len || mos < 1 || mos > 5)
		return false;
	*mos_x100 = (unsigned int)(mos * 100 + 0.5);
	return true;
}

/* An integer, or the text of a number with a decimal point. */
static struct str number_text(const struct dict *request, struct str key, char text[24])
{
	int64_t number;

	if (!dict_get_int(request, key, &number))
		return dict_get_str(request, key);
	snprintf(text, 24, "%" PRId64, number);
	return str_of(text);
}

/* A missing number leaves @number as it is. False: not a number from 0 on */
static bool read_count(const struct dict *request, struct str key, int64_t *number)
{
	return !dict_get(request, key) || (dict_get_int(request, key, number) && *number >= 0);
}

/* base/json.c returns true and false as "yes" and "no". */
static bool read_bool(struct str text, bool *value)
{
	*value = str_eq(text, STR("yes"));
	return !text.len || *value || str_eq(text, STR("no"));
}

const char *call_filter_read(const struct dict *request, struct call_filter *filter)
{
	char text[24];

	*filter = (struct call_filter){
		.call_id = dict_get_str(request, STR(CONTROL_FILTER_CALL_ID)),
		.tag = dict_get_str(request, STR(CONTROL_FILTER_TAG)),
		.path = dict_get_str(request, STR(CONTROL_FILTER_PATH)),
	};
	if (!read_count(request, STR(CONTROL_FILTER_MIN_AGE), &filter->min_age_s))
		return "min-age must be a number of seconds";
	if (!read_count(request, STR(CONTROL_FILTER_SKIP), &filter->skip))
		return "skip must be a number of calls";
	if (!read_count(request, STR(CONTROL_FILTER_LIMIT), &filter->limit))
		return "limit must be a number of calls";
	if (!read_bool(dict_get_str(request, STR(CONTROL_FILTER_ONE_WAY)), &filter->one_way))
		return "one-way must be true or false";
	if (!is_path(filter->path))
		return "path must be user, module, bpf, kernel or mixed";
	if (!read_address(dict_get_str(request, STR(CONTROL_FILTER_ADDRESS)), &filter->address))
		return "address must be IP, IP:PORT or [IPV6]:PORT";
	if (!read_mos(number_text(request, STR(CONTROL_FILTER_MAX_MOS), text), &filter->max_mos))
		return "max-mos must be a number from 1 to 5";
	return NULL;
}

static bool contains(struct str text, struct str part)
{
	return !part.len || memmem(text.s, text.len, part.s, part.len);
}

static bool has_tag(const struct call *call, struct str tag)
{
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		for (int side = 0; side < 2; side++)
			if (party_has_tag(&dialog->party[side], tag))
				return true;
	return false;
}

static bool is_at(const struct endpoint *ep, const struct endpoint *target)
{
	return endpoint_port(target) ? endpoint_eq(ep, target) : endpoint_addr_eq(ep, target);
}

static bool media_is_at(const struct media *media, const struct endpoint *target)
{
	struct stream_report r;

	each_component(side, comp) {
		if (!bridge_has(media->bridge, side, comp))
			continue;
		bridge_report(media->bridge, side, comp, &r);
		if (is_at(&r.local, target) || is_at(&r.signalled, target) ||
		    is_at(&r.latched, target))
			return true;
	}
	return false;
}

static bool is_anywhere(const struct call *call, const struct endpoint *target)
{
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		for (size_t i = 0; i < dialog->n_media; i++)
			if (dialog->media[i] && media_is_at(dialog->media[i], target))
				return true;
	return false;
}

/* False for a call without a MOS yet. */
static bool is_at_most(const struct call *call, unsigned int max_mos)
{
	unsigned int mos = admin_call_mos(call);

	return mos && mos <= max_mos;
}

static bool is_one_way(const struct call *call)
{
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		for (size_t i = 0; i < dialog->n_media; i++)
			if (dialog->media[i])
				media_path_refresh(&dialog->media[i], 1);
	return call_one_way(call, clock_ms()) >= 0;
}

bool call_filter_lets(const struct call_filter *filter, const struct call *call)
{
	return contains(call->id, filter->call_id) &&
	       (clock_ms() - call->created_ms) / 1000 >= filter->min_age_s &&
	       (!filter->tag.len || has_tag(call, filter->tag)) &&
	       (!endpoint_is_set(&filter->address) || is_anywhere(call, &filter->address)) &&
	       takes_path(call, filter->path) && (!filter->one_way || is_one_way(call)) &&
	       (!filter->max_mos || is_at_most(call, filter->max_mos));
}
