/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifdef RTPRELAY_HAS_BPF

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "bpf/conf.h"
#include "bpf/news.h"
#include "bpf/read.h"
#include "bpf/state.h"

static void tell(struct flow_map *map, enum map_event event, uint32_t number,
		 const struct map_stranger *stranger)
{
	struct map_found found = { .stranger = stranger };

	if (!map->event)
		return;
	bpf_conf_read(flow_map_conf(map, number), &found.flow);
	map->event(map->arg, event, &found);
}

static void tell_refused(struct flow_map *map, const struct bpf_event *event)
{
	struct map_stranger stranger = {
		.source = bpf_endpoint_to(&event->source),
		.count = event->refused,
		.ssrc = event->ssrc,
		.seq = event->seq,
		.pt = event->pt,
		.rtp = event->rtp,
		.numbered = event->numbered,
	};

	tell(map, MAP_REFUSED, event->state, &stranger);
}

static void tell_resumed(struct flow_map *map, uint32_t number)
{
	if (!map->silent[number])
		return;
	map->silent[number] = false;
	tell(map, MAP_RESUMED, number, NULL);
}

static int hear(void *arg, void *data, size_t size)
{
	const struct bpf_event *event = data;
	struct flow_map *map = arg;

	/* The flow may have ended since. */
	if (size < sizeof(*event) || !flow_map_conf(map, event->state))
		return 0;
	switch (event->kind) {
	case BPF_EVENT_REFUSED:
		tell_refused(map, event);
		break;
	case BPF_EVENT_FIRST:
		tell(map, MAP_FIRST, event->state, NULL);
		if (flow_map_conf(map, event->state))
			tell_resumed(map, event->state);
		break;
	case BPF_EVENT_RESUMED:
		tell_resumed(map, event->state);
		break;
	default:
		break;
	}
	return 0;
}

int news_open(struct flow_map *map)
{
	int fd = bpf_object__find_map_fd_by_name(map->object, "events");

	map->ring = ring_buffer__new(fd, hear, map, NULL);
	return map->ring ? 0 : -errno;
}

void news_close(struct flow_map *map)
{
	ring_buffer__free(map->ring);
}

int flow_map_news_fd(const struct flow_map *map)
{
	return ring_buffer__epoll_fd(map->ring);
}

void flow_map_dispatch(struct flow_map *map)
{
	ring_buffer__consume(map->ring);
}

static void scan_one(struct flow_map *map, uint32_t number, const struct bpf_state *state,
		     uint64_t now_ns)
{
	const struct bpf_conf *conf = flow_map_conf(map, number);

	if (!conf)
		return;
	if ((int64_t)(now_ns - state->seen_ns) < (int64_t)conf->idle_ns) {
		tell_resumed(map, number);
	} else if (!map->silent[number]) {
		map->silent[number] = true;
		tell(map, MAP_IDLE, number, NULL);
	}
}

void flow_map_scan(struct flow_map *map, uint32_t most)
{
	int count = 1;

	while (most && count > 0) {
		uint64_t now_ns = (uint64_t)clock_us() * 1000;

		count = read_batch(map, map->cursor, most);
		for (uint32_t i = 0; i < (uint32_t)(count > 0 ? count : 0); i++)
			scan_one(map, map->cursor + i, &map->batch[i], now_ns);
		if (count > 0) {
			map->cursor += (uint32_t)count;
			most -= (uint32_t)count;
		}
	}
	if (map->cursor >= map->state_numbers.used)
		map->cursor = 0;
}

#endif
