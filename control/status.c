/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status.c - rtprelayctl status and stats: the daemon as a whole */
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>
#include "control_proto.h"
#include "daemon/base/log.h"
#include "line.h"
#include "mapping.h"
#include "table.h"
#include "verb.h"

#define MODULE_VERSION_FILE "/sys/module/rtprelay/version"

/* --- status ----------------------------------------------------------------------------------- */

/* Version of the loaded module; "" if none is loaded. */
static void read_module_version(char *text, size_t size)
{
	FILE *file = fopen(MODULE_VERSION_FILE, "re");

	text[0] = '\0';
	if (!file)
		return;
	if (fgets(text, (int)size, file))
		text[strcspn(text, "\n")] = '\0';
	fclose(file);
}

static void print_module(const json_t *kernel)
{
	const json_t *features = json_object_get(kernel, "features");
	bool off = !strcmp(text_of(kernel, "mode"), "off");
	char version[64];

	if (!strcmp(text_of(kernel, "path"), "bpf")) {
		printf("bpf        %savailable%s, flows %" PRId64 "\n", colour(COLOUR_OK),
		       colour(COLOUR_END), number_of(kernel, "flows"));
		return;
	}
	if (!json_is_true(json_object_get(kernel, "module"))) {
		printf("kernel     %s%s%s\n", colour(off ? COLOUR_END : COLOUR_WARN),
		       off ? "off (kernel=off)" : "not available: media is relayed in user space",
		       colour(COLOUR_END));
		return;
	}
	read_module_version(version, sizeof(version));
	printf("module     %savailable%s%s%s, flows %" PRId64 ", features", colour(COLOUR_OK),
	       colour(COLOUR_END), *version ? ", version " : "", version,
	       number_of(kernel, "flows"));
	for (size_t i = 0; i < json_array_size(features); i++)
		printf(" %s", json_string_value(json_array_get(features, i)));
	putchar('\n');
}

/* A path that would be better than the one in use: they come in this order. */
static void print_why_not(const json_t *kernel)
{
	const json_t *paths = json_object_get(kernel, "paths");

	for (size_t i = 0; i < json_array_size(paths); i++) {
		const json_t *path = json_array_get(paths, i);

		if (json_is_true(json_object_get(path, "used")))
			return;
		printf("           not by %s: %s\n", text_of(path, "path"),
		       text_of(path, "why-not"));
	}
}

/* The parts of the kernel's sum. */
static void print_kernel_paths(const json_t *kernel)
{
	const json_t *paths = json_object_get(kernel, "paths");

	for (size_t i = 0; i < json_array_size(paths); i++) {
		const json_t *path = json_array_get(paths, i);
		char packets[16];

		if (!number_of(path, "packets") && !number_of(path, "flows"))
			continue;
		printf("  %-8s %" PRId64 " streams; %s packets so far\n", text_of(path, "path"),
		       number_of(path, "flows"),
		       short_number((uint64_t)number_of(path, "packets"), packets));
	}
}

/* Only if something is wrong: who reads this can use the socket. */
static void print_control(const json_t *control)
{
	if (json_object_get(control, "group-error"))
		printf("control    %sgroup %s cannot be given: %s%s: only root and the daemon's "
		       "user "
		       "can use rtprelayctl\n",
		       colour(COLOUR_BAD), text_of(control, "group"),
		       text_of(control, "group-error"), colour(COLOUR_END));
}

static void print_journal(const json_t *status)
{
	const json_t *journal = json_object_get(status, "journal");
	bool by_choice = !strcmp(text_of(status, "state"), "none");
	const char *state = text_of(journal, "state");
	bool good = !strcmp(state, "ok") || !strcmp(state, "off");

	printf("journal    %s%s%s%s, calls restored %" PRId64 ", lost %" PRId64 "\n",
	       colour(good ? COLOUR_END : COLOUR_BAD), state, colour(COLOUR_END),
	       by_choice ? " (state=none)" : "", number_of(journal, "restored"),
	       number_of(journal, "lost"));
}

