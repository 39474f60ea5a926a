/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_admin_config.c - the verbs config and set: the running configuration, shown and changed */
#include <jansson.h>
#include <sys/socket.h>
#include <unistd.h>
#include "control_proto.h"
#include "daemon/admin/admin.h"
#include "daemon/base/count.h"
#include "daemon/conf/load.h"
#include "tests/unit/call/call_scene.h"

static char name[] = "rtprelayd", iface[] = "--interface=pub/127.0.0.1, other/127.0.0.2",
	    listen_ng[] = "--listen-ng=127.0.0.1:2223", timeout[] = "--timeout=70",
	    no_file[] = "--config=none", password[] = "--homer-password=hunter2",
	    another[] = "--homer-password=hunter3", wrong[] = "--timeout=0";
static char *running[] = { name, iface, listen_ng, timeout, password, no_file, NULL };
static char *written[] = { name, iface, listen_ng, no_file, NULL };
static char *changed[] = { name, iface, listen_ng, another, no_file, NULL };
static char *refused[] = { name, iface, listen_ng, wrong, no_file, NULL };

/* A daemon as far as the two verbs need it. */
static struct {
	struct scene scene;
	struct conf conf;
	char **written; /* what it reads when it reads its configuration again */
	unsigned int applied;
	struct admin *admin;
	int fd;
	json_t *lines[100];
	size_t n_lines;
} it;

static void apply(void *arg, const struct conf *conf)
{
	(void)arg;
	conf_take_live(&it.conf, conf);
	it.applied++;
}

static int load(struct conf *conf, char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return conf_load(conf, argc, argv);
}

static bool read_again(void *arg, struct conf *fresh)
{
	(void)arg;
	return !load(fresh, it.written);
}

static void start(void)
{
	struct admin_conf conf;
	int fd[2];

	memset(&it, 0, sizeof(it));
	scene_open(&it.scene);
	CU_ASSERT_EQUAL_FATAL(load(&it.conf, running), 0);
	it.written = written;
	conf = (struct admin_conf){ .base = it.scene.base,
				    .fd = -1,
				    .calls = it.scene.calls,
				    .conf = &it.conf,
				    .settings = { .apply = apply, .read = read_again } };
	it.admin = admin_open(&conf);
	scene_must(it.admin, "admin");
	scene_must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd),
		   "socketpair");
	admin_accept(it.admin, fd[1]);
	it.fd = fd[0];
}

static void forget(void)
{
	while (it.n_lines)
		json_decref(it.lines[--it.n_lines]);
}

static void stop(void)
{
	forget();
	close(it.fd);
	admin_close(it.admin);
	conf_free(&it.conf);
	CU_ASSERT(scene_close(&it.scene));
}

/* Fills it.lines; returns the last one. */
static const json_t *ask(const char *request)
{
	static char text[65536];
	size_t len = 0;
	ssize_t got;

	forget();
	CU_ASSERT_EQUAL(write(it.fd, request, strlen(request)), (ssize_t)strlen(request));
	do {
		event_base_loop(it.scene.base, EVLOOP_NONBLOCK);
		got = read(it.fd, text + len, sizeof(text) - len);
		len += got > 0 ? (size_t)got : 0;
	} while (got > 0 || !len);
	for (char *line = text, *end; (end = memchr(line, '\n', len)); line = end + 1) {
		CU_ASSERT_FATAL(it.n_lines < COUNT(it.lines));
		it.lines[it.n_lines++] = json_loadb(line, (size_t)(end - line), 0, NULL);
		len -= (size_t)(end - line) + 1;
	}
	CU_ASSERT_FATAL(it.n_lines > 0);
	return it.lines[it.n_lines - 1];
}

static const char *member(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	return text ? text : "none";
}

static const json_t *line_of(const char *key)
{
	for (size_t i = 0; i < it.n_lines; i++)
		if (!strcmp(member(it.lines[i], "key"), key))
			return it.lines[i];
	return NULL;
}

