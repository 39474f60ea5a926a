/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kmod_flow.c - the table of flows that are wanted, and how the kernel comes to hold them
 *
 * A flow that is to change is put in a queue; a flush turns the queue into batches of requests and reads
 * the answers. What has become of a flow is noted, to be told when nothing is half done: its owner may set,
 * drop and forget flows then.
 */
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#define HASH_NONFATAL_OOM 1 /* uthash would end the process when out of memory */
#include <uthash.h>

#include "clock.h"
#include "kmod_flow.h"
#include "log.h"

#define FULL_TOLD_MS 60000 /* between two complaints */

/**
 * struct kmod_flow - a flow that is wanted, or was
 * @past: of flows at this place that ended; @last: as the kernel told last of the one that is there
 * @final: as the kernel told when it was removed; owned; NULL: it was not, or no memory for it
 * @refusal: the kernel's sentence, when @refused; owned; NULL: no memory for it
 * @seen_ms: clock_ms() of its last packet, as last told
 * @news: bits of enum kmod_event, to be told
 * @round: of the last dump that it was in
 * @fresh: what is in the kernel at this place is another owner's
 * @forgotten: the handle has ended, the kernel has yet to be told
 * @retried: it was refused for want of room before, and is tried again
 */
struct kmod_flow {
	UT_hash_handle hh;
	struct flow_table *table;
	struct kmod_flow *prev, *next;		 /* in table.queue, while @queued */
	struct kmod_flow *news_prev, *news_next; /* in table.news, while @news */
	struct kmod_flow *wait_prev, *wait_next; /* in table.waiting, while @waiting */
	struct flow_spec spec;
	struct flow_sums past, last;
	void *owner;
	struct flow_state *final;
	char *refusal;
	int64_t seen_ms;
	uint32_t round;
	uint8_t news;
	bool wanted, installed, queued, silent, fresh, forgotten, answered, refused, waiting,
		retried;
};

static struct kmod_flow *find(const struct flow_table *table, const struct endpoint *local)
{
	struct endpoint key = flow_endpoint(local);
	struct kmod_flow *flow;

	HASH_FIND(hh, table->all, &key, sizeof(key), flow);
	return flow;
}

static void enqueue(struct kmod_flow *flow)
{
	if (flow->queued)
		return;
	flow->queued = true;
	DL_APPEND(flow->table->queue, flow);
}

static void dequeue(struct kmod_flow *flow)
{
	if (!flow->queued)
		return;
	flow->queued = false;
	DL_DELETE(flow->table->queue, flow);
}

static void add_news(struct kmod_flow *flow, enum kmod_event event)
{
	if (flow->forgotten)
		return;
	if (!flow->news)
		DL_APPEND2(flow->table->news, flow, news_prev, news_next);
	flow->news |= (uint8_t)(1 << event);
}

static void drop_news(struct kmod_flow *flow)
{
	if (flow->news)
		DL_DELETE2(flow->table->news, flow, news_prev, news_next);
	flow->news = 0;
}

static void leave_waiting(struct kmod_flow *flow)
{
	if (flow->waiting)
		DL_DELETE2(flow->table->waiting, flow, wait_prev, wait_next);
	flow->waiting = false;
}

static void clear_refusal(struct kmod_flow *flow)
{
	leave_waiting(flow);
	free(flow->refusal);
	flow->refusal = NULL;
	flow->refused = flow->retried = false;
}

static void flow_free(struct kmod_flow *flow)
{
	dequeue(flow);
	drop_news(flow);
	clear_refusal(flow);
	free(flow->final);
	flow->table->n_installed -= flow->installed;
	HASH_DEL(flow->table->all, flow);
	free(flow);
}

/* It is in the kernel from now on. */
static void flow_came(struct kmod_flow *flow)
{
	if (!flow->installed) {
		flow->table->n_installed++;
		flow->silent = false;
		add_news(flow, KMOD_CHANGED);
	}
	flow->installed = true;
}

/* It is not any more; what it last told of itself is all that will be known. */
static void flow_went(struct kmod_flow *flow)
{
	if (!flow->installed)
		return;
	flow_sums_add(&flow->past, &flow->last);
	memset(&flow->last, 0, sizeof(flow->last));
	flow->installed = flow->silent = flow->fresh = false;
	flow->table->n_installed--;
	add_news(flow, KMOD_CHANGED);
}