/* What the threads of the daemon may call. */
static void print_seccomp(const json_t *seccomp)
{
	const char *mode = text_of(seccomp, "mode");
	bool off = !strcmp(mode, "off");

	if (!seccomp) /* an older daemon */
		return;
	printf("seccomp    %s%s%s", colour(off ? COLOUR_WARN : COLOUR_END), mode,
	       colour(COLOUR_END));
	if (json_object_get(seccomp, "why-not"))
		printf(", but %s%s%s", colour(COLOUR_BAD), text_of(seccomp, "why-not"),
		       colour(COLOUR_END));
	else if (!strcmp(mode, "log"))
		printf(", calls that are not in the lists: %" PRId64,
		       number_of(seccomp, "violations"));
	putchar('\n');
}

static void print_bans(const json_t *bans)
{
	const char *state = text_of(bans, "state");
	bool good = !strcmp(state, "ok") || !strcmp(state, "off");

	if (!bans) /* an older daemon */
		return;
	printf("bans       %" PRId64 " address%s; saving them: %s%s%s\n",
	       number_of(bans, "addresses"), number_of(bans, "addresses") == 1 ? "" : "es",
	       colour(good ? COLOUR_END : COLOUR_BAD), state, colour(COLOUR_END));
}

static void print_cdr(const json_t *cdr)
{
	const char *state = text_of(cdr, "state");

	if (cdr)
		printf("records    of calls in %s: %s%s%s, lost %" PRId64 "\n",
		       text_of(cdr, "file"), colour(strcmp(state, "ok") ? COLOUR_BAD : COLOUR_END),
		       state, colour(COLOUR_END), number_of(cdr, "lost"));
}

/* Of the disk, as this user sees it. -1: not known */
static int64_t free_mib(const char *path)
{
	struct statvfs disk;

	if (!path || statvfs(path, &disk))
		return -1;
	return (int64_t)((uint64_t)disk.f_bavail * disk.f_frsize >> 20);
}

static void print_recording(const json_t *recording)
{
	int64_t mib = free_mib(json_string_value(json_object_get(recording, "dir")));
	int64_t lost = number_of(recording, "lost-ring") + number_of(recording, "lost-kernel") +
		       number_of(recording, "lost-disk");

	if (!recording)
		return;
	printf("recording  %s", text_of(recording, "dir"));
	if (mib >= 0)
		printf(", %s%" PRId64 " MiB free%s (at least %" PRId64 " are kept)",
		       colour(mib > number_of(recording, "min-free-mib") ? COLOUR_END : COLOUR_BAD),
		       mib, colour(COLOUR_END), number_of(recording, "min-free-mib"));
	printf("; begun %" PRId64 ", failed %" PRId64 ", packets lost %" PRId64 "\n",
	       number_of(recording, "begun"), number_of(recording, "failed"), lost);
	if (json_is_false(json_object_get(recording, "usable")))
		printf("           %snothing can be recorded: %s%s\n", colour(COLOUR_BAD),
		       text_of(recording, "why-not"), colour(COLOUR_END));
}

static void print_copies(const json_t *copies)
{
	if (copies)
		printf("copies     %" PRId64 " recorder%s now, %" PRId64 " line%s; so far %" PRId64
		       "\n",
		       number_of(copies, "now"), s_after(copies, "now"), number_of(copies, "lines"),
		       s_after(copies, "lines"), number_of(copies, "made"));
}

static void print_stun(const json_t *stun)
{
	const json_t *list = json_object_get(stun, "listen"),
		     *tcp = json_object_get(stun, "listen-tcp");

	if (!stun)
		return;
	printf("stun      ");
	for (size_t i = 0; i < json_array_size(list); i++)
		printf("%s %s", i ? "," : "", json_string_value(json_array_get(list, i)));
	for (size_t i = 0; i < json_array_size(tcp); i++)
		printf("%s tcp:%s", i || json_array_size(list) ? "," : "",
		       json_string_value(json_array_get(tcp, i)));
	printf("\n           requests %" PRId64 ", replies %" PRId64 ", limited %" PRId64
	       "; NAT discovery: %s\n",
	       number_of(stun, "requests"), number_of(stun, "replies"), number_of(stun, "limited"),
	       json_is_true(json_object_get(stun, "discovery")) ? "yes" : "no");
}

