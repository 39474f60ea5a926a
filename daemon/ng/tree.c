/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.c - adds values that replies have in many places to the tree of a reply
 */
#include "ng/tree.h"

void ng_add_text(struct arena *arena, struct dict *map, struct str key, const char *text)
{
	dict_add_str(arena, map, key, str_of(text));
}

void ng_add_u64(struct arena *arena, struct dict *map, struct str key, uint64_t value)
{
	dict_add_int(arena, map, key, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

void ng_add_address(struct arena *arena, struct dict *map, const struct endpoint *ep)
{
	char text[ENDPOINT_TEXT];

	ng_add_text(arena, map, STR("family"), ep->sa.sa_family == AF_INET6 ? "IPv6" : "IPv4");
	dict_add_str(arena, map, STR("address"),
		     arena_str(arena, str_of(endpoint_print_addr(ep, text))));
}
