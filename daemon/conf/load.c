/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.c - reads options and configuration file into struct conf, by the rows of conf/table.c
 *
 * The row of a key reads its value, from a file or an option. Reading continues after an error, so
 * that one run reports all errors.
 */
#include <errno.h>
#include <getopt.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include "conf/load.h"
#include "conf/table.h"
#include "version.h"

#define MIN_PAIRS 2 /* one call with one media needs a pair on each side */

#define OPT_ROW 1000 /* the option of conf_rows[i] is OPT_ROW + i */

struct loader {
	struct conf *conf;
	int error; /* the first one */
	const char *path;
	unsigned int line;
	char section[64];			 /* an unknown one that was reported; "": none */
	unsigned int set_in_line[CONF_MAX_ROWS]; /* of the file; 0: not set by it */
	struct {
		const struct conf_row *row;
		const char *text;
	} * option; /* as given, in order */
	size_t n_options;
	bool help, version;
};

static void fail(struct loader *loader, int error)
{
	if (!loader->error)
		loader->error = error;
}

static void file_key(struct loader *loader, const char *name, const char *text)
{
	const struct conf_row *row = conf_row_find(str_of(name));
	char error[CONF_ROW_ERROR], hint[CONF_SUGGESTION];
	unsigned int *before;
	int err;

	if (!row) {
		log_err("%s:%u: unknown key \"%s\"%s", loader->path, loader->line, name,
			conf_row_suggest(str_of(name), ROW_OPTION_ONLY, hint, sizeof(hint)));
		fail(loader, -EINVAL);
		return;
	}
	before = &loader->set_in_line[row - conf_rows];
	if (row->flags & ROW_OPTION_ONLY) {
		err = -EINVAL;
		snprintf(error, sizeof(error), "is allowed only on the command line");
	} else if (*before && row->type != CONF_LIST) {
		err = -EINVAL;
		snprintf(error, sizeof(error), "is already set in line %u", *before);
	} else {
		if (row->fallback && !*before && row->type == CONF_LIST)
			conf_row_clear(row, loader->conf);
		err = conf_row_set(row, loader->conf, text, error);
		*before = loader->line;
	}
	if (err) {
		log_err("%s:%u: %s: %s", loader->path, loader->line, name, error);
		fail(loader, err);
	}
}

/* Once for a section, whatever is in it. */
static void unknown_section(struct loader *loader, const char *section)
{
	if (!strncmp(loader->section, section, sizeof(loader->section) - 1))
		return;
	snprintf(loader->section, sizeof(loader->section), "%s", section);
	if (str_starts(str_of(section), STR("rtpengine")))
		log_err("%s:%u: section [%s]: this is an rtpengine.conf; keys belong under "
			"[" CONF_SECTION
			"]: rtprelayctl migrate writes them (docs/from-rtpengine.md)",
			loader->path, loader->line, section);
	else
		log_err("%s:%u: unknown section [%s]; all keys belong to [" CONF_SECTION "]",
			loader->path, loader->line, section);
}

/* An ini_handler; always returns success, since loader->error records failures. */
static int file_handle(void *arg, const char *section, const char *name, const char *value)
{
	struct loader *loader = arg;

	if (!strcmp(section, CONF_SECTION)) {
		file_key(loader, name, value);
		return 1;
	}
	if (*section)
		unknown_section(loader, section);
	else
		log_err("%s:%u: \"%s\" must come after the line [" CONF_SECTION "]", loader->path,
			loader->line, name);
	fail(loader, -EINVAL);
	return 1;
}

struct line_source {
	FILE *file;
	struct loader *loader;
};

/* An ini_reader; counts lines, and refuses long lines, which inih would silently split in two. */
static char *file_line(char *text, int size, void *arg)
{
	struct line_source *source = arg;
	int c;

	if (!fgets(text, size, source->file))
		return NULL;
	source->loader->line++;
	if (strlen(text) + 1 < (size_t)size || text[size - 2] == '\n')
		return text;
	c = fgetc(source->file);
	if (c == EOF || c == '\n')
		return text;
	while (c != EOF && c != '\n')
		c = fgetc(source->file);
	log_err("%s:%u: the line is longer than %d characters; continue a list on the next line, "
		"indented",
		source->loader->path, source->loader->line, size - 1);
	fail(source->loader, -EINVAL);
	text[0] = '\0';
	return text;
}

