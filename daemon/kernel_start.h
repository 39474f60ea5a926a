/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_start.h - the kernel path and the firewall */
#ifndef RTPRELAY_KERNEL_START_H
#define RTPRELAY_KERNEL_START_H

struct relay;

/* Steps of relay_start(). Return: 0; -errno: logged */

/* Loads the BPF program, so while the capabilities for that are there. */
int start_kernel(struct relay *relay);
int start_firewall(struct relay *relay);
/* Replaces the previous daemon's table after its calls are restored, so their ports stay open. */
int start_table(struct relay *relay);
/* Flows of the previous daemon in the kernel: keeps those of restored calls, removes others. */
int start_flows(struct relay *relay);

#endif
