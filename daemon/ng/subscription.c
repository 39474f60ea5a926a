/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * subscription.c - the reply to "subscribe request", beside its SDP
 *
 * Keys and nesting are rtpengine's. OpenSIPS and Kamailio read the labels as numbers, which are
 * written as texts.
 */
#include "ng/subscription.h"
#include "ng/tree.h"

static struct str label_text(struct arena *arena, const struct subscription_line *line)
{
	return arena_printf(arena, "%u", line->label);
}

static bool is_first_of_tag(const struct subscription_report *report, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (str_eq(report->line[i].tag, report->line[index].tag))
			return false;
	return true;
}

static void add_source(struct arena *arena, struct dict *map, const struct subscription_line *line)
{
	dict_add_int(arena, map, STR("index"), line->index);
	dict_add_str(arena, map, STR("type"), line->type);
}

static void add_medias(struct arena *arena, struct dict *list,
		       const struct subscription_report *report, struct str tag)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct subscription_line *line = &report->line[i];
		struct dict *map;

		if (!str_eq(line->tag, tag))
			continue;
		map = dict_add_map(arena, list, STR_NONE);
		add_source(arena, map, line);
		dict_add_str(arena, map, STR("label"), label_text(arena, line));
		dict_add_str(arena, map, STR("mode"), line->mode);
	}
}

static void add_tag_medias(struct arena *arena, struct dict *map,
			   const struct subscription_report *report)
{
	struct dict *list = dict_add_list(arena, map, STR("tag-medias"));

	for (size_t i = 0; i < report->n; i++) {
		const struct subscription_line *line = &report->line[i];
		struct dict *own;

		if (!is_first_of_tag(report, i))
			continue;
		own = dict_add_map(arena, list, STR_NONE);
		dict_add_str(arena, own, STR("tag"), line->tag);
		if (line->party_label.len)
			dict_add_str(arena, own, STR("label"), line->party_label);
		add_medias(arena, dict_add_list(arena, own, STR("medias")), report, line->tag);
	}
}

static void add_media_labels(struct arena *arena, struct dict *map,
			     const struct subscription_report *report)
{
	struct dict *labels = dict_add_map(arena, map, STR("media-labels"));

	for (size_t i = 0; i < report->n; i++) {
		const struct subscription_line *line = &report->line[i];
		struct dict *own = dict_add_map(arena, labels, label_text(arena, line));

		dict_add_str(arena, own, STR("tag"), line->tag);
		add_source(arena, own, line);
		dict_add_str(arena, own, STR("mode"), line->mode);
		if (line->party_label.len)
			dict_add_str(arena, own, STR("label"), line->party_label);
	}
}

void ng_add_subscription(struct arena *arena, struct dict *map,
			 const struct subscription_report *report)
{
	struct dict *list;
	bool one = true;

	for (size_t i = 1; i < report->n; i++)
		one = one && str_eq(report->line[i].tag, report->line[0].tag);
	if (report->n && one)
		dict_add_str(arena, map, STR("from-tag"), report->line[0].tag);
	if (report->siprec) {
		add_tag_medias(arena, map, report);
		add_media_labels(arena, map, report);
	}
	list = dict_add_list(arena, map, STR("from-tags"));
	for (size_t i = 0; i < report->n; i++)
		dict_add_str(arena, list, STR_NONE, report->line[i].tag);
	dict_add_str(arena, map, STR("to-tag"), report->to_tag);
}
