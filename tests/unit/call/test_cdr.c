/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_cdr.c - records of calls: lines of JSON in a file that may be rotated, unwritable or full
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include "daemon/call/cdr.h"
#include "daemon/base/clock.h"
#include "daemon/call/cdr_file.h"
#include "daemon/call/dialog.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

static char dir[32], path[48], rotated[48];

static void make_dir(void)
{
	strcpy(dir, "/tmp/rtprelay-cdr-XXXXXX");
	scene_must(mkdtemp(dir), "mkdtemp");
	snprintf(path, sizeof(path), "%s/cdr", dir);
	snprintf(rotated, sizeof(rotated), "%s/cdr.1", dir);
}

static void remove_dir(void)
{
	unlink(path);
	unlink(rotated);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static struct cdr_file *open_file(void)
{
	int error = 0;
	const struct cdr_file_conf conf = { .path = path };
	struct cdr_file *file = cdr_file_open(&conf, &error);

	CU_ASSERT_EQUAL(error, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	return file;
}

/* Until the next call. */
static const char *content(const char *name)
{
	static char text[16384];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static void test_lines_are_written_before_it_closes(void)
{
	struct cdr_file *file;

	make_dir();
	file = open_file();
	cdr_file_write(file, STR("one"));
	cdr_file_write(file, STR("two"));
	cdr_file_close(file);
	CU_ASSERT_STRING_EQUAL(content(path), "one\ntwo\n");
	file = open_file();
	cdr_file_write(file, STR("three"));
	cdr_file_close(file);
	CU_ASSERT_STRING_EQUAL(content(path), "one\ntwo\nthree\n");
	remove_dir();
}

static void test_a_rotated_file_is_closed(void)
{
	struct cdr_file *file;

	make_dir();
	file = open_file();
	CU_ASSERT_EQUAL(rename(path, rotated), 0);
	cdr_file_write(file, STR("old"));
	cdr_file_reopen(file);
	cdr_file_write(file, STR("new"));
	cdr_file_close(file);
	CU_ASSERT_STRING_EQUAL(content(rotated), "old\n");
	CU_ASSERT_STRING_EQUAL(content(path), "new\n");
	remove_dir();
}

static unsigned int mode_of_file(void)
{
	struct stat found;

	return stat(path, &found) ? 0 : found.st_mode & 07777;
}

/* Whatever the umask is; also of a file that exists, and of the one after a rotation. */
static void test_the_file_has_the_configured_mode(void)
{
	const struct cdr_file_conf conf = {
		.path = path, .mode = 0644, .group = "own", .gid = getegid()
	};
	mode_t before = umask(0077);
	struct cdr_file *file;
	int error;

	make_dir();
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	file = cdr_file_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(mode_of_file(), 0644);
	CU_ASSERT_EQUAL(rename(path, rotated), 0);
	cdr_file_reopen(file);
	cdr_file_close(file);
	CU_ASSERT_EQUAL(mode_of_file(), 0644);
	umask(before);
	remove_dir();
}

static void test_a_file_that_cannot_be_opened_is_reported(void)
{
	int error = 0;

	CU_ASSERT_PTR_NULL(
		cdr_file_open(&(struct cdr_file_conf){ .path = "/nonexistent/cdr" }, &error));
	CU_ASSERT_EQUAL(error, -ENOENT);
	cdr_file_write(NULL, STR("nothing"));
	cdr_file_reopen(NULL);
	cdr_file_close(NULL);
}

/* A full disk; what the operator is told by status and doctor. */
static void test_failing_file_is_known(void)
{
	const struct cdr_file_conf conf = { .path = "/dev/full" };
	int64_t deadline = clock_ms() + 5000;
	struct cdr_file *file;
	int error;

	file = cdr_file_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_FALSE(cdr_file_failing(file));
	cdr_file_write(file, STR("{}"));
	while (!cdr_file_failing(file) && clock_ms() < deadline)
		poll(NULL, 0, 1);
	CU_ASSERT_TRUE(cdr_file_failing(file));
	CU_ASSERT_EQUAL(cdr_file_dropped(file), 1);
	cdr_file_close(file);
}

/* A pipe that is not read: the writing thread waits, the control thread does not. */
static void test_the_control_thread_does_not_wait_for_the_disk(void)
{
	static char line[1 << 20];
	struct cdr_file *file;
	int reader;

	make_dir();
	CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CU_ASSERT_FATAL(reader >= 0);
	file = open_file();
	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 5; i++)
		cdr_file_write(file, (struct str){ line, sizeof(line) });
	CU_ASSERT_EQUAL(cdr_file_dropped(file), 2); /* 4 MiB are buffered; lines are not cut */
	close(reader);				    /* its thread gets EPIPE */
	cdr_file_close(file);
	remove_dir();
}

/* --- Lines ------------------------------------------------------------------------------------ */

#define SDP(port)                                                                                  \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"                \
	"m=audio " port " RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n"

static struct request talk(const char *id, const char *sdp)
{
	return (struct request){ .call_id = str_of(id),
				 .from_tag = STR("a\"tag"),
				 .to_tag = STR("b"),
				 .sdp = str_of(sdp),
				 .delete_delay = 0,
				 .address_family = AF_UNSPEC };
}

static const char *text_of(const json_t *map, const char *key)
{
	const char *text = json_string_value(json_object_get(map, key));

	return text ? text : "none";
}

static void begin_call(struct scene *scene, const char *id)
{
	struct request offer = talk(id, SDP("4000"));

	offer.to_tag = STR_NONE;
	CU_ASSERT_EQUAL(scene_run(scene, command_offer, offer).code, REPLY_OK);
	CU_ASSERT_EQUAL(scene_run(scene, command_answer, talk(id, SDP("5000"))).code, REPLY_OK);
}

static void check_record(const json_t *record, const char *id)
{
	const json_t *medias = json_object_get(record, "medias");
	const json_t *media = json_array_get(medias, 0);
	const json_t *side = json_object_get(media, "from-callee");

	CU_ASSERT_STRING_EQUAL(text_of(record, "call-id"), id);
	CU_ASSERT_STRING_EQUAL(text_of(record, "from-tag"), "a\"tag");
	CU_ASSERT_STRING_EQUAL(text_of(record, "to-tag"), "b");
	CU_ASSERT_STRING_EQUAL(text_of(record, "ended"), "deleted");
	CU_ASSERT(json_real_value(json_object_get(record, "start")) > 1e9);
	CU_ASSERT(json_real_value(json_object_get(record, "duration")) < 5);
	CU_ASSERT_EQUAL(json_array_size(medias), 1);
	CU_ASSERT_STRING_EQUAL(text_of(media, "type"), "audio");
	CU_ASSERT_STRING_EQUAL(text_of(media, "codec"), "G729");
	CU_ASSERT_STRING_EQUAL(text_of(side, "address"), "192.0.2.1:5000");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(side, "packets")), 0);
	CU_ASSERT_PTR_NULL(json_object_get(side, "mos")); /* no packet was received */
}

