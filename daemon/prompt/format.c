/* SPDX-License-Identifier: GPL-2.0-or-later */
/* format.c - the codecs that prompts may have, and the files that hold them */
#include "prompt/format.h"

/* Sizes of frames: RFC 3551, 4.5; of 6.3 kbit/s for G.723. */
const struct prompt_codec prompt_codecs[PROMPT_FORMATS] = {
	[PROMPT_PCMU] = { STR("PCMU"), 0, 1, 1 },    [PROMPT_GSM] = { STR("GSM"), 3, 33, 160 },
	[PROMPT_G723] = { STR("G723"), 4, 24, 240 }, [PROMPT_PCMA] = { STR("PCMA"), 8, 1, 1 },
	[PROMPT_G722] = { STR("G722"), 9, 1, 1 },    [PROMPT_G729] = { STR("G729"), 18, 10, 80 },
};

int prompt_format_named(struct str name)
{
	for (int i = 0; i < PROMPT_FORMATS; i++)
		if (str_eq_nocase(name, prompt_codecs[i].name))
			return i;
	return -1;
}

int prompt_format_of(unsigned int pt)
{
	for (int i = 0; i < PROMPT_FORMATS; i++)
		if (prompt_codecs[i].pt == pt)
			return i;
	return -1;
}

uint64_t prompt_ms(enum prompt_format format, size_t bytes)
{
	const struct prompt_codec *codec = &prompt_codecs[format];

	return (uint64_t)(bytes / codec->unit_bytes) * codec->unit_ticks / (PROMPT_CLOCK / 1000);
}

size_t prompt_bytes(enum prompt_format format, uint64_t ms)
{
	const struct prompt_codec *codec = &prompt_codecs[format];
	uint64_t ticks = ms * (PROMPT_CLOCK / 1000);

	return (size_t)((ticks + codec->unit_ticks - 1) / codec->unit_ticks * codec->unit_bytes);
}

/* --- Names ------------------------------------------------------------------------------------ */

const char *prompt_name_error(struct str name)
{
	if (!name.len)
		return "no name of a file is given";
	if (name.len > PROMPT_NAME_MAX)
		return "the name of the file is too long";
	if (memchr(name.s, '/', name.len))
		return "the name must not have a slash: files are in prompt-dir itself";
	if (name.s[0] == '.')
		return "the name must not begin with a dot";
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.s[i] < ' ' || name.s[i] == 127)
			return "the name has a control character";
	return NULL;
}

void prompt_name_parts(struct str name, struct str *base, int *format, bool *wav)
{
	const char *dot = name.len ? memrchr(name.s, '.', name.len) : NULL;
	struct str end;
	uint64_t pt;

	*base = name;
	*format = -1;
	*wav = false;
	if (!dot || dot == name.s)
		return;
	end = (struct str){ dot + 1, (size_t)(name.s + name.len - dot - 1) };
	*wav = str_eq_nocase(end, STR("wav"));
	if (str_to_u64(end, 127, &pt) && !(end.len > 1 && end.s[0] == '0'))
		*format = prompt_format_of((unsigned int)pt);
	if (*wav || *format >= 0)
		base->len = (size_t)(dot - name.s);
}

/* --- WAV -------------------------------------------------------------------------------------- */

#define CHUNK_HEAD   8
#define FORMAT_BYTES 16
#define TAG_ALAW     6
#define TAG_MULAW    7

static uint32_t u16_at(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8;
}

static uint32_t u32_at(const uint8_t *at)
{
	return u16_at(at) | u16_at(at + 2) << 16;
}

/* Of the chunk "fmt ". */
static int format_at(const uint8_t *at)
{
	bool plain = u16_at(at + 2) == 1 && u32_at(at + 4) == PROMPT_CLOCK && u16_at(at + 14) == 8;

	if (!plain)
		return -1;
	return u16_at(at) == TAG_MULAW ? PROMPT_PCMU : u16_at(at) == TAG_ALAW ? PROMPT_PCMA : -1;
}

/*
 * Chunks have an even length. The one with the audio may be cut short, or say 0 or all ones, as
 * programs write it that send a WAV file through a pipe.
 */
int prompt_wav_read(const uint8_t *bytes, size_t size, size_t *at, size_t *len)
{
	size_t next = 12;
	int format = -1;

	if (size < next || memcmp(bytes, "RIFF", 4) != 0 || memcmp(bytes + 8, "WAVE", 4) != 0)
		return -1;
	while (size - next >= CHUNK_HEAD) {
		const uint8_t *chunk = bytes + next;
		size_t length = u32_at(chunk + 4), room = size - next - CHUNK_HEAD;

		if (!memcmp(chunk, "data", 4)) {
			*at = next + CHUNK_HEAD;
			*len = !length || length > room ? room : length;
			return format;
		}
		if (length > room)
			return -1;
		if (!memcmp(chunk, "fmt ", 4) && length >= FORMAT_BYTES)
			format = format_at(chunk + CHUNK_HEAD);
		length += length & 1;
		next += CHUNK_HEAD + (length > room ? room : length);
	}
	return -1;
}
