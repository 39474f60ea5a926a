/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_backends.c - the choice between two backends, and flows that move from one to the other */
#include "fake_backend.h"
#include "kmod_scene.h"

static struct fake_backend bpf;

static struct kmod *start_both(bool loaded)
{
	const struct kmod_conf conf = { .link = &fake.link,
					.bpf = &bpf.backend,
					.event = on_event,
					.owns = owns,
					.arg = &reported };

	memset(&reported, 0, sizeof(reported));
	fake_kmod_init(&fake, loaded);
	log_set_level(LOG_LEVEL_ERR);
	return kmod_open(&conf);
}

static void end_both(struct kmod *kmod)
{
	end(kmod);
	CU_ASSERT_EQUAL(fake_backend_count(&bpf), 0);
	CU_ASSERT_TRUE(bpf.closed);
}

/* "module: 2, bpf: 0: the kernel module is in use" */
static const char *told(const struct kmod *kmod)
{
	static char text[400];
	struct kmod_backend backend;
	size_t at = 0;

	text[0] = '\0';
	for (unsigned int i = 0; kmod_backend(kmod, i, &backend); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s: %zu%s%s", i ? ", " : "",
				       backend.path, backend.flows, backend.why ? ": " : "",
				       backend.why ? backend.why : "");
	return text;
}

static void test_the_module_is_better(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow;
	struct kmod *kmod;

	fake_backend_init(&bpf);
	kmod = start_both(true);
	CU_ASSERT_STRING_EQUAL(kmod_path(kmod), "module");
	CU_ASSERT_EQUAL(bpf.n_finds, 0);
	flow = kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_STRING_EQUAL(kmod_flow_path(flow), "module");
	CU_ASSERT_EQUAL(fake_backend_count(&bpf), 0);
	CU_ASSERT_STRING_EQUAL(told(kmod), "module: 1, bpf: 0: not needed");
	end_both(kmod);
}

static void test_the_second_is_used_without_the_module(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow;
	struct flow_state state;
	struct fake_held *held;
	struct kmod *kmod;

	fake_backend_init(&bpf);
	kmod = start_both(false);
	CU_ASSERT_STRING_EQUAL(kmod_path(kmod), "bpf");
	CU_ASSERT_FALSE(kmod_features(kmod) & RTPRELAY_FEATURE_FAMILY);
	flow = kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_STRING_EQUAL(kmod_flow_path(flow), "bpf");
	CU_ASSERT_STRING_EQUAL(told(kmod), "module: 0: rtprelay.ko is not loaded, bpf: 1");
	held = fake_backend_find(&bpf, &s.local);
	CU_ASSERT_PTR_NOT_NULL_FATAL(held);
	held->state.sums.packets = 7;
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(state.sums.packets, 7);
	kmod_drop(flow);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_backend_count(&bpf), 0);
	CU_ASSERT_EQUAL(kmod_flow_final(flow)->sums.packets, 7);
	end_both(kmod);
}

static void test_neither_is_there(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod *kmod;

	fake_backend_init(&bpf);
	bpf.refuse_find = -EPERM;
	kmod = start_both(false);
	CU_ASSERT_STRING_EQUAL(kmod_path(kmod), "user");
	CU_ASSERT_PTR_NULL(kmod_set(kmod, &s, NULL));
	CU_ASSERT_STRING_EQUAL(told(kmod),
			       "module: 0: rtprelay.ko is not loaded, bpf: 0: CAP_BPF is missing");
	end_both(kmod);
}

/* Each flow is in the module before the other backend removes it. */
static void is_set_before(struct fake_backend *backend, const struct endpoint *local)
{
	(void)backend;
	CU_ASSERT_PTR_NOT_NULL(fake_kmod_find(&fake, local));
}