/* The same, and nobody told of its last packet: to be safe, there was one just now. */
static void flow_vanished(struct kmod_flow *flow)
{
	if (flow->installed && !flow->silent && !flow->fresh)
		flow->seen_ms = clock_ms();
	flow_went(flow);
}

static void set_seen(struct kmod_flow *flow, const struct flow_state *state)
{
	if (state->seen_ago_ms >= 0)
		flow->seen_ms = clock_ms() - state->seen_ago_ms;
}

/* By our clock: it was told just now. */
static void set_rtcp_time(struct flow_state *state)
{
	state->rtcp_at_us = state->rtcp_ago_us >= 0 ? clock_us() - state->rtcp_ago_us : 0;
}

static struct kmod_flow *flow_new(struct flow_table *table, const struct flow_spec *spec)
{
	struct kmod_flow *flow = calloc(1, sizeof(*flow));

	if (!flow)
		return NULL;
	flow->table = table;
	flow->spec = *spec;
	HASH_ADD(hh, table->all, spec.local, sizeof(flow->spec.local), flow);
	if (flow->hh.tbl)
		return flow;
	free(flow);
	return NULL;
}

/* A new owner for a flow whose end the kernel has yet to be told: it is replaced, and counts anew. */
static void flow_reborn(struct kmod_flow *flow)
{
	flow->forgotten = false;
	flow->fresh = flow->installed;
	flow->seen_ms = 0;
	memset(&flow->past, 0, sizeof(flow->past));
	memset(&flow->last, 0, sizeof(flow->last));
}

struct kmod_flow *flow_table_set(struct flow_table *table, const struct flow_spec *spec,
				 void *owner)
{
	struct kmod_flow *flow;

	flow = find(table, &spec->local);
	if (!flow)
		flow = flow_new(table, spec);
	if (!flow)
		return NULL;
	if (flow->forgotten)
		flow_reborn(flow);
	else if (flow->wanted && flow->owner == owner && flow_spec_equal(&flow->spec, spec))
		return flow;
	flow->owner = owner;
	flow->spec = *spec;
	flow->wanted = true;
	clear_refusal(flow);
	free(flow->final);
	flow->final = NULL;
	enqueue(flow);
	return flow;
}

void kmod_drop(struct kmod_flow *flow)
{
	if (!flow->wanted)
		return;
	flow->wanted = false;
	clear_refusal(flow);
	if (flow->installed)
		enqueue(flow);
	else
		dequeue(flow);
}

void kmod_forget(struct kmod_flow *flow)
{
	if (!flow)
		return;
	kmod_drop(flow);
	drop_news(flow);
	flow->owner = NULL;
	if (flow->installed)
		flow->forgotten = true;
	else
		flow_free(flow);
}

void *kmod_flow_owner(const struct kmod_flow *flow)
{
	return flow->owner;
}

const struct flow_spec *kmod_flow_spec(const struct kmod_flow *flow)
{
	return &flow->spec;
}

bool kmod_flow_installed(const struct kmod_flow *flow)
{
	return flow->installed && flow->wanted && !flow->fresh;
}

const char *kmod_flow_refusal(const struct kmod_flow *flow)
{
	if (!flow->refused)
		return NULL;
	return flow->refusal ? flow->refusal : "refused by the kernel";
}

int64_t kmod_flow_seen_ms(const struct kmod_flow *flow)
{
	return flow->seen_ms;
}

int64_t kmod_flow_last_in_ms(const struct kmod_flow *flow, int64_t now_ms)
{
	return kmod_flow_installed(flow) && !flow->silent ? now_ms : flow->seen_ms;
}

void kmod_flow_sums(const struct kmod_flow *flow, struct flow_sums *sums)
{
	*sums = flow->past;
	flow_sums_add(sums, &flow->last);
}

const struct flow_state *kmod_flow_final(const struct kmod_flow *flow)
{
	return flow->final;
}

/* --- Asking ------------------------------------------------------------------------------------- */

/* Flows that are asked about in one exchange: @at says which of them a request is about. */
struct reading {
	struct flow_table *table;
	struct kmod_flow *const *flows;
	struct flow_state *states;
	uint32_t seq, count;
	uint8_t at[TALK_BATCH];
};

