/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.c - rtprelayctl kernel: compares the kernel's flows with those the daemon requires
 *
 * The daemon and the kernel are asked one after the other while calls start and end, so a
 * difference counts only if it is still there at the next comparison.
 */
#include "daemon/base/count.h"
#include "kernel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "control_proto.h"
#include "daemon/kernel/talk.h"
#include "line.h"
#include "table.h"
#include "verb.h"

#define ROUNDS	 3
#define PAUSE_NS 300000000L

struct comparison {
	json_t *kernel; /* by local endpoint: members to compare, packets, idle-ms */
	json_t *wanted; /* array of lines "flow" */
	json_t *rows;	/* array of the rows to print: each flow with its state */
	json_t *ports; /* array of the daemon's addresses with their ports; NULL: an older daemon */
	int64_t port_min, port_max;
	bool module, off, failed;
	unsigned int missing, different, extra, foreign, impossible;
};

/* --- The kernel's side ------------------------------------------------------------------------ */

static const char *kind_name(uint8_t kind)
{
	static const char *const names[] = {
		[RTPRELAY_KIND_RTP] = "rtp",
		[RTPRELAY_KIND_RTCP] = "rtcp",
		[RTPRELAY_KIND_MUX] = "mux",
		[RTPRELAY_KIND_OPAQUE] = "opaque",
	};

	return kind < COUNT(names) && names[kind] ? names[kind] : "unknown";
}

static json_t *endpoint_json(const struct endpoint *ep)
{
	char text[ENDPOINT_TEXT];

	return json_string(endpoint_is_set(ep) ? endpoint_print(ep, text) : "any");
}

static void take_flow(void *arg, const struct kmod_message *m)
{
	struct comparison *c = arg;
	char local[ENDPOINT_TEXT];
	json_t *flow;

	if (m->said != KMOD_SAID_FLOW)
		return;
	flow = json_pack("{s:o, s:o, s:o, s:s, s:b, s:I, s:I}", "src", endpoint_json(&m->src),
			 "out", endpoint_json(&m->out), "dst", endpoint_json(&m->dst), "kind",
			 kind_name(m->kind), "drop", (m->flags & RTPRELAY_FLOW_DROP) != 0,
			 "packets", (json_int_t)m->state.sums.packets, "idle-ms",
			 (json_int_t)m->state.seen_ago_ms);
	json_object_set_new(flow, "port", json_integer(endpoint_port(&m->local)));
	json_object_set_new(flow, "address", json_string(endpoint_print_addr(&m->local, local)));
	c->failed |= json_object_set_new(c->kernel, endpoint_print(&m->local, local), flow) != 0;
}

int kernel_dump(kernel_flow_fn *fn, void *arg)
{
	struct talk *talk = calloc(1, sizeof(*talk));
	int err = talk ? 0 : -ENOMEM;
	uint32_t seq;
	size_t len;

	if (talk)
		talk->link = kmod_link_open(&err);
	if (talk && talk->link) {
		err = talk_find_family(talk, RTPRELAY_FAMILY, &talk->family);
		seq = talk_next_seq(talk, 1);
		len = kmod_ask_dump(talk->out, talk->family.id, seq);
		if (!err)
			err = talk_exchange(talk, len, seq, RTPRELAY_FAMILY, fn, arg);
		talk->link->ops->close(talk->link);
	}
	free(talk);
	return err;
}

static int ask_kernel(struct comparison *c)
{
	int err = kernel_dump(take_flow, c);

	if (!err || err == -ENOENT)
		return 0; /* without a module there are no flows */
	fprintf(stderr, "rtprelayctl: cannot read the kernel's flows: %s%s\n", strerror(-err),
		err == -EPERM ? ": run as root or with CAP_NET_ADMIN" : "");
	return err;
}

/* --- The daemon's side ------------------------------------------------------------------------ */