static void print_path(const char *name, const json_t *path)
{
	char packets[16], bytes[16];

	printf("%-10s %" PRId64 " media%s, %" PRId64 " stream%s, %" PRId64 " packets/s now; "
	       "%s packet%s, %s bytes, %" PRId64 " error%s so far\n",
	       name, number_of(path, "medias"), s_after(path, "medias"), number_of(path, "streams"),
	       s_after(path, "streams"), number_of(path, "packets-per-s"),
	       short_number((uint64_t)number_of(path, "packets"), packets),
	       s_after(path, "packets"), short_number((uint64_t)number_of(path, "bytes"), bytes),
	       number_of(path, "errors"), s_after(path, "errors"));
}

static bool add_iface(struct table *table, const json_t *iface)
{
	static const char *const keys[] = { "pairs", "used", "free", "quarantined",
					    "taken-by-others" };
	char numbers[5][24], ports[32], address[96];

	for (size_t i = 0; i < 5; i++)
		snprintf(numbers[i], sizeof(numbers[i]), "%" PRId64, number_of(iface, keys[i]));
	snprintf(ports, sizeof(ports), "%" PRId64 "-%" PRId64, number_of(iface, "port-min"),
		 number_of(iface, "port-max"));
	snprintf(address, sizeof(address), "%s%s", text_of(iface, "address"),
		 json_is_true(json_object_get(iface, "gone")) ? " (gone)" : "");
	return table_add(table,
			 (const char *const[]){ text_of(iface, "name"), address,
						text_of(iface, "advertised"), ports, numbers[0],
						numbers[1], numbers[2], numbers[3], numbers[4] });
}

static void print_ifaces(const json_t *ifaces)
{
	static const struct column columns[] = {
		{ .head = "INTERFACE", .cut = true },	 { .head = "ADDRESS" },
		{ .head = "ADVERTISED", .spare = true }, { .head = "PORTS" },
		{ .head = "PAIRS", .right = true },	 { .head = "USED", .right = true },
		{ .head = "FREE", .right = true },	 { .head = "QUARANTINED", .right = true },
		{ .head = "TAKEN", .right = true },	 { .head = NULL },
	};
	struct table *table = table_new(columns);
	bool good = table;

	for (size_t i = 0; i < json_array_size(ifaces) && good; i++)
		good = add_iface(table, json_array_get(ifaces, i));
	if (good) {
		putchar('\n');
		table_print(table);
		puts("A call takes a pair of ports on each side. QUARANTINED: at rest after a "
		     "call;\n"
		     "TAKEN: another program has one of the two ports.");
	}
	table_free(table);
}

/* Has an earlier interface the same ports? */
static bool is_earlier_range(const json_t *ifaces, size_t index)
{
	const json_t *iface = json_array_get(ifaces, index);

	for (size_t i = 0; i < index; i++) {
		const json_t *other = json_array_get(ifaces, i);

		if (number_of(other, "port-min") == number_of(iface, "port-min") &&
		    number_of(other, "port-max") == number_of(iface, "port-max"))
			return true;
	}
	return false;
}

/* Each range once; the table of interfaces says who has it. */
static void print_ports(const json_t *status)
{
	const json_t *ifaces = json_object_get(status, "interfaces");

	printf("ports      ");
	for (size_t i = 0; i < json_array_size(ifaces); i++)
		if (!is_earlier_range(ifaces, i))
			printf("%s%" PRId64 "-%" PRId64, i ? ", " : "",
			       number_of(json_array_get(ifaces, i), "port-min"),
			       number_of(json_array_get(ifaces, i), "port-max"));
	printf("%s, log level %s\n",
	       json_array_size(ifaces) ? "" : "none: no interface has an address",
	       text_of(status, "log-level"));
}

