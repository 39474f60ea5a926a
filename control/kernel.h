/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel.h - reads the module's flows from the kernel: for the verbs kernel and doctor */
#ifndef RTPRELAY_KERNEL_H
#define RTPRELAY_KERNEL_H

#include "daemon/kernel/msg.h"

typedef void kernel_flow_fn(void *arg, const struct kmod_message *message);

/*
 * All flows, each as a message KMOD_SAID_FLOW. Return: 0; -ENOENT, no module; -EPERM, no
 * CAP_NET_ADMIN; other -errno
 */
int kernel_dump(kernel_flow_fn *fn, void *arg);

#endif
