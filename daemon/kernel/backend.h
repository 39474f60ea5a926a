/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend.h - a way into the kernel: what carries out the changes of the table of flows
 *
 * kernel/kmod.c keeps one table of required flows. Backends hold them: kernel/module.c is the first
 * one. They have the same verbs; what one cannot do is told by its features, and such flows are not
 * planned (call/flow_plan.c). No function waits.
 */
#ifndef RTPRELAY_KERNEL_BACKEND_H
#define RTPRELAY_KERNEL_BACKEND_H

#include "kernel/msg.h"

#define KERNEL_BATCH	64  /* flows in one call of change() or read() */
#define KERNEL_BACKENDS 2   /* at most */
#define KERNEL_WHY	256 /* bytes of a reason in words */

struct kernel_backend;

/**
 * struct kernel_change - one flow to set or to remove
 * @spec: to set; of a flow to remove only its local endpoint counts
 * @carry: the flow in its place is of the same stream: its RTP statistics go on
 */
struct kernel_change {
	const struct flow_spec *spec;
	bool set, carry;
};

/* What a backend answers to the change or reading with the index @at. */
struct kernel_answers {
	/* Of a reading: its state; of a change: the final one of the flow that was there. */
	void (*state)(void *arg, uint32_t at, const struct flow_state *state);
	/* It was executed: 0; refused: -errno, and the kernel's text, which may be empty. */
	void (*done)(void *arg, uint32_t at, int error, const char *text);
};

/* One flow of a dump, or one event of a flow. */
typedef void kernel_told_fn(void *arg, struct kernel_backend *backend,
			    const struct kmod_message *message);

/* What a backend tells of its own accord. */
struct kernel_sink {
	void (*came)(void *arg, struct kernel_backend *backend);
	/* All its flows are gone. */
	void (*went)(void *arg, struct kernel_backend *backend);
	/* KMOD_SAID_IDLE, KMOD_SAID_RESUMED, KMOD_SAID_REFUSED, KMOD_SAID_WITHDRAWN */
	kernel_told_fn *flow;
	/* Flows that it has refused for another reason than room may be possible now. */
	void (*eased)(void *arg, struct kernel_backend *backend);
	void *arg;
};

struct kernel_backend_ops {
	/*
	 * Can it be used from now on? Sets @features and logs that it is in use, or sets @why.
	 * @first: at the start of the daemon; later an operator's decision to unload something is
	 * not reversed. 0; -errno
	 */
	int (*find)(struct kernel_backend *backend, bool first);
	/* Is it still there? 0; -ENOENT: it is gone; other -errno: it does not answer */
	int (*check)(struct kernel_backend *backend);
	/*
	 * It is gone, and all flows with it, or it is not needed any more: forgets what it has
	 * read, sets @why. Logs it.
	 */
	void (*went)(struct kernel_backend *backend);
	/* At most KERNEL_BATCH. Changes without an answer are sent again by the caller. */
	void (*change)(struct kernel_backend *backend, const struct kernel_change changes[],
		       uint32_t n, const struct kernel_answers *answers, void *arg);
	void (*read)(struct kernel_backend *backend, const struct flow_spec *const specs[],
		     uint32_t n, const struct kernel_answers *answers, void *arg);
	/* KMOD_SAID_FLOW for each flow that it holds. 0; -errno */
	int (*dump)(struct kernel_backend *backend, kernel_told_fn *found, void *arg);
	/*
	 * The same in parts: begins at @at, 0, and sets it to where to go on. 1: there are more; 0;
	 * -errno. NULL: others can read its flows without the daemon
	 */
	int (*dump_some)(struct kernel_backend *backend, uint32_t *at, kernel_told_fn *found,
			 void *arg);
	/*
	 * Makes the device that shows the packets of flows with RTPRELAY_FLOW_TAP. 0, also if it is
	 * there; -errno and @why. NULL: it has none
	 */
	int (*make_tap)(struct kernel_backend *backend, char why[KERNEL_WHY]);
	/* Reads its news; call when @news_fd is readable. */
	void (*dispatch)(struct kernel_backend *backend);
	/* Adds what it has counted since it was found, enum rtprelay_counter. */
	void (*totals)(struct kernel_backend *backend, uint64_t counters[RTPRELAY_C_MAX + 1]);
	/* Frees it. @keep: its flows go on, for the next daemon */
	void (*close)(struct kernel_backend *backend, bool keep);
};

/**
 * struct kernel_backend - begins the struct of each backend
 * @name: in log lines, "kernel module"; @path: of packets that it forwards, "module"
 * @on_demand: is found only when no better one is there, and ended when one is
 * @why: why it is not there
 * @features: enum rtprelay_feature; 0 while it is not there
 * @held: flows that it holds
 * @there: it can be used
 * @lost: answers or events were lost: its flows may differ from the table
 */
struct kernel_backend {
	const struct kernel_backend_ops *ops;
	const char *name, *path;
	int news_fd; /* -1: none */
	bool on_demand;
	struct kernel_sink sink;
	uint32_t features;
	size_t held;
	bool there, lost;
	char why[KERNEL_WHY];
};

#endif
