/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * module.h - the kernel module as a backend
 */
#ifndef RTPRELAY_KERNEL_MODULE_H
#define RTPRELAY_KERNEL_MODULE_H

#include "kernel/backend.h"
#include "kernel/domain.h"
#include "kernel/link.h"

/*
 * Is there a usable module? Closes @link, logs nothing. Return: 0; -ENOENT, none is loaded; other
 * -errno: it cannot be used
 */
int kmod_probe(struct kmod_link *link);

/* Takes @link over, also if it fails: NULL, out of memory. */
struct kernel_backend *module_backend_new(struct kmod_link *link, const struct flow_domain *domain);

#endif