static void test_each_key_has_value_and_default(void)
{
	const json_t *end, *line;

	start();
	end = ask("{\"verb\":\"config\"}\n");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(end, "count")), it.n_lines - 1);
	CU_ASSERT(it.n_lines > 40);
	line = line_of("timeout");
	CU_ASSERT_STRING_EQUAL(member(line, "value"), "70");
	CU_ASSERT_STRING_EQUAL(member(line, "default"), "60");
	CU_ASSERT(json_is_true(json_object_get(line, "live")));
	CU_ASSERT_STRING_EQUAL(member(line, "written"), "none");
	line = line_of("interface");
	CU_ASSERT_STRING_EQUAL(member(line, "value"), "pub/127.0.0.1, other/127.0.0.2");
	CU_ASSERT_STRING_EQUAL(member(line, "default"), "");
	CU_ASSERT(json_is_false(json_object_get(line, "live")));
	CU_ASSERT_PTR_NULL(line_of("check-config"));
	stop();
}

static void test_password_is_not_shown(void)
{
	start();
	it.written = running;
	ask("{\"verb\":\"config\",\"diff\":true}\n");
	CU_ASSERT_STRING_EQUAL(it.conf.homer_password, "hunter2");
	CU_ASSERT_STRING_EQUAL(member(line_of("homer-password"), "value"), "(set)");
	CU_ASSERT_STRING_EQUAL(member(line_of("homer-password"), "written"), "(set)");
	it.written = written;
	ask("{\"verb\":\"config\",\"diff\":true}\n");
	CU_ASSERT_STRING_EQUAL(member(line_of("homer-password"), "written"), "");
	it.written = changed;
	ask("{\"verb\":\"config\",\"diff\":true}\n");
	CU_ASSERT_STRING_EQUAL(member(line_of("homer-password"), "written"), "(set to another)");
	stop();
}

static void test_what_is_written_is_read_on_request(void)
{
	start();
	ask("{\"verb\":\"config\",\"diff\":true}\n");
	CU_ASSERT_STRING_EQUAL(member(line_of("timeout"), "value"), "70");
	CU_ASSERT_STRING_EQUAL(member(line_of("timeout"), "written"), "60");
	CU_ASSERT_EQUAL(it.conf.timeout_s, 70);
	it.written = refused;
	CU_ASSERT_STRING_EQUAL(member(ask("{\"verb\":\"config\",\"diff\":true}\n"), "code"),
			       CONTROL_ERROR_CONFIG);
	stop();
}

static void test_keys_of_sighup_can_be_set(void)
{
	start();
	CU_ASSERT_STRING_EQUAL(member(ask("{\"verb\":\"set\",\"timeout\":\"90\",\"tos\":184,"
					  "\"latching\":\"strict\",\"log-level\":\"error\"}\n"),
				      "type"),
			       "end");
	CU_ASSERT_EQUAL(it.applied, 1);
	CU_ASSERT_EQUAL(it.conf.timeout_s, 90);
	CU_ASSERT_EQUAL(it.conf.tos, 184);
	CU_ASSERT_EQUAL(it.conf.latching, LATCH_STRICT);
	CU_ASSERT_EQUAL(it.conf.log_levels.general, LOG_LEVEL_ERR);
	CU_ASSERT_EQUAL(it.conf.silent_timeout_s, 3600);
	ask("{\"verb\":\"set\",\"drain\":true}\n");
	CU_ASSERT_EQUAL(it.applied, 1);
	stop();
}

/* And of several values, none takes effect if one is refused. */
static void test_refused_values_are_explained(void)
{
	static const struct {
		const char *members, *text;
	} rows[] = {
		{ "\"tos\":1,\"timeout\":0", "timeout: 0 is out of range, 1 to 604800" },
		{ "\"tos\":1,\"timeout\":\"1m\"", "timeout: \"1m\" is not a whole number" },
		{ "\"tos\":1,\"timeout\":[1]", "timeout: the value is not a number or a word" },
		{ "\"tos\":1,\"latching\":\"heuristic\"",
		  "latching: \"heuristic\" is not one of smart, strict, first; use smart" },
		{ "\"tos\":1,\"drain\":\"maybe\"", "drain must be on or off" },
		{ "\"timeot\":1", "there is no key \"timeot\"; did you mean \"timeout\"?" },
		{ "\"port-min\":1", "port-min cannot change while the daemon runs: change the "
				    "configuration and restart" },
		{ "\"v\":1", "drain, debug-call or a key of the configuration is required" },
	};
	char request[200];

	start();
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(request, sizeof(request), "{\"verb\":\"set\",%s}\n", rows[i].members);
		CU_ASSERT_STRING_EQUAL(member(ask(request), "text"), rows[i].text);
	}
	CU_ASSERT_EQUAL(it.applied, 0);
	CU_ASSERT_EQUAL(it.conf.tos, 0);
	CU_ASSERT_FALSE(it.scene.calls->draining);
	stop();
}

