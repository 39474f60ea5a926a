/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.c - runs a fuzz entry over files, without libFuzzer
 *
 * Allows any compiler, with or without sanitizers, to run every corpus in `make check`. Arguments
 * are files and directories; an unreadable file, or no input at all, is a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of exactly its size, so that AddressSanitizer detects a read past the end. */
static int run_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size ? size : 1);
	int err = -1;

	if (file && data && fread(data, 1, size, file) == size)
		err = LLVMFuzzerTestOneInput(data, size);
	if (err)
		fprintf(stderr, "%s: cannot be run\n", path);
	free(data);
	if (file)
		fclose(file);
	return err;
}

static int run_path(const char *path, unsigned long *inputs);

static int run_directory(const char *path, unsigned long *inputs)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int err = dir ? 0 : -1;

	while (dir && (entry = readdir(dir))) {
		char *child;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&child, "%s/%s", path, entry->d_name) < 0)
			abort();
		err |= run_path(child, inputs);
		free(child);
	}
	if (dir)
		closedir(dir);
	return err;
}

static int run_path(const char *path, unsigned long *inputs)
{
	struct stat st;

	if (stat(path, &st)) {
		perror(path);
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		return run_directory(path, inputs);
	(*inputs)++;
	return run_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	unsigned long inputs = 0;
	int err = 0;

	for (int i = 1; i < argc; i++)
		err |= run_path(argv[i], &inputs);
	printf("%s: %lu inputs ran\n", argv[0], inputs);
	if (!inputs)
		fprintf(stderr, "%s: no input found\n", argv[0]);
	return err || !inputs;
}