static void answer_reading(void *arg, const struct kmod_message *m)
{
	struct reading *r = arg;
	uint32_t i = m->seq - r->seq;
	struct flow_state *state;

	if (i >= r->count)
		return;
	if (m->said == KMOD_SAID_ACK && m->error)
		r->table->talk->lost = true; /* it ought to be there */
	if (m->said != KMOD_SAID_FLOW)
		return;
	state = &r->states[r->at[i]];
	*state = m->state;
	set_rtcp_time(state);
	r->flows[r->at[i]]->last = state->sums;
	set_seen(r->flows[r->at[i]], state);
}

/* Only the last is acknowledged: there is an answer to each. */
static size_t put_readings(struct reading *r, size_t n)
{
	struct talk *talk = r->table->talk;
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		if (r->flows[i]->installed && !r->flows[i]->fresh)
			r->at[r->count++] = (uint8_t)i;
	for (uint32_t i = 0; i < r->count; i++)
		len += kmod_ask_flow(talk->out + len, talk->family.id, r->seq + i,
				     RTPRELAY_CMD_FLOW_GET, &r->flows[r->at[i]]->spec.local,
				     i + 1 == r->count);
	return len;
}

static void read_batch(struct kmod_flow *const flows[], size_t n, struct flow_state states[])
{
	struct talk *talk = flows[0]->table->talk;
	struct reading r = { .table = flows[0]->table, .flows = flows, .states = states };
	size_t len = 0;

	r.seq = talk_next_seq(talk, TALK_BATCH);
	if (talk->family.id)
		len = put_readings(&r, n);
	if (len)
		talk_exchange(talk, len, r.seq + r.count - 1, RTPRELAY_FAMILY, answer_reading, &r);
}

void kmod_flows_read(struct kmod_flow *const flows[], size_t n, struct flow_state states[])
{
	memset(states, 0, n * sizeof(*states));
	for (size_t i = 0; i < n; i++)
		states[i].seen_ago_ms = states[i].rtcp_ago_us = -1;
	for (size_t i = 0; i < n; i += TALK_BATCH)
		read_batch(flows + i, n - i < TALK_BATCH ? n - i : TALK_BATCH, states + i);
	for (size_t i = 0; i < n; i++)
		kmod_flow_sums(flows[i], &states[i].sums);
}

/* --- Making it so ------------------------------------------------------------------------------- */

/*
 * Each flow that ends makes room for one that waits, and each that then finds room for two more; one that is refused
 * says that there is none. So what waits goes where there is room, however that came about, without a storm.
 */
static void wait_for_room(struct kmod_flow *flow, const char *why)
{
	struct flow_table *table = flow->table;
	int64_t now_ms = clock_ms();

	if (!table->full_told_ms || now_ms - table->full_told_ms >= FULL_TOLD_MS) {
		log_warn("kernel module has no room for more flows: %s: media beyond is relayed in "
			 "user space",
			 why);
		table->full_told_ms = now_ms;
	}
	flow->waiting = true;
	DL_APPEND2(table->waiting, flow, wait_prev, wait_next);
	table->room = 0;
}

static void try_again(struct flow_table *table)
{
	for (int i = 0; i < TALK_BATCH && table->room && table->waiting; i++) {
		struct kmod_flow *flow = table->waiting;

		table->room--;
		leave_waiting(flow);
		flow->refused = false; /* the sentence stays, to be told from another */
		flow->retried = true;
		enqueue(flow);
	}
}

static void refused(struct kmod_flow *flow, int error, const char *text)
{
	const char *why = *text ? text : strerror(-error);
	bool told = flow->retried && flow->refusal && !strcmp(flow->refusal, why);

	log_debug("kernel module refuses a flow: %s", why);
	clear_refusal(flow);
	flow->refused = true;
	flow->refusal = strdup(why);
	if (error == -ENOSPC || error == -ENOMEM)
		wait_for_room(flow, why);
	if (error == -ENOENT)
		flow->table->talk->lost = true; /* there is no such family any more */
	if (flow->installed)
		enqueue(flow); /* the old one is wrong: it goes */
	if (!told)
		add_news(flow, KMOD_CHANGED);
}

static void ended(struct kmod_flow *flow, int error, const char *text)
{
	if (error && error != -ENOENT)
		log_warn("kernel module does not end a flow: %s", *text ? text : strerror(-error));
	flow->table->room += !error;
	flow_went(flow);
}