static void take_line(void *arg, const char *type, json_t *line)
{
	struct comparison *c = arg;

	if (!strcmp(type, "module")) {
		c->module = json_is_true(json_object_get(line, "present"));
		c->off = json_is_true(json_object_get(line, "off"));
		c->port_min = number_of(line, "port-min");
		c->port_max = number_of(line, "port-max");
		c->ports = json_incref(json_object_get(line, "ports"));
	} else if (!strcmp(type, "held")) {
		c->failed |= json_object_set(c->kernel, text_of(line, "local"), line) != 0;
	} else if (!strcmp(type, "flow")) {
		c->failed |= json_array_append(c->wanted, line) != 0;
	}
}

/* --- Comparing -------------------------------------------------------------------------------- */

/* An endpoint that the daemon leaves out equals the kernel's "any". */
static bool same(const json_t *wanted, const json_t *held, const char *key)
{
	const char *a = json_string_value(json_object_get(wanted, key));
	const char *b = json_string_value(json_object_get(held, key));

	return !strcmp(a ? a : "any", b ? b : "any");
}

static const char *judge(struct comparison *c, const json_t *wanted, const json_t *held)
{
	if (json_is_true(json_object_get(wanted, "impossible"))) {
		c->impossible++;
		return "user";
	}
	if (json_object_get(wanted, "refusal")) {
		c->missing++;
		return "REFUSED";
	}
	if (!held) {
		c->missing++;
		return "MISSING";
	}
	if (same(wanted, held, "src") && same(wanted, held, "out") && same(wanted, held, "dst") &&
	    same(wanted, held, "kind") &&
	    json_is_true(json_object_get(wanted, "drop")) ==
		    json_is_true(json_object_get(held, "drop")))
		return "ok";
	c->different++;
	return "DIFFERENT";
}

/* @held: the kernel's flow; NULL: there is none */
static void add_row(struct comparison *c, const char *state, json_t *flow, const json_t *held)
{
	json_t *row = json_pack("{s:s, s:s}", "type", "flow", "state", state);

	if (held)
		json_object_set_new(row, "packets", json_integer(number_of(held, "packets")));
	c->failed |= json_object_update_missing(row, flow) || json_array_append_new(c->rows, row);
}

static void compare_wanted(struct comparison *c)
{
	for (size_t i = 0; i < json_array_size(c->wanted); i++) {
		json_t *flow = json_array_get(c->wanted, i);
		const char *local = json_string_value(json_object_get(flow, "local"));
		json_t *held = local ? json_object_get(c->kernel, local) : NULL;
		unsigned int different = c->different;

		add_row(c, judge(c, flow, held), flow, held);
		if (c->different != different) { /* second row: what the kernel has */
			json_object_set_new(held, "local", json_string(local));
			add_row(c, "(is)", held, held);
		}
		if (held)
			json_object_set_new(held, "wanted", json_true());
	}
}

/* A flow outside the daemon's addresses and ports belongs to another daemon. */
static bool is_foreign(const struct comparison *c, const json_t *held)
{
	int64_t port = number_of(held, "port");
	const json_t *range;
	size_t i;

	if (!c->ports)
		return port < c->port_min || port > c->port_max;
	json_array_foreach(
		c->ports, i,
		range) if (!strcmp(text_of(range, "address"), text_of(held, "address")) &&
			   port >= number_of(range, "port-min") &&
			   port <= number_of(range, "port-max")) return false;
	return true;
}

static void compare_rest(struct comparison *c)
{
	const char *local;
	json_t *held;

	json_object_foreach(c->kernel, local, held)
	{
		if (json_object_get(held, "wanted"))
			continue;
		if (is_foreign(c, held)) {
			c->foreign++;
			continue;
		}
		c->extra++;
		json_object_set_new(held, "local", json_string(local));
		add_row(c, "UNWANTED", held, held);
	}
}

static void comparison_end(struct comparison *c)
{
	json_decref(c->kernel);
	json_decref(c->wanted);
	json_decref(c->rows);
	json_decref(c->ports);
	memset(c, 0, sizeof(*c));
}

static int compare(struct comparison *c, const struct options *options)
{
	struct options quiet = *options;
	int status;

	quiet.json = false;
	memset(c, 0, sizeof(*c));
	c->kernel = json_object();
	c->wanted = json_array();
	c->rows = json_array();
	if (!c->kernel || !c->wanted || !c->rows)
		return out_of_memory();
	status = line_ask(&quiet, line_request(CONTROL_VERB_KERNEL), take_line, c);
	if (status != EXIT_OK)
		return status;
	if (!c->off && ask_kernel(c))
		return EXIT_REFUSED;
	compare_wanted(c);
	compare_rest(c);
	return c->failed ? out_of_memory() : EXIT_OK;
}

