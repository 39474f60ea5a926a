/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf.h - a flow as the program needs it, and back
 *
 * Pure: what is the same for all packets of a flow is computed here, once.
 */
#ifndef RTPRELAY_BPF_CONF_H
#define RTPRELAY_BPF_CONF_H

#include "bpf/flow.h"

struct bpf_endpoint bpf_endpoint_from(const struct endpoint *ep);
struct endpoint bpf_endpoint_to(const struct bpf_endpoint *ep);

/* Can the program forward it? */
bool bpf_conf_valid(const struct map_flow *flow);
/* @flow: is valid. conf->generation is 0. */
void bpf_conf_make(const struct map_flow *flow, struct bpf_conf *conf);
/* Without what only an unset payload type had: clocks of static payload types. */
void bpf_conf_read(const struct bpf_conf *conf, struct map_flow *flow);

#endif