static void load_file(struct loader *loader)
{
	bool given = loader->conf->config;
	struct line_source source = { NULL, loader };
	int result;

	loader->path = given ? loader->conf->config : CONF_DEFAULT_FILE;
	if (!strcmp(loader->path, "none"))
		return;
	source.file = fopen(loader->path, "re");
	if (!source.file) {
		if (errno == ENOENT && !given)
			return; /* the default file is optional */
		log_err("%s: %m", loader->path);
		fail(loader, -EINVAL);
		return;
	}
	loader->conf->default_file = !given;
	result = ini_parse_stream(file_line, &source, file_handle, loader);
	if (result > 0)
		log_err("%s:%d: not a [section], \"key = value\" or comment", loader->path, result);
	else if (ferror(source.file))
		log_err("%s: cannot be read", loader->path); /* for example a directory */
	if (result || ferror(source.file))
		fail(loader, -EINVAL);
	fclose(source.file);
}

static void unknown_option(struct loader *loader, const char *word)
{
	struct str name = str_of(word);
	char hint[CONF_SUGGESTION];

	while (name.len && name.s[0] == '-') {
		name.s++;
		name.len--;
	}
	name = str_split(&name, '=');
	log_err("unknown option \"%s\"%s", word, conf_row_suggest(name, 0, hint, sizeof(hint)));
	fail(loader, -EINVAL);
}

/*
 * getopt_long() takes the beginning of a name for the name. But then a word of rtpengine is taken
 * for another key (listen-tcp for listen-tcp-ng), and what worked ends with the next key.
 */
static bool is_whole(const struct conf_row *row, const char *word)
{
	size_t len = strlen(row->name);

	return !strncmp(word, "--", 2) && !strncmp(word + 2, row->name, len) &&
	       (word[2 + len] == '\0' || word[2 + len] == '=');
}

static void option_seen(struct loader *loader, int option, const char *word)
{
	const struct conf_row *row = option >= OPT_ROW ? &conf_rows[option - OPT_ROW] : NULL;

	if (option == 'h') {
		loader->help = true;
	} else if (option == 'V') {
		loader->version = true;
	} else if (option == ':') {
		log_err("%s: a value is missing", word);
		fail(loader, -EINVAL);
	} else if (!row || !is_whole(row, word)) {
		unknown_option(loader, word);
	} else {
		loader->option[loader->n_options].row = row;
		loader->option[loader->n_options++].text = optarg ? optarg : "yes";
	}
}

static void read_options(struct loader *loader, int argc, char **argv)
{
	struct option table[CONF_MAX_ROWS + 3] = { { "help", no_argument, NULL, 'h' },
						   { "version", no_argument, NULL, 'V' } };
	int option, logged = 0;

	for (size_t i = 0; i < conf_n_rows; i++)
		table[i + 2] = (struct option){ conf_rows[i].name,
						conf_rows[i].type == CONF_BOOL ? optional_argument
									       : required_argument,
						NULL, OPT_ROW + (int)i };
	optind = 0; /* glibc: start again, this may be a reload */
	opterr = 0;
	for (;;) {
		/* Index of the current word; advances only after the last letter of "-xyz". */
		int at = optind ? optind : 1;

		option = getopt_long(argc, argv, "+:hV", table, NULL);
		if (option < 0)
			break;
		if (option == '?' && at == logged)
			continue; /* "-abc": one message is enough */
		logged = option == '?' ? at : logged;
		option_seen(loader, option, argv[at]);
	}
	for (; optind < argc; optind++)
		unknown_option(loader, argv[optind]);
}

/* @config_only: apply only --config; the others override the file, so they are applied after it. */
static void apply_options(struct loader *loader, bool config_only)
{
	bool cleared[CONF_MAX_ROWS] = { false };
	char error[CONF_ROW_ERROR];

	for (size_t i = 0; i < loader->n_options; i++) {
		const struct conf_row *row = loader->option[i].row;
		int err;

		if (config_only != (row->offset == offsetof(struct conf, config)))
			continue;
		if (row->type == CONF_LIST && !cleared[row - conf_rows]) {
			conf_row_clear(row, loader->conf);
			cleared[row - conf_rows] = true;
		}
		err = conf_row_set(row, loader->conf, loader->option[i].text, error);
		if (!err)
			continue;
		log_err("--%s: %s", row->name, error);
		fail(loader, err);
	}
}