static void test_flows_move_when_the_module_is_loaded(void)
{
	struct kmod_flow *flows[40];
	struct flow_sums sums;
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod *kmod;

	fake_backend_init(&bpf);
	bpf.removing = is_set_before;
	kmod = start_both(false);
	set_many(kmod, flows, 40);
	CU_ASSERT_EQUAL(fake_backend_count(&bpf), 40);
	fake_backend_find(&bpf, &s.local)->state.sums.packets = 7;
	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(reported.count[KMOD_CAME], 1);
	CU_ASSERT_EQUAL(reported.count[KMOD_WENT], 0);
	CU_ASSERT_STRING_EQUAL(kmod_path(kmod), "module");
	CU_ASSERT_STRING_EQUAL(kmod_flow_path(flows[39]), "module");
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 40);
	CU_ASSERT_EQUAL(bpf.n_dels, 40);
	CU_ASSERT_EQUAL(bpf.n_ends, 1);
	CU_ASSERT_EQUAL(kmod_count(kmod), 40);
	CU_ASSERT_STRING_EQUAL(told(kmod), "module: 40, bpf: 0: the kernel module is in use");
	fake_kmod_find(&fake, &s.local)->packets = 3;
	kmod_flows_read(flows, 1, &(struct flow_state){ 0 });
	kmod_flow_sums(flows[0], &sums);
	CU_ASSERT_EQUAL(sums.packets, 10);
	end_both(kmod);
}

/* A flow that the old backend did not remove at once. */
static void test_a_removal_without_an_answer_is_repeated(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow;
	struct flow_sums sums;
	struct kmod *kmod;

	fake_backend_init(&bpf);
	kmod = start_both(false);
	flow = kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	fake_backend_find(&bpf, &s.local)->state.sums.packets = 7;
	bpf.no_removal = true;
	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_STRING_EQUAL(kmod_flow_path(flow), "module");
	CU_ASSERT_EQUAL(bpf.n_ends, 0);
	fake_kmod_find(&fake, &s.local)->packets = 3;
	bpf.no_removal = false;
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_backend_count(&bpf), 0);
	CU_ASSERT_EQUAL(bpf.n_ends, 1);
	kmod_flows_read(&flow, 1, &(struct flow_state){ 0 });
	kmod_flow_sums(flow, &sums);
	CU_ASSERT_EQUAL(sums.packets, 10);
	end_both(kmod);
}

static void test_a_flow_that_ends_while_it_moves(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow;
	struct kmod *kmod;

	fake_backend_init(&bpf);
	kmod = start_both(false);
	flow = kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	bpf.no_removal = true;
	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	kmod_forget(flow);
	bpf.no_removal = false;
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_backend_count(&bpf), 0);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT_EQUAL(bpf.n_ends, 1);
	end_both(kmod);
}

static void test_the_second_takes_over_when_the_module_is_unloaded(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow;
	struct kmod *kmod;

	fake_backend_init(&bpf);
	kmod = start_both(true);
	flow = kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	fake_kmod_load(&fake, false);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(reported.count[KMOD_WENT], 1);
	CU_ASSERT_EQUAL(reported.count[KMOD_CAME], 1);
	CU_ASSERT_STRING_EQUAL(kmod_path(kmod), "bpf");
	/* Owners drop their flows when they are lost, and set them again. */
	kmod_drop(flow);
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_STRING_EQUAL(kmod_flow_path(flow), "bpf");
	CU_ASSERT_STRING_EQUAL(told(kmod), "module: 0: it was unloaded, bpf: 1");
	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_STRING_EQUAL(kmod_flow_path(flow), "module");
	end_both(kmod);
}

/* What the module refuses is not left behind in the other backend. */
static void test_a_flow_that_the_module_refuses(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow;
	struct kmod *kmod;

	fake_backend_init(&bpf);
	kmod = start_both(false);
	flow = kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	fake.refuse_add = -EINVAL;
	fake.sentence = "not this one";
	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_FALSE(kmod_flow_installed(flow));
	CU_ASSERT_STRING_EQUAL(kmod_flow_refusal(flow), "not this one");
	CU_ASSERT_EQUAL(fake_backend_count(&bpf), 0);
	end_both(kmod);
}

