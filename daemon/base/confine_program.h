/* SPDX-License-Identifier: GPL-2.0-or-later */
/* confine_program.h - the filter of a kind of thread, from the table of confine_calls.h */
#ifndef RTPRELAY_CONFINE_PROGRAM_H
#define RTPRELAY_CONFINE_PROGRAM_H

#include <linux/filter.h>
#include <stdint.h>
#include "base/confine_calls.h"

/**
 * confine_program_make() - compiles the filter of @kind, by libseccomp
 * @refused: SECCOMP_RET_TRAP, SECCOMP_RET_USER_NOTIF: what happens with any other call
 * @program: gets the filter, which free(@program->filter) frees
 * Return: 0; -ENOMEM; -EINVAL: libseccomp refused a row
 */
int confine_program_make(enum thread_kind kind, uint32_t refused, struct sock_fprog *program);

#endif