static void test_a_call_leaves_one_line(void)
{
	static const char id[] = "a\"b\\c\n\001{}";
	struct scene scene;
	json_t *record;

	make_dir();
	scene_open(&scene);
	scene.calls->conf.cdr_file = open_file();
	begin_call(&scene, id);
	CU_ASSERT_STRING_EQUAL(content(path), "");
	CU_ASSERT_EQUAL(scene_run(&scene, command_delete, talk(id, "")).code, REPLY_OK);
	cdr_file_close(scene.calls->conf.cdr_file);
	scene.calls->conf.cdr_file = NULL;
	CU_ASSERT_EQUAL(strchr(content(path), '\n') - content(path) + 1, strlen(content(path)));
	record = json_loads(content(path), 0, NULL);
	CU_ASSERT_PTR_NOT_NULL(record);
	check_record(record, id);
	json_decref(record);
	CU_ASSERT_TRUE(scene_close(&scene));
	remove_dir();
}

/* The delete-delay keeps the ports, but the call has ended. */
static void test_duration_ends_with_the_delete(void)
{
	struct scene scene;
	struct call *call;
	struct str line;

	scene_open(&scene);
	begin_call(&scene, "delayed");
	call = call_find(scene.calls, STR("delayed"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	call->dialogs->deleted_ms = call->created_ms + 2500;
	call->dialogs->delete_at_ms = call->created_ms + 32500;
	cdr_add_dialog(&call->cdr, call->dialogs, call->created_ms + 32500);
	line = cdr_line(call, "deleted");
	CU_ASSERT_PTR_NOT_NULL_FATAL(line.s);
	CU_ASSERT_PTR_NOT_NULL(memmem(line.s, line.len, "\"duration\":2.500,", 17));
	free((void *)(uintptr_t)line.s);
	CU_ASSERT_TRUE(scene_close(&scene));
}

/* Of forks that were offered and answered: the tags of the one that was left at the end. */
static void test_record_names_the_tags_of_the_last_fork(void)
{
	static const char last[] = "\"to-tag\":\"last\",\"start\":";
	struct scene scene;
	struct call *call;
	struct str line;

	scene_open(&scene);
	begin_call(&scene, "forks");
	call = call_find(scene.calls, STR("forks"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	cdr_add_dialog(&call->cdr, call->dialogs, clock_ms());
	CU_ASSERT_EQUAL(text_set(&call->dialogs->party[SIDE_B].tag, STR("last")), 0);
	cdr_add_dialog(&call->cdr, call->dialogs, clock_ms());
	line = cdr_line(call, "deleted");
	CU_ASSERT_PTR_NOT_NULL_FATAL(line.s);
	CU_ASSERT_PTR_NOT_NULL(memmem(line.s, line.len, last, strlen(last)));
	CU_ASSERT_PTR_NULL(memmem(line.s, line.len, "\"to-tag\":\"b\"", 12));
	free((void *)(uintptr_t)line.s);
	CU_ASSERT_TRUE(scene_close(&scene));
}

/*
 * Each re-INVITE may end a media: the number kept is bounded, and the record says if some are
 * missing.
 */
static void test_the_number_of_medias_is_bounded(void)
{
	struct scene scene;
	struct call *call;
	struct str line;

	scene_open(&scene);
	begin_call(&scene, "long");
	call = call_find(scene.calls, STR("long"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	for (int i = 0; i < 1000; i++)
		cdr_add_media(&call->cdr, call->dialogs->media[0], clock_ms());
	line = cdr_line(call, "deleted");
	CU_ASSERT_PTR_NOT_NULL_FATAL(line.s);
	CU_ASSERT(line.len < 48 * 1024);
	CU_ASSERT_PTR_NOT_NULL(memmem(line.s, line.len, "],\"cut\":true}", 13));
	free((void *)(uintptr_t)line.s);
	CU_ASSERT_TRUE(scene_close(&scene));
}

TEST_SUITE(cdr, { "failing file is known", test_failing_file_is_known },
	   { "lines are written before it closes", test_lines_are_written_before_it_closes },
	   { "a rotated file is closed", test_a_rotated_file_is_closed },
	   { "the file has the configured mode", test_the_file_has_the_configured_mode },
	   { "a file that cannot be opened is reported",
	     test_a_file_that_cannot_be_opened_is_reported },
	   { "the control thread does not wait for the disk",
	     test_the_control_thread_does_not_wait_for_the_disk },
	   { "a call leaves one line", test_a_call_leaves_one_line },
	   { "duration ends with the delete", test_duration_ends_with_the_delete },
	   { "the record names the tags of the last fork",
	     test_record_names_the_tags_of_the_last_fork },
	   { "the number of medias is bounded", test_the_number_of_medias_is_bounded });