static bool differs(const struct comparison *c)
{
	return c->missing || c->different || c->extra;
}

/* --- Showing ---------------------------------------------------------------------------------- */

static int show_json(const struct comparison *c)
{
	json_t *line = json_pack("{s:s, s:b, s:i, s:i, s:i, s:i, s:i, s:i}", "type", "kernel",
				 "module", c->module, "wanted", (int)json_array_size(c->wanted),
				 "missing", (int)c->missing, "different", (int)c->different,
				 "unwanted", (int)c->extra, "foreign", (int)c->foreign,
				 "impossible", (int)c->impossible);

	if (!line)
		return out_of_memory();
	for (size_t i = 0; i < json_array_size(c->rows); i++)
		put_json(json_array_get(c->rows, i));
	put_json(line);
	json_decref(line);
	return EXIT_OK;
}

static bool put_row(struct table *table, const json_t *row)
{
	char packets[16];

	return table_add(table, (const char *const[]){
					text_of(row, "state"),
					text_of(row, "local"),
					text_of(row, "src"),
					text_of(row, "out"),
					text_of(row, "dst"),
					short_number((uint64_t)number_of(row, "packets"), packets),
					text_of(row, "call-id"),
					text_of(row, "refusal"),
				});
}

static int show_rows(const struct comparison *c)
{
	static const struct column columns[] = {
		{ .head = "STATE" },
		{ .head = "LOCAL", .cut = true },
		{ .head = "FROM", .cut = true },
		{ .head = "OUT", .cut = true, .spare = true },
		{ .head = "TO", .cut = true },
		{ .head = "PACKETS", .right = true },
		{ .head = "CALL-ID", .cut = true },
		{ .head = "WHY REFUSED", .cut = true },
		{ .head = NULL },
	};
	struct table *table = table_new(columns);
	bool good = table;

	for (size_t i = 0; i < json_array_size(c->rows) && good; i++)
		good = put_row(table, json_array_get(c->rows, i));
	if (good && table_rows(table))
		table_print(table);
	table_free(table);
	return good ? EXIT_OK : out_of_memory();
}

static void show_sums(const struct comparison *c)
{
	printf("%zu flows required, %zu in the kernel", json_array_size(c->wanted),
	       json_object_size(c->kernel));
	if (c->foreign)
		printf(", %u of them outside the daemon's ports", c->foreign);
	if (c->impossible)
		printf(", %u cannot be there", c->impossible);
	if (differs(c))
		printf("\n%sDIFFERENCES: %u missing, %u different, %u unwanted%s\n",
		       colour(COLOUR_BAD), c->missing, c->different, c->extra, colour(COLOUR_END));
	else
		printf(": %sthe same%s\n", colour(COLOUR_OK), colour(COLOUR_END));
}

static int show(const struct comparison *c)
{
	int status = EXIT_OK;

	if (c->off) {
		puts("the kernel path is off (kernel=off): media is relayed in user space");
	} else if (!c->module) {
		puts("no kernel path is available: media is relayed in user space; see doctor");
	} else {
		status = show_rows(c);
		if (status == EXIT_OK)
			show_sums(c);
	}
	return status;
}

int verb_kernel(const struct options *options, int argc, char **argv)
{
	const struct timespec pause = { 0, PAUSE_NS };
	struct comparison c;
	int status = compare(&c, options);

	(void)argc;
	(void)argv;
	for (int round = 1; round < ROUNDS && status == EXIT_OK && differs(&c); round++) {
		comparison_end(&c);
		nanosleep(&pause, NULL);
		status = compare(&c, options);
	}
	if (status == EXIT_OK && options->json)
		status = show_json(&c);
	else if (status == EXIT_OK)
		status = show(&c);
	if (status == EXIT_OK && differs(&c))
		status = EXIT_REFUSED;
	comparison_end(&c);
	return status;
}
