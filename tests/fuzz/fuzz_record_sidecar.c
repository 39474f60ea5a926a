/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_record_sidecar.c - any bytes as the sidecar that a former run has left, and as the texts and
 * packets that a recording is told
 *
 * What was read is written as JSON that can be read again. Names of files stay below the directory.
 */
#include <jansson.h>
#include <stdlib.h>
#include "daemon/record/name.h"
#include "daemon/record/sidecar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *text_of(struct sidecar *sidecar)
{
	char *text = sidecar_text(sidecar);
	json_t *root = text ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;

	if (!root)
		abort();
	json_decref(root);
	return text;
}

static void check_files(const struct sidecar *sidecar)
{
	struct sidecar_entry entry;

	if (!record_name_is_below(str_of(sidecar_name(sidecar))))
		abort();
	for (size_t at = 0; sidecar_each_file(sidecar, &at, &entry);)
		if (!record_name_is_below(str_of(entry.name)))
			abort();
	sidecar_parts(sidecar, "pcap");
}

static void tell(struct sidecar *sidecar, struct str text)
{
	struct record_media media = { .media = 1, .type = text, .tag = { text, text } };
	struct record_packet packet = { .media = 1, .data = text.s, .len = text.len };

	sidecar_tell_metadata(sidecar, text);
	sidecar_tell_party(sidecar, 0, text, text, text);
	sidecar_tell_media(sidecar, &media);
	sidecar_tell_codec(sidecar, 1, 0, text);
	sidecar_tell_sdp(sidecar, 0, 1, "offer", text);
	sidecar_pause(sidecar, true, 1);
	sidecar_count(sidecar, &packet);
	packet.rtcp = true;
	sidecar_count(sidecar, &packet);
	sidecar_lost(sidecar, RECORD_LOST_RING, 1, 0, 1);
	sidecar_end(sidecar, 2, "stopped");
}

static void read_twice(const char *data, size_t size)
{
	struct sidecar *first = sidecar_read(data, size), *second;
	char *text;

	if (!first)
		return;
	check_files(first);
	text = text_of(first);
	second = sidecar_read(text, strlen(text));
	if (!second)
		abort();
	check_files(second);
	free(text_of(second));
	tell(second, (struct str){ data, size });
	free(text_of(second));
	sidecar_free(first);
	sidecar_free(second);
	free(text);
}

static void tell_new(struct str text)
{
	const struct record_file_about about = { .call_id = text, .metadata = text };
	const struct record_dir_conf conf = { .output = RECORD_PCAP };
	struct sidecar *sidecar = sidecar_new(&about, "name", &conf);

	if (!sidecar)
		abort();
	tell(sidecar, text);
	free(text_of(sidecar));
	sidecar_free(sidecar);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_twice((const char *)data, size);
	tell_new((struct str){ (const char *)data, size });
	return 0;
}