static void print_age(const char *text, const json_t *outside, const char *key)
{
	char age[16];

	if (json_object_get(outside, key))
		printf("%s%s ago", text, short_age(number_of(outside, key), age));
}

/* Where the advertised address is found out: by whom, or why it is not. */
static void print_outside(const json_t *iface)
{
	const json_t *outside = json_object_get(iface, "external");
	bool usable = json_is_true(json_object_get(outside, "usable"));

	if (!outside)
		return;
	printf("outside    %s: ", text_of(iface, "address"));
	if (usable)
		printf("%s, %s%s", text_of(iface, "advertised"),
		       strcmp(text_of(outside, "state"), "last") ? "says "
								 : "the last one, not confirmed",
		       text_of(outside, "source"));
	else
		printf("%sunknown: calls are refused%s", colour(COLOUR_BAD), colour(COLOUR_END));
	print_age(", found ", outside, "changed-ago");
	print_age(", confirmed ", outside, "checked-ago");
	putchar('\n');
	if (json_object_get(outside, "why"))
		printf("           %s%s%s\n", colour(COLOUR_WARN), text_of(outside, "why"),
		       colour(COLOUR_END));
}

static void print_all_outside(const json_t *ifaces)
{
	for (size_t i = 0; i < json_array_size(ifaces); i++) {
		print_outside(json_array_get(ifaces, i));
		mapping_print(json_array_get(ifaces, i));
	}
}

/* Commands of these sources are not answered: one of them may be the proxy. */
static void print_refused(const json_t *status)
{
	const json_t *list = json_object_get(status, "refused-proxies");

	if (json_object_get(status, "control-allow"))
		printf("commands   accepted from %s\n", text_of(status, "control-allow"));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *source = json_array_get(list, i);
		char age[16];

		printf("%srefused    %" PRId64 " command%s from %s, the last %s ago: it is not in "
		       "control-allow%s\n",
		       colour(COLOUR_BAD), number_of(source, "commands"),
		       s_after(source, "commands"), text_of(source, "address"),
		       short_age(number_of(source, "last-ago"), age), colour(COLOUR_END));
		printf("           if it is your proxy, set control-allow = %s, %s and restart "
		       "rtprelayd\n",
		       text_of(status, "control-allow"), text_of(source, "address"));
	}
}

static bool print_list(const char *name, const json_t *list, bool more)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		char shown[120];

		log_escape(str_of(json_string_value(json_array_get(list, i))), shown,
			   sizeof(shown));
		printf("%s%s%s%s", more || i ? ", " : "listen     ", i ? "" : name, i ? "" : " ",
		       shown);
		more = true;
	}
	return more;
}

static void print_places(const json_t *status)
{
	bool http_ng = json_is_true(json_object_get(status, "http-ng"));
	bool more = print_list("NG", json_object_get(status, "listen-ng"), false);

	more = print_list("NG over TCP", json_object_get(status, "listen-tcp-ng"), more);
	more = print_list("rtpproxy", json_object_get(status, "listen-rtpproxy"), more);
	if (print_list(http_ng ? "HTTP with NG" : "HTTP", json_object_get(status, "listen-http"),
		       more))
		putchar('\n');
	if (json_object_get(status, "config"))
		printf("files      configuration %s, state-dir %s\n", text_of(status, "config"),
		       text_of(status, "state-dir"));
}

/* max-load, max-cpu, max-bandwidth, if they are set */
static void print_limits(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *limit = json_array_get(list, i);
		bool exceeded = json_is_true(json_object_get(limit, "exceeded"));

		printf("limit      %s%s %.15g, now %.15g%s%s\n",
		       colour(exceeded ? COLOUR_WARN : COLOUR_END), text_of(limit, "key"),
		       real_of(limit, "limit"), real_of(limit, "value"),
		       exceeded ? ": above, new calls are refused" : "", colour(COLOUR_END));
	}
}

static void print_debugged(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		char id[LOG_CALL_ID + 1];
		const char *text = json_string_value(json_array_get(list, i));

		printf("debug      call %s: see call --debug\n",
		       log_escape(str_of(text), id, sizeof(id)));
	}
}