/* A reason that is not the lack of room, as a route by another kind of device. */
static void test_a_refused_flow_is_tried_again_when_it_may_work(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow;
	struct kmod *kmod;

	fake_backend_init(&bpf);
	bpf.refuse_set = -EOPNOTSUPP;
	bpf.sentence = "wg0 is not an Ethernet device";
	kmod = start_both(false);
	flow = kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_STRING_EQUAL(kmod_flow_refusal(flow), bpf.sentence);
	CU_ASSERT_EQUAL(reported.count[KMOD_CHANGED], 1);
	bpf.backend.sink.eased(bpf.backend.sink.arg, &bpf.backend);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(bpf.n_sets, 2);
	CU_ASSERT_EQUAL(reported.count[KMOD_CHANGED], 1); /* for the same reason: no news */
	bpf.refuse_set = 0;
	bpf.backend.sink.eased(bpf.backend.sink.arg, &bpf.backend);
	kmod_flush(kmod);
	CU_ASSERT_TRUE(kmod_flow_installed(flow));
	CU_ASSERT_PTR_NULL(kmod_flow_refusal(flow));
	end_both(kmod);
}

/* The route of a flow has changed to a device that the backend cannot use. */
static void withdrawn(int error)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow;
	struct kmod_message m;
	struct kmod *kmod;

	fake_backend_init(&bpf);
	kmod = start_both(false);
	flow = kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	m = (struct kmod_message){
		.said = KMOD_SAID_WITHDRAWN, .local = s.local, .error = error, .has_cookie = true
	};
	memcpy(m.cookie, s.cookie, FLOW_COOKIE);
	snprintf(m.text, sizeof(m.text), "no route");
	bpf.backend.sink.flow(bpf.backend.sink.arg, &bpf.backend, &m);
	kmod_flush(kmod);
	CU_ASSERT_FALSE(kmod_flow_installed(flow));
	CU_ASSERT_STRING_EQUAL(kmod_flow_refusal(flow), "no route");
	CU_ASSERT_EQUAL(kmod_flow_impossible(flow), error == -EOPNOTSUPP);
	CU_ASSERT_EQUAL(fake_backend_count(&bpf), 0);
	bpf.backend.sink.eased(bpf.backend.sink.arg, &bpf.backend);
	kmod_flush(kmod);
	CU_ASSERT_TRUE(kmod_flow_installed(flow));
	CU_ASSERT_FALSE(kmod_flow_impossible(flow));
	end_both(kmod);
}

/* Its route may be gone, or now lead by a device that the backend cannot use. */
static void test_a_flow_may_be_withdrawn(void)
{
	withdrawn(-ENETUNREACH);
	withdrawn(-EOPNOTSUPP);
}

/* Events of the backend that does not hold a flow any more say nothing about it. */
static void test_events_of_the_old_backend_are_ignored(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow;
	struct kmod *kmod;

	fake_backend_init(&bpf);
	kmod = start_both(false);
	flow = kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	fake_backend_tell(&bpf, KMOD_SAID_IDLE, &s);
	CU_ASSERT_EQUAL(reported.count[KMOD_IDLE], 1);
	bpf.no_removal = true;
	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_STRING_EQUAL(kmod_flow_path(flow), "module");
	fake_backend_tell(&bpf, KMOD_SAID_IDLE, &s);
	CU_ASSERT_EQUAL(reported.count[KMOD_IDLE], 1);
	fake_backend_tell(&bpf, KMOD_SAID_REFUSED, &s);
	CU_ASSERT_EQUAL(reported.count[KMOD_STRANGER], 1);
	bpf.no_removal = false;
	kmod_flush(kmod);
	end_both(kmod);
}

/* After kill -9: flows that are still required are kept, others are removed. */
static void test_flows_of_an_earlier_daemon(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000"), t = spec(30002, "203.0.113.7:6002");
	struct kmod_flow *flow;
	struct flow_sums sums;
	struct kmod *kmod;

	fake_backend_init(&bpf);
	kmod = start_both(false);
	fake_backend_leave(&bpf, &s)->state.sums.packets = 7;
	fake_backend_leave(&bpf, &t);
	flow = kmod_set(kmod, &s, NULL);
	kmod_adopt(kmod);
	CU_ASSERT_TRUE(kmod_flow_installed(flow));
	CU_ASSERT_EQUAL(fake_backend_count(&bpf), 1);
	kmod_flow_sums(flow, &sums);
	CU_ASSERT_EQUAL(sums.packets, 7);
	end_both(kmod);
}

static void count_held(void *arg, const struct kmod_message *held)
{
	*(unsigned int *)arg += endpoint_port(&held->local);
}

