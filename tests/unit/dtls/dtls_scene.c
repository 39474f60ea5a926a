/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtls_scene.c - two associations of DTLS, and a network between them that loses datagrams */
#include <time.h>
#include "tests/unit/dtls/dtls_scene.h"

struct dtls_cert *scene_certs[2];

static void make_certs(void)
{
	for (int i = 0; i < 2; i++)
		if (!scene_certs[i])
			scene_certs[i] = dtls_cert_make(time(NULL));
}

static __attribute__((destructor)) void free_certs(void)
{
	for (int i = 0; i < 2; i++)
		dtls_cert_free(scene_certs[i]);
}

void scene_send(void *arg, const uint8_t *data, size_t len)
{
	struct scene_end *end = arg;

	end->sent++;
	end->bytes += len;
	if (len > end->largest)
		end->largest = len;
	if (end->n_out == WIRE_MAX || len > DTLS_DATAGRAM_MAX)
		return;
	end->out[end->n_out].len = len;
	memcpy(end->out[end->n_out++].data, data, len);
}

void scene_event(void *arg, enum dtls_event event, const struct dtls_keys *keys, const char *why,
		 unsigned int took_ms)
{
	struct scene_end *end = arg;

	(void)took_ms;
	end->got[event]++;
	snprintf(end->why, sizeof(end->why), "%s", why);
	if (keys)
		end->keys = *keys;
}

struct dtls_terms scene_terms(bool active, const struct dtls_cert *peer, enum dtls_hash hash)
{
	struct dtls_terms terms = { .active = active, .n = 1 };

	terms.peer[0] = peer->fingerprint[hash - 1];
	return terms;
}

void scene_open(struct scene *scene, unsigned int mtu, unsigned int first_ms)
{
	make_certs();
	memset(scene, 0, sizeof(*scene));
	for (int i = 0; i < 2; i++) {
		const struct dtls_association_conf conf = { .cert = scene_certs[i],
							    .mtu = mtu,
							    .first_ms = first_ms,
							    .send = scene_send,
							    .event = scene_event,
							    .arg = &scene->end[i] };

		scene->end[i].dtls = dtls_association_new(&conf);
	}
}

void scene_close(struct scene *scene)
{
	for (int i = 0; i < 2; i++)
		dtls_association_free(scene->end[i].dtls);
}

void scene_agree(struct scene *scene)
{
	for (int i = 0; i < 2; i++) {
		struct dtls_terms terms = scene_terms(i, scene_certs[!i], DTLS_SHA_256);

		if (scene->end[i].dtls)
			dtls_association_terms(scene->end[i].dtls, &terms, false, clock_ms());
	}
}

static unsigned int next_random(struct scene *scene)
{
	scene->seed = scene->seed * 1103515245 + 12345;
	return scene->seed >> 16 & 0x7fff;
}

/* A datagram changes its place with the one behind it. */
static void reorder(struct scene *scene, struct scene_datagram *at, size_t n)
{
	for (size_t i = 0; scene->reorders && i + 1 < n; i++)
		if (next_random(scene) & 1) {
			struct scene_datagram other = at[i];

			at[i] = at[i + 1];
			at[i + 1] = other;
		}
}

bool scene_carry(struct scene *scene)
{
	bool some = false;

	for (int i = 0; i < 2; i++) {
		struct scene_end *from = &scene->end[i], *to = &scene->end[!i];
		struct scene_datagram under_way[WIRE_MAX];
		size_t n = from->n_out;

		memcpy(under_way, from->out, n * sizeof(under_way[0]));
		from->n_out = 0;
		reorder(scene, under_way, n);
		for (size_t k = 0; k < n; k++) {
			some = true;
			if (next_random(scene) % 100 >= scene->loss && to->dtls)
				dtls_association_receive(to->dtls, under_way[k].data,
							 under_way[k].len, clock_ms());
		}
	}
	return some;
}

static bool is_done(const struct scene_end *end)
{
	return end->got[DTLS_EVENT_KEYS] || end->got[DTLS_EVENT_MISMATCH] ||
	       end->got[DTLS_EVENT_FAILED];
}

void scene_run(struct scene *scene, int64_t limit_ms)
{
	int64_t end_ms = clock_ms() + limit_ms;

	while (clock_ms() < end_ms && !(is_done(&scene->end[0]) && is_done(&scene->end[1]))) {
		if (scene_carry(scene))
			continue;
		for (int i = 0; i < 2; i++)
			if (scene->end[i].dtls)
				dtls_association_tick(scene->end[i].dtls, clock_ms());
		usleep(500);
	}
}