static const json_t *status_line(void)
{
	ask("{\"verb\":\"status\"}\n");
	return it.lines[0];
}

/* Where it listens and which files it uses, as an operator would ask first. */
static void test_status_has_the_places(void)
{
	static char file[] = "/etc/other.conf", dir[] = "/var/lib/x";
	char *config, *state_dir;
	const json_t *status;

	start();
	status = status_line();
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_array_get(json_object_get(status, "listen-ng"), 0)),
		"127.0.0.1:2223");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(status, "listen-rtpproxy")), 0);
	CU_ASSERT_TRUE(json_is_array(json_object_get(status, "listen-tcp-ng")));
	CU_ASSERT_TRUE(json_is_false(json_object_get(status, "http-ng")));
	CU_ASSERT_STRING_EQUAL(member(status, "config"), ""); /* --config=none */
	CU_ASSERT_STRING_EQUAL(member(status, "state-dir"), "");
	config = it.conf.config;
	state_dir = it.conf.state_dir;
	it.conf.config = file;
	it.conf.state_dir = dir;
	status = status_line();
	CU_ASSERT_STRING_EQUAL(member(status, "config"), file);
	CU_ASSERT_STRING_EQUAL(member(status, "state-dir"), dir);
	it.conf.config = NULL;
	CU_ASSERT_STRING_EQUAL(member(status_line(), "config"), "");
	it.conf.default_file = true;
	CU_ASSERT_STRING_EQUAL(member(status_line(), "config"), "/etc/rtprelay/rtprelay.conf");
	it.conf.config = config;
	it.conf.state_dir = state_dir;
	stop();
}

static bool limit_is(size_t n, const char *key, double limit, double value, bool exceeded)
{
	const json_t *row = json_array_get(json_object_get(status_line(), "limits"), n);

	return row && !strcmp(member(row, "key"), key) &&
	       json_number_value(json_object_get(row, "limit")) == limit &&
	       json_number_value(json_object_get(row, "value")) == value &&
	       json_is_true(json_object_get(row, "exceeded")) == exceeded;
}

/* Those that are set; at the limit itself calls are accepted. */
static void test_status_has_the_limits(void)
{
	struct stats *stats;

	start();
	stats = &it.scene.stats;
	CU_ASSERT_EQUAL(json_array_size(json_object_get(status_line(), "limits")), 0);
	it.scene.calls->conf.max_load = 4.5;
	it.scene.calls->conf.max_bandwidth = 1000;
	stats->load.average = 4.5;
	stats->sample.rate[0].bytes = 600;
	stats->sample.rate[1].bytes = 401;
	CU_ASSERT_EQUAL(json_array_size(json_object_get(status_line(), "limits")), 2);
	CU_ASSERT(limit_is(0, "max-load", 4.5, 4.5, false));
	CU_ASSERT(limit_is(1, "max-bandwidth", 1000, 1001, true));
	it.scene.calls->conf.max_cpu = 50;
	stats->load.busy = 50.25;
	CU_ASSERT(limit_is(1, "max-cpu", 50, 50.25, true));
	stop();
}

TEST_SUITE(admin_config, { "status has the places", test_status_has_the_places },
	   { "status has the limits", test_status_has_the_limits },
	   { "each key has value and default", test_each_key_has_value_and_default },
	   { "password is not shown", test_password_is_not_shown },
	   { "what is written is read on request", test_what_is_written_is_read_on_request },
	   { "keys of SIGHUP can be set", test_keys_of_sighup_can_be_set },
	   { "refused values are explained", test_refused_values_are_explained });
