/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest-exit.c - ends the guest with a status: QEMU's isa-debug-exit device at port 0xf4
 *
 * QEMU then exits with (status + 32) * 2 + 1. Lower numbers: errors of QEMU, or a guest that ended
 * without calling this program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/io.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status = argc > 1 ? atoi(argv[1]) : 0;

	if (ioperm(0xf4, 4, 1)) {
		perror("ioperm");
		return 1;
	}
	fflush(stdout);
	sync();
	outb((unsigned char)((status > 94 ? 94 : status) + 32), 0xf4);
	return 1;
}
