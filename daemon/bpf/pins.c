/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "bpf/layout.h"
#include "bpf/pins.h"

const char *const bpf_pin_names[BPF_PINS] = { "slots4", "slots6", "confs",
					      "states", "rtcps",  "totals" };

void bpf_pin_path(char *path, const char *folder, const char *name)
{
	snprintf(path, BPF_PATH, "%s/%s-%d", folder, name, BPF_LAYOUT);
}

void bpf_unpin_maps(const char *folder)
{
	char path[BPF_PATH];

	for (size_t i = 0; i < BPF_PINS; i++) {
		bpf_pin_path(path, folder, bpf_pin_names[i]);
		unlink(path);
	}
}

void bpf_unpin(const char *folder)
{
	bpf_unpin_maps(folder);
	rmdir(folder);
}

int bpf_pins_lock(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	error = -errno;
	close(fd);
	return error;
}