/* What it was asked for at last has been done, or refused. */
static void answered(struct kmod_flow *flow, const struct kmod_message *m)
{
	flow->answered = true;
	if (!flow->wanted || flow->refused) {
		ended(flow, m->error, m->text);
	} else if (m->error) {
		refused(flow, m->error, m->text);
	} else {
		flow->table->room += flow->retried ? 2 : 0;
		clear_refusal(flow);
		flow->fresh = false;
		flow_came(flow);
	}
}

static void keep_final(struct kmod_flow *flow, const struct flow_state *state)
{
	if (flow->wanted || flow->forgotten)
		return;
	if (!flow->final)
		flow->final = malloc(sizeof(*flow->final));
	if (!flow->final)
		return;
	*flow->final = *state;
	set_rtcp_time(flow->final);
}

static void answer_batch(void *arg, const struct kmod_message *m)
{
	struct flow_table *table = arg;
	uint32_t at = m->seq - table->batch_seq;
	struct kmod_flow *flow;

	if (at >= table->batch_len)
		return;
	flow = table->batch[at];
	if (m->said == KMOD_SAID_ACK && !flow->answered)
		answered(flow, m);
	if (m->said != KMOD_SAID_FLOW)
		return;
	/* The final state of what was there. */
	memset(&flow->last, 0, sizeof(flow->last));
	if (flow->fresh)
		return;
	flow_sums_add(&flow->past, &m->state.sums);
	set_seen(flow, &m->state);
	keep_final(flow, &m->state);
}

static size_t put_request(struct flow_table *table, struct kmod_flow *flow, void *buf)
{
	uint32_t seq = table->batch_seq + table->batch_len;

	if (flow->wanted && !flow->refused)
		return kmod_ask_add(buf, table->talk->family.id, seq, &flow->spec, table->features,
				    flow->installed && !flow->fresh);
	if (flow->installed)
		return kmod_ask_flow(buf, table->talk->family.id, seq, RTPRELAY_CMD_FLOW_DEL,
				     &flow->spec.local, true);
	return 0;
}

/* What the queue begins with is written down. */
static size_t fill_batch(struct flow_table *table)
{
	struct talk *talk = table->talk;
	size_t len = 0;

	table->batch_seq = talk_next_seq(talk, TALK_BATCH);
	table->batch_len = 0;
	while (table->queue && table->batch_len < TALK_BATCH) {
		struct kmod_flow *flow = table->queue;
		size_t added = put_request(table, flow, talk->out + len);

		dequeue(flow);
		if (!added)
			continue;
		len += added;
		flow->answered = false;
		table->batch[table->batch_len++] = flow;
	}
	return len;
}

static void flush_batch(struct flow_table *table)
{
	size_t len = fill_batch(table);

	if (len)
		talk_exchange(table->talk, len, table->batch_seq + table->batch_len - 1,
			      RTPRELAY_FAMILY, answer_batch, table);
	for (uint32_t i = 0; i < table->batch_len; i++) {
		struct kmod_flow *flow = table->batch[i];

		if (!flow->answered)
			enqueue(flow); /* asked for twice does no harm */
		else if (flow->forgotten && !flow->installed)
			flow_free(flow);
	}
}

bool flow_table_busy(const struct flow_table *table)
{
	return table->queue || (table->room && table->waiting);
}

void flow_table_flush(struct flow_table *table)
{
	while (flow_table_busy(table) && !table->talk->lost) {
		try_again(table);
		flush_batch(table);
	}
}

/* --- Comparing ---------------------------------------------------------------------------------- */

static void compare_silence(struct kmod_flow *flow, const struct flow_state *state)
{
	set_seen(flow, state);
	if (state->silent != flow->silent)
		add_news(flow, state->silent ? KMOD_IDLE : KMOD_RESUMED);
	flow->silent = state->silent;
}

/* In the kernel, unknown here. */
static void clean_up(struct flow_table *table, const struct endpoint *local)
{
	struct flow_spec spec;
	struct kmod_flow *flow;

	if (!table->owns || !table->owns(table->arg, local))
		return; /* another daemon's */
	memset(&spec, 0, sizeof(spec));
	spec.local = flow_endpoint(local);
	flow = flow_new(table, &spec);
	if (!flow)
		return;
	flow->forgotten = true;
	flow->round = table->round;
	flow_came(flow);
	enqueue(flow);
}

