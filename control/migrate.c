/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate.c - rtprelayctl migrate: which form a file has, and what is written of it */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/conf/load.h"
#include "daemon/conf/table.h"
#include "migrate.h"
#include "shell_words.h"
#include "verb.h"

/* --- Writing ---------------------------------------------------------------------------------- */

/* A value goes into a line of the file: nothing may end that line. */
static void put_text(FILE *out, const char *text)
{
	for (; *text; text++)
		putc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

void migrate_note(struct migration *m, const char *text)
{
	if (!m->surveying)
		fprintf(m->out, "# %s\n", text);
}

void migrate_remark(struct migration *m, const char *theirs, const char *format, ...)
{
	char text[400];
	va_list args;

	if (m->surveying)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputs("# ", m->out);
	put_text(m->out, theirs);
	fputs(": ", m->out);
	put_text(m->out, text);
	putc('\n', m->out);
	m->remarked++;
}

/* Is this one of the values of @row that are written? */
static bool counts(struct migration *m, const struct conf_row *row, unsigned int weight)
{
	unsigned int i = (unsigned int)(row - conf_rows);

	m->key[i].puts++;
	if (m->surveying && weight >= m->key[i].weight) {
		m->key[i].weight = weight;
		m->key[i].last = m->key[i].puts;
	}
	return !m->surveying && (row->type == CONF_LIST || m->key[i].puts == m->key[i].last);
}

void migrate_put_weighted(struct migration *m, const char *theirs, const char *key,
			  const char *value, unsigned int weight)
{
	const struct conf_row *row = conf_row_find(str_of(key));
	char error[CONF_ROW_ERROR];

	if (strchr(value, '$')) {
		migrate_remark(m, theirs, "the variable in %s = %s is not set here", key, value);
		return;
	}
	if (!row || conf_row_set(row, &m->conf, value, error)) {
		migrate_remark(m, theirs, "%s: %s", key, row ? error : "not a key");
		return;
	}
	if (!counts(m, row, weight))
		return;
	fprintf(m->out, "%s = ", key);
	put_text(m->out, value);
	putc('\n', m->out);
	m->taken++;
}

void migrate_put(struct migration *m, const char *theirs, const char *key, const char *value)
{
	migrate_put_weighted(m, theirs, key, value, 0);
}

void migrate_not_for_unit(struct migration *m, const char *theirs, const char *key,
			  const char *value)
{
	migrate_remark(m, theirs,
		       "left out, since the systemd unit runs rtprelayd as its own user, without a "
		       "pidfile. For a start script of yours write %s = %s",
		       key, value);
}

void migrate_put_each(struct migration *m, const char *theirs, const char *key, const char *value,
		      const char *separators)
{
	char *copy = strdup(value), *rest = NULL;

	if (!copy)
		return;
	for (char *item = strtok_r(copy, separators, &rest); item;
	     item = strtok_r(NULL, separators, &rest))
		migrate_put(m, theirs, key, item);
	free(copy);
}

static void begin(struct migration *m, const char *from)
{
	if (m->surveying)
		return;
	fprintf(m->out,
		"# From %s, by rtprelayctl migrate; check it: runuser -u rtprelay -- rtprelayd "
		"--check-config\n",
		from);
	fputs("[rtprelay]\n", m->out);
}

static void end(struct migration *m)
{
	if (!m->conf.interface.count)
		migrate_note(
			m,
			"interface: at least one is required, such as interface = pub/192.0.2.1");
	if (!m->conf.listen_ng.count && !m->conf.listen_tcp_ng.count &&
	    !m->conf.listen_rtpproxy.count && !m->conf.http_ng)
		migrate_note(m, "listen-ng or listen-rtpproxy is required, such as listen-ng = "
				"127.0.0.1:2223");
}

/* --- Forms ------------------------------------------------------------------------------------ */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Words before a command: exec rtpproxy, env A=1 rtpproxy. */
static bool precedes_command(const char *word)
{
	static const char *const words[] = { "exec", "sudo", "nohup", "setsid", "env" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(word, words[i]))
			return true;
	return strchr(word, '=') && *word != '-' && !strchr(word, '/');
}

/* "rtpproxy" or "rtpengine", if this word in the place of a command starts one; else NULL */
static const char *program_of(const char *word)
{
	static const char unit[] = "ExecStart=";
	const char *name;

	if (!strncmp(word, unit, sizeof(unit) - 1))
		word += sizeof(unit) - 1 + strspn(word + sizeof(unit) - 1, "-@:+!");
	name = base_name(word);
	return !strchr(word, '=') && (!strcmp(name, "rtpproxy") || !strcmp(name, "rtpengine"))
		       ? name
		       : NULL;
}

/* The name of the program that the line runs, and its place; NULL: it runs neither of them. */
static const char *find_program(const struct shell_words *line, size_t *at)
{
	bool command = true, starter = false;

	for (*at = 0; *at < line->count; ++*at) {
		const char *word = line->word[*at], *program = program_of(word);

		if (program && command)
			return program;
		starter = starter || !strcmp(base_name(word), "start-stop-daemon");
		command = (command && precedes_command(word)) ||
			  (starter && (!strcmp(word, "--exec") || !strcmp(word, "-x") ||
				       !strcmp(word, "--startas") || !strcmp(word, "-a")));
	}
	return NULL;
}

static bool from_command(struct migration *m, struct shell_words *line)
{
	const char *program;
	size_t at;

	program = find_program(line, &at);
	if (!program)
		return false;
	/* start-stop-daemon's own options end at "--". */
	for (size_t i = at + 1; i < line->count; i++)
		if (!strcmp(line->word[i], "--"))
			at = i;
	begin(m, program);
	if (program[3] == 'p')
		migrate_rtpproxy(m, (int)(line->count - at), line->word + at);
	else
		migrate_rtpengine_options(m, (int)(line->count - at), line->word + at);
	return true;
}

/* Debian's file for the start script of rtpproxy; NULL: the variable is not set. */
static const struct {
	const char *name, *option;
} debian[] = {
	{ "CONTROL_SOCK", "-s" },
	{ "LISTEN_ADDR", "-l" },
	{ "USER", "-u" },
	{ "PIDFILE", "-p" },
};

static bool from_variables(struct migration *m, const struct shell_vars *vars)
{
	const char *extra = shell_var(vars, "EXTRA_OPTS");
	struct shell_words words = { .count = 0 };
	bool good;

	if (!shell_var(vars, "CONTROL_SOCK") && !extra)
		return false;
	good = shell_words_add(&words, "rtpproxy");
	for (size_t i = 0; i < sizeof(debian) / sizeof(*debian); i++) {
		const char *value = shell_var(vars, debian[i].name);

		if (value && *value)
			good = good && shell_words_add(&words, debian[i].option) &&
			       shell_words_add(&words, value);
	}
	if (good && (!extra || shell_words_split(&words, extra, vars))) {
		begin(m, "the variables of rtpproxy's start script");
		migrate_rtpproxy(m, (int)words.count, words.word);
	}
	shell_words_free(&words);
	return true;
}

static bool from_shell(struct migration *m, char *text)
{
	struct shell_vars vars = { .count = 0 };
	struct shell_words line = { .count = 0 };
	bool found = false;

	while (!found && shell_next_line(&text, &line, &vars)) {
		found = from_command(m, &line);
		shell_words_free(&line);
	}
	shell_words_free(&line);
	found = found || from_variables(m, &vars);
	shell_vars_free(&vars);
	return found;
}

/* The first line that is not empty or a comment is "[...]", and the section is not a unit's. */
static bool is_ini(const char *text)
{
	static const char *const units[] = { "[Unit]", "[Service]", "[Install]" };

	for (;;) {
		text += strspn(text, " \t\r\n");
		if (*text != '#' && *text != ';')
			break;
		text += strcspn(text, "\n");
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strncmp(text, units[i], strlen(units[i])))
			return false;
	return *text == '[';
}

static bool from_text(struct migration *m, char *text)
{
	bool found = true;

	if (is_ini(text)) {
		begin(m, "rtpengine.conf");
		migrate_rtpengine_file(m, text);
	} else {
		found = from_shell(m, text);
	}
	if (found)
		end(m);
	conf_free(&m->conf);
	memset(&m->conf, 0, sizeof(m->conf));
	return found;
}

bool migrate_text(struct migration *m, char *text)
{
	char *copy = strdup(text);
	bool found;

	if (!copy)
		return false;
	m->surveying = true;
	found = from_text(m, copy);
	free(copy);
	m->surveying = false;
	for (size_t i = 0; i < CONF_MAX_ROWS; i++)
		m->key[i].puts = 0;
	return found && from_text(m, text);
}

/* --- The verb --------------------------------------------------------------------------------- */

/* The whole file, with a NUL; NULL: printed. */
static char *read_file(const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *text = malloc(MIGRATE_MAX + 1);
	size_t len = 0;

	if (file && text)
		len = fread(text, 1, MIGRATE_MAX + 1, file);
	if (!file || !text || ferror(file) || len > MIGRATE_MAX) {
		fprintf(stderr, "rtprelayctl: %s: ", path);
		if (len > MIGRATE_MAX)
			fputs("larger than a configuration can be\n", stderr);
		else
			perror(NULL);
		free(text);
		text = NULL;
	} else {
		text[len] = '\0';
	}
	if (file && file != stdin)
		fclose(file);
	return text;
}

int verb_migrate(const struct options *options, int argc, char **argv)
{
	struct migration m = { .out = stdout };
	char *text;
	bool found;

	(void)options;
	if (argc != 1)
		return usage("migrate requires one file, or - for standard input", "");
	text = read_file(argv[0]);
	if (!text)
		return EXIT_REFUSED;
	found = migrate_text(&m, text);
	free(text);
	if (!found) {
		fprintf(stderr,
			"rtprelayctl: %s has neither a section [rtpengine] nor a command line of "
			"rtpengine or rtpproxy\n",
			argv[0]);
		return EXIT_REFUSED;
	}
	fprintf(stderr, "keys written: %u; remarks, which begin with \"#\": %u\n", m.taken,
		m.remarked);
	return EXIT_OK;
}