/* What the kernel itself reports, of the path that is asked for. */
static void test_held_flows_are_told_by_path(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	unsigned int ports = 0;
	struct kmod *kmod;
	uint32_t at = 0;

	fake_backend_init(&bpf);
	kmod = start_both(false);
	fake_backend_leave(&bpf, &s);
	CU_ASSERT_EQUAL(kmod_held(kmod, "module", &at, count_held, &ports), 0);
	CU_ASSERT_EQUAL(ports, 0);
	CU_ASSERT_EQUAL(kmod_held(kmod, "bpf", &at, count_held, &ports), 0);
	CU_ASSERT_EQUAL(ports, 30000);
	kmod_adopt(kmod);
	end_both(kmod);
}

/* For the next daemon, which finds them again; when calls have ended, nothing is kept. */
static void test_flows_are_kept_only_if_calls_go_on(void)
{
	for (int keep = 0; keep < 2; keep++) {
		struct flow_spec s = spec(30000, "203.0.113.7:6000");
		struct kmod *kmod;

		fake_backend_init(&bpf);
		kmod = start_both(false);
		kmod_set(kmod, &s, NULL);
		kmod_flush(kmod);
		if (keep)
			kmod_let_go(kmod);
		kmod_close(kmod, true);
		CU_ASSERT_EQUAL(bpf.kept, keep);
		CU_ASSERT_EQUAL(fake_backend_count(&bpf), keep);
	}
}

static void test_the_device_is_made_without_a_flow(void)
{
	char why[KERNEL_WHY] = "";
	struct kmod *kmod = NULL;

	CU_ASSERT_EQUAL(kmod_make_tap(kmod, why), -EOPNOTSUPP);
	fake_backend_init(&bpf);
	kmod = start_both(false);
	CU_ASSERT_EQUAL(kmod_make_tap(kmod, why), -EOPNOTSUPP);
	CU_ASSERT_STRING_EQUAL(why, "only the kernel module shows packets");
	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(kmod_make_tap(kmod, why), 0);
	CU_ASSERT_EQUAL(kmod_make_tap(kmod, why), 0);
	CU_ASSERT_EQUAL(fake.n_taps, 2);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	fake.refuse_add = -ENOMEM;
	fake.sentence = "cannot create the device rtprelay0";
	CU_ASSERT_EQUAL(kmod_make_tap(kmod, why), -ENOMEM);
	CU_ASSERT_STRING_EQUAL(why, "cannot create the device rtprelay0");
	fake.refuse_add = 0;
	/* An answer that is lost is no success, and the table is compared. */
	fake.lose_answers = 1;
	CU_ASSERT_EQUAL(kmod_make_tap(kmod, why), -EIO);
	kmod_flush(kmod);
	/* A module that has no tap. */
	end_both(kmod);
	fake_backend_init(&bpf);
	kmod = start_both(false);
	fake.features &= ~(uint32_t)RTPRELAY_FEATURE_TAP;
	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(kmod_make_tap(kmod, why), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(fake.n_taps, 0);
	end_both(kmod);
}

TEST_SUITE(backends, { "the module is better", test_the_module_is_better },
	   { "the second is used without the module", test_the_second_is_used_without_the_module },
	   { "neither is there", test_neither_is_there },
	   { "flows move when the module is loaded", test_flows_move_when_the_module_is_loaded },
	   { "a removal without an answer is repeated",
	     test_a_removal_without_an_answer_is_repeated },
	   { "a flow that ends while it moves", test_a_flow_that_ends_while_it_moves },
	   { "the second takes over when the module is unloaded",
	     test_the_second_takes_over_when_the_module_is_unloaded },
	   { "a flow that the module refuses", test_a_flow_that_the_module_refuses },
	   { "a refused flow is tried again when it may work",
	     test_a_refused_flow_is_tried_again_when_it_may_work },
	   { "a flow may be withdrawn", test_a_flow_may_be_withdrawn },
	   { "events of the old backend are ignored", test_events_of_the_old_backend_are_ignored },
	   { "flows of an earlier daemon", test_flows_of_an_earlier_daemon },
	   { "held flows are told by path", test_held_flows_are_told_by_path },
	   { "flows are kept only if calls go on", test_flows_are_kept_only_if_calls_go_on },
	   { "the device is made without a flow", test_the_device_is_made_without_a_flow });