static void check_whole(struct loader *loader)
{
	const struct conf *conf = loader->conf;

	if (conf->port_min > conf->port_max) {
		log_err("port-min %u is above port-max %u", conf->port_min, conf->port_max);
		fail(loader, -EINVAL);
	} else if (conf_port_pairs(conf) < MIN_PAIRS) {
		log_err("ports %u to %u are too few: a call needs two pairs, each an even port "
			"and the next one",
			conf->port_min, conf->port_max);
		fail(loader, -EINVAL);
	}
	if (!conf->interface.count) {
		log_err("no interface is set; for example: --interface=pub/192.0.2.1");
		fail(loader, -EINVAL);
	}
	if (conf->http_ng && !conf->listen_http.count) {
		log_err("http-ng is set, but listen-http is not; for example: --listen-http=2280");
		fail(loader, -EINVAL);
	} else if (!conf->listen_ng.count && !conf->listen_tcp_ng.count &&
		   !conf->listen_rtpproxy.count && !conf->http_ng) {
		log_err("none of listen-ng, listen-tcp-ng, listen-rtpproxy and http-ng is set; "
			"for example: --listen-ng=127.0.0.1:2223");
		fail(loader, -EINVAL);
	}
}

static void set_defaults(struct loader *loader)
{
	char error[CONF_ROW_ERROR];

	for (size_t i = 0; i < conf_n_rows; i++) {
		int err = 0;

		if (conf_rows[i].fallback)
			err = conf_row_set(&conf_rows[i], loader->conf, conf_rows[i].fallback,
					   error);
		if (!err)
			continue;
		log_err("%s: %s", conf_rows[i].name, error);
		fail(loader, err);
	}
}

static int load(struct loader *loader, int argc, char **argv)
{
	read_options(loader, argc, argv);
	if (!loader->error && loader->help)
		conf_table_print();
	else if (!loader->error && loader->version)
		puts("rtprelayd " RTPRELAY_VERSION);
	if (loader->error || loader->help || loader->version)
		return loader->error ? loader->error : 1;
	set_defaults(loader);
	apply_options(loader, true);
	load_file(loader);
	apply_options(loader, false);
	if (!loader->error)
		check_whole(loader);
	return loader->error;
}

int conf_load(struct conf *conf, int argc, char **argv)
{
	struct loader loader = { .conf = conf };
	int result;

	memset(conf, 0, sizeof(*conf));
	loader.option = calloc((size_t)argc + 1, sizeof(*loader.option));
	if (!loader.option) {
		log_err("out of memory");
		return -ENOMEM;
	}
	result = load(&loader, argc, argv);
	free(loader.option);
	if (result)
		conf_free(conf);
	return result;
}

void conf_free(struct conf *conf)
{
	for (size_t i = 0; i < conf_n_rows; i++)
		conf_row_clear(&conf_rows[i], conf);
}

const char *conf_file(const struct conf *conf)
{
	if (!conf->config)
		return conf->default_file ? CONF_DEFAULT_FILE : "";
	return strcmp(conf->config, "none") ? conf->config : "";
}

/* Two secrets look the same. */
static void tell_restart(const char *name, const char *old, const char *now)
{
	if (!strcmp(old, now))
		log_warn("reload: %s differs: restart the daemon to change it", name);
	else
		log_warn("reload: %s is still %s: restart the daemon to change it to %s", name,
			 *old ? old : "empty", *now ? now : "empty");
}

unsigned int conf_reload(struct conf *conf, const struct conf *fresh)
{
	unsigned int changed = 0;
	char old[CONF_ROW_TEXT], now[CONF_ROW_TEXT];

	conf->default_file = fresh->default_file;
	for (size_t i = 0; i < conf_n_rows; i++) {
		const struct conf_row *row = &conf_rows[i];

		if (conf_row_equal(row, conf, fresh))
			continue;
		conf_row_print(row, conf, old, sizeof(old));
		conf_row_print(row, fresh, now, sizeof(now));
		if (row->flags & ROW_RELOAD) {
			log_notice("reload: %s is now %s, it was %s", row->name, now, old);
			conf_row_copy(row, conf, fresh);
			changed++;
		} else {
			tell_restart(row->name, old, now);
		}
	}
	return changed;
}

void conf_take_live(struct conf *conf, const struct conf *fresh)
{
	for (size_t i = 0; i < conf_n_rows; i++)
		if (conf_rows[i].flags & ROW_RELOAD)
			conf_row_copy(&conf_rows[i], conf, fresh);
}
