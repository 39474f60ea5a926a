/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scene.h - the loaded program, one flow, and packets that are handed to the program
 */
#ifndef RTPRELAY_TEST_BPF_SCENE_H
#define RTPRELAY_TEST_BPF_SCENE_H

#include "daemon/bpf/map.h"
#include "frame.h"

#define PHONE	"192.0.2.10:4000"
#define UNKNOWN "192.0.2.66:6666"
#define LOCAL	"192.0.2.1:30000"
#define OUT	"198.51.100.1:30100"
#define DST	"198.51.100.20:5000"

#define PHONE6	 "[2001:db8:a::10]:4000"
#define UNKNOWN6 "[2001:db8:a::66]:6666"
#define LOCAL6	 "[2001:db8:a::1]:30000"
#define OUT6	 "[2001:db8:b::1]:30100"
#define DST6	 "[2001:db8:b::20]:5000"

/* What became of a packet. */
enum verdict { GOES_UP, DROPPED, FORWARDED };

extern struct flow_map *map;
extern struct frame frame; /* as it was sent, then as it left */
extern struct map_state state;

/* The last event; @scene_events: their number since the scene began */
extern enum map_event scene_event;
extern struct map_found scene_found;
extern struct map_stranger scene_stranger;
extern unsigned int scene_events;

void scene_open(bool statistics);
void scene_open_pinned(const char *pin, uint32_t limit);
void scene_close(void);

/* From PHONE to LOCAL, out of OUT to DST; @v6: the same with IPv6 */
struct map_flow scene_flow(uint8_t kind, bool v6);
void scene_set(const struct map_flow *flow);
/* Ends it; its last state: @state */
void scene_delete(const char *local);

/* Hands @frame to the program. */
enum verdict scene_run(void);
enum verdict scene_send(const char *from, const char *to, const void *payload, size_t len);
enum verdict scene_rtp(const char *from, const char *to, uint8_t second, uint16_t seq,
		       uint32_t timestamp);

#endif