/* @flow, wanted or not, is in the kernel: as somebody with this cookie has set it. */
static void found(struct kmod_flow *flow, const struct kmod_message *m)
{
	if (!flow->installed)
		flow->fresh =
			!m->has_cookie || memcmp(m->cookie, flow->spec.cookie, FLOW_COOKIE) != 0;
	flow_came(flow);
	if (!flow->fresh) {
		flow->last = m->state.sums;
		compare_silence(flow, &m->state);
	}
	if (!flow->wanted || flow->fresh)
		enqueue(flow);
}

/* What a dump is read for. */
struct dump {
	struct flow_table *table;
	uint32_t seq;
	int error;
};

static void answer_dump(void *arg, const struct kmod_message *m)
{
	struct dump *dump = arg;
	struct flow_table *table = dump->table;
	struct kmod_flow *flow;

	if (m->seq != dump->seq)
		return;
	if (m->said == KMOD_SAID_ACK || m->said == KMOD_SAID_DONE)
		dump->error = m->error;
	if (m->said != KMOD_SAID_FLOW)
		return;
	flow = find(table, &m->local);
	if (!flow) {
		clean_up(table, &m->local);
		return;
	}
	flow->round = table->round;
	found(flow, m);
}

static void find_missing(struct flow_table *table)
{
	struct kmod_flow *flow, *next;

	HASH_ITER(hh, table->all, flow, next) {
		if (!flow->installed || flow->round == table->round)
			continue;
		flow_vanished(flow);
		if (flow->wanted)
			enqueue(flow);
		else if (flow->forgotten)
			flow_free(flow);
	}
}

int flow_table_compare(struct flow_table *table)
{
	struct talk *talk = table->talk;
	struct dump dump = { .table = table, .seq = talk_next_seq(talk, 1) };
	size_t len = kmod_ask_dump(talk->out, talk->family.id, dump.seq);
	int error;

	table->round++;
	error = talk_exchange(talk, len, dump.seq, RTPRELAY_FAMILY, answer_dump, &dump);
	if (!error)
		error = dump.error;
	if (!error)
		find_missing(table);
	return error;
}

void flow_table_lost(struct flow_table *table)
{
	struct kmod_flow *flow, *next;

	HASH_ITER(hh, table->all, flow, next) {
		flow_vanished(flow);
		drop_news(flow);
		dequeue(flow);
		clear_refusal(flow);
		if (flow->forgotten)
			flow_free(flow);
	}
}

void flow_table_forget(struct flow_table *table, bool remove)
{
	struct kmod_flow *flow, *next;

	HASH_ITER(hh, table->all, flow, next) {
		drop_news(flow);
		if (remove)
			kmod_forget(flow);
	}
}

void flow_table_free(struct flow_table *table)
{
	struct kmod_flow *flow, *next;

	HASH_ITER(hh, table->all, flow, next) {
		flow_free(flow);
	}
}

/* --- News --------------------------------------------------------------------------------------- */

struct kmod_flow *flow_table_news(struct flow_table *table, enum kmod_event *event)
{
	struct kmod_flow *flow = table->news;

	if (!flow)
		return NULL;
	*event = (enum kmod_event)__builtin_ctz(flow->news);
	flow->news &= (uint8_t)(flow->news - 1);
	DL_DELETE2(table->news, flow, news_prev, news_next);
	if (flow->news)
		DL_APPEND2(table->news, flow, news_prev, news_next);
	return flow;
}

struct kmod_flow *flow_table_hear(struct flow_table *table, const struct kmod_message *m)
{
	struct kmod_flow *flow = find(table, &m->local);

	/* Of another owner's flow that was here before. */
	if (!flow || flow->forgotten || !m->has_cookie ||
	    memcmp(m->cookie, flow->spec.cookie, FLOW_COOKIE) != 0)
		return NULL;
	/* The source that an offer has moved a phone to may be met by the flow that is about to end. */
	if (m->said == KMOD_SAID_REFUSED)
		return flow;
	if (!kmod_flow_installed(flow))
		return NULL;
	flow->silent = m->said == KMOD_SAID_IDLE;
	set_seen(flow, &m->state);
	return flow;
}
