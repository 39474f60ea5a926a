/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics_commands.c - commands of proxies, and the replies */
#include "web/metrics_table.h"

static struct str proxy_name(const struct proxy_stats *row, char *text)
{
	if (!endpoint_is_set(&row->addr))
		return STR("others");
	return str_of(endpoint_print_addr(&row->addr, text));
}

typedef void put_verb_fn(struct metrics_text *text, const struct metric_label *labels, size_t n,
			 const struct proxy_stats *proxy, size_t verb);

static void put_count(struct metrics_text *text, const struct metric_label *labels, size_t n,
		      const struct proxy_stats *proxy, size_t verb)
{
	metrics_u64(text, labels, n, proxy->count[verb]);
}

static void put_duration(struct metrics_text *text, const struct metric_label *labels, size_t n,
			 const struct proxy_stats *proxy, size_t verb)
{
	metrics_seconds(text, labels, n, proxy->duration_us[verb]);
}

static void each_verb(struct view *view, put_verb_fn *put_verb)
{
	const struct stats *stats = &view->report->stats;
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < stats->n_proxies; i++) {
		struct metric_label labels[] = {
			{ "proxy", proxy_name(&stats->proxy[i], text) },
			{ "request", STR_NONE },
		};

		for (size_t verb = 0; verb < VERB_COUNT; verb++) {
			labels[1].value = str_of(stats_verb_names[verb]);
			put_verb(&view->text, labels, COUNT(labels), &stats->proxy[i], verb);
		}
	}
}

static void requests(struct view *view)
{
	each_verb(view, put_count);
}

static void request_seconds(struct view *view)
{
	each_verb(view, put_duration);
}

static void errors(struct view *view)
{
	const struct stats *stats = &view->report->stats;
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < stats->n_proxies; i++)
		put_one(view, "proxy", proxy_name(&stats->proxy[i], text), stats->proxy[i].errors);
}

static void control_requests(struct view *view)
{
	put(view, view->report->stats.requests);
}

static void control_replays(struct view *view)
{
	put(view, view->report->stats.replayed);
}

static void control_replies(struct view *view)
{
	put(view, view->report->stats.replies);
}

static void control_failures(struct view *view)
{
	const struct stats *stats = &view->report->stats;

	put_one(view, "reason", STR("malformed"), stats->malformed);
	put_one(view, "reason", STR("unknown_command"), stats->unknown_command);
	put_one(view, "reason", STR("not_allowed"), stats->not_allowed);
	put_one(view, "reason", STR("from_media_port"), stats->from_media_port);
	put_one(view, "reason", STR("reply_too_large"), stats->reply_too_large);
	put_one(view, "reason", STR("send_failed"), stats->send_failed);
}

static void control_evicted(struct view *view)
{
	put(view, view->report->stats.replies_evicted);
}

static void rtpproxy_commands(struct view *view)
{
	put_one(view, "result", STR("done"), view->report->stats.rtpp_done);
	put_one(view, "result", STR("refused"), view->report->stats.rtpp_refused);
}

/* --- The table -------------------------------------------------------------------------------- */

/* clang-format off */
static const struct metric rows[] = {
	{ "requests_total", METRIC_COUNTER, "Commands executed, by proxy and command.", requests },
	{ "request_seconds_total", METRIC_COUNTER, "Time spent on commands, by proxy and command.", request_seconds },
	{ "errors_total", METRIC_COUNTER, "Commands answered with an error, by proxy.", errors },
	{ "control_requests_total", METRIC_COUNTER, "Requests received at the control sockets, repeated ones included.", control_requests },
	{ "control_replayed_total", METRIC_COUNTER, "Repeated requests, answered with the recorded reply.", control_replays },
	{ "control_replies_total", METRIC_COUNTER, "Replies sent.", control_replies },
	{ "control_failures_total", METRIC_COUNTER, "Requests without a reply, or with an error reply, by reason.", control_failures },
	{ "control_replies_evicted_total", METRIC_COUNTER, "Recorded replies removed early for lack of room: raise replay-entries or replay-mbytes.", control_evicted },
	{ "rtpproxy_commands_total", METRIC_COUNTER, "Commands of the rtpproxy protocol, by result.", rtpproxy_commands },
};
/* clang-format on */

const struct metric_table metrics_commands = { rows, COUNT(rows) };
