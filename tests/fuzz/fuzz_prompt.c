/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_prompt.c - any bytes as a WAV file, and as the name of a file of prompt-dir
 *
 * Audio that is found is within the file. A name that is taken names a file of the directory.
 */
#include <stdlib.h>
#include "daemon/prompt/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_name(struct str name)
{
	struct str base;
	int format;
	bool wav;

	prompt_name_parts(name, &base, &format, &wav);
	require(base.len <= name.len && format >= -1 && format < PROMPT_FORMATS);
	require(!(wav && format >= 0));
	if (prompt_name_error(name))
		return;
	require(name.len && name.len <= PROMPT_NAME_MAX && name.s[0] != '.' && base.len);
	require(!memchr(name.s, '/', name.len) && !memchr(name.s, '\0', name.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at, len;
	int format = prompt_wav_read(data, size, &at, &len);

	require(format < PROMPT_FORMATS);
	if (format >= 0)
		require(at <= size && len <= size - at);
	check_name((struct str){ (const char *)data, size });
	return 0;
}