static void print_status(void *arg, const char *type, json_t *status)
{
	char age[16];

	(void)arg;
	if (strcmp(type, "status") != 0)
		return;
	printf("rtprelayd  version %s, process %" PRId64 ", up %s, media threads %" PRId64 "\n",
	       text_of(status, "version"), number_of(status, "pid"),
	       short_age(number_of(status, "uptime"), age), number_of(status, "media-threads"));
	print_module(json_object_get(status, "kernel"));
	print_why_not(json_object_get(status, "kernel"));
	printf("calls      %" PRId64 ", medias %" PRId64 ", streams %" PRId64,
	       number_of(status, "calls"), number_of(status, "medias"),
	       number_of(status, "streams"));
	if (number_of(status, "one-way-calls"))
		printf("; %sone-way %" PRId64 "%s (calls --one-way)", colour(COLOUR_WARN),
		       number_of(status, "one-way-calls"), colour(COLOUR_END));
	if (number_of(status, "max-sessions"))
		printf("; at most %" PRId64 " call%s", number_of(status, "max-sessions"),
		       s_after(status, "max-sessions"));
	if (json_is_true(json_object_get(status, "drain")))
		printf("; %snew ones are refused (drain%s)%s", colour(COLOUR_WARN),
		       json_is_true(json_object_get(status, "drain-kept")) ? ""
									   : ", until the restart",
		       colour(COLOUR_END));
	putchar('\n');
	print_limits(json_object_get(status, "limits"));
	print_path("kernel", json_object_get(status, "kernel-path"));
	print_kernel_paths(json_object_get(status, "kernel"));
	print_path("user", json_object_get(status, "user-path"));
	print_ports(status);
	print_places(status);
	print_control(json_object_get(status, "control"));
	print_journal(status);
	print_refused(status);
	print_seccomp(json_object_get(status, "seccomp"));
	print_bans(json_object_get(status, "bans"));
	print_cdr(json_object_get(status, "cdr"));
	print_recording(json_object_get(status, "recording"));
	print_copies(json_object_get(status, "copies"));
	print_stun(json_object_get(status, "stun"));
	print_all_outside(json_object_get(status, "interfaces"));
	print_debugged(json_object_get(status, "debug-calls"));
	print_ifaces(json_object_get(status, "interfaces"));
}

int verb_status(const struct options *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return line_ask(options, line_request(CONTROL_VERB_STATUS), print_status, NULL);
}

/* --- stats ------------------------------------------------------------------------------------ */

static const struct column stats_columns[] = {
	{ .head = "COUNTER" },
	{ .head = "VALUE", .right = true },
	{ .head = "UNIT", .cut = true },
	{ .head = "HELP", .cut = true, .spare = true },
	{ .head = NULL },
};

struct stats_table {
	struct table *table;
	bool all, failed;
};

static void add_counter(void *arg, const char *type, json_t *counter)
{
	struct stats_table *stats = arg;
	const char *proxy = json_string_value(json_object_get(counter, "proxy"));
	char name[160], value[24];

	if (strcmp(type, "counter") != 0 || (!stats->all && !number_of(counter, "value")))
		return;
	snprintf(name, sizeof(name), "%s.%s%s%s", text_of(counter, "of"),
		 proxy ? text_of(counter, "proxy") : "", proxy ? "." : "",
		 text_of(counter, "name"));
	snprintf(value, sizeof(value), "%" PRId64, number_of(counter, "value"));
	stats->failed |= !table_add(stats->table,
				    (const char *const[]){ name, value, text_of(counter, "unit"),
							   text_of(counter, "help") });
}

int verb_stats(const struct options *options, int argc, char **argv)
{
	struct stats_table stats = { table_new(stats_columns), options->all, false };
	int status;

	(void)argc;
	(void)argv;
	if (!stats.table)
		return out_of_memory();
	status = line_ask(options, line_request(CONTROL_VERB_STATS), add_counter, &stats);
	return table_end(stats.table, stats.failed, status, !options->json);
}
