// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nogrow.c - hash tables that are full cannot grow, as if memory were short, for one process
 *
 * A kernel without fault injection has no other way to make an insert fail: a table that cannot get
 * a larger array grows by small pieces, which are found in any memory. While it is on, processes
 * that dump by generic netlink are slow, so that what they hold is freed if it can be.
 *
 *   /sys/module/nogrow/parameters/
 *     process  its id; 0: none
 *     refused  inserts that failed, until now
 */
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>

static unsigned int process;
static unsigned int refused; /* by this process, which is on one CPU at a time */

module_param(process, uint, 0600);
module_param(refused, uint, 0400);

/* Where the function of the probe goes on: it returns to its caller. */
static noinline notrace void return_at_once(void)
{
}

/*
 * So long other CPUs may find what the process has published by then, and should not have; and so
 * long a process that dumps holds what it has found before it reads it.
 */
#define WINDOW_US 200
#define HOLD_US	  400

/*
 * At the entry of rhashtable_insert_slow(), which is called for full tables only. Its caller gets
 * what it returns when there is no memory.
 */
static int refuse(struct kprobe *probe, struct pt_regs *regs)
{
	if (!process || current->tgid != process)
		return 0;
	refused++;
	udelay(WINDOW_US);
	regs_set_return_value(regs, (unsigned long)ERR_PTR(-ENOMEM));
	instruction_pointer_set(regs, (unsigned long)return_at_once);
	return 1;
}
NOKPROBE_SYMBOL(refuse);

/* A probe with this function does not become a jump, whose handler could not go on elsewhere. */
static void after(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

/* At the entry of genlmsg_put(): a dump has found an object, and writes the head of its message. */
static int hold(struct kprobe *probe, struct pt_regs *regs)
{
	if (process && current->tgid != process)
		udelay(HOLD_US);
	return 0;
}
NOKPROBE_SYMBOL(hold);

static struct kprobe insert = {
	.symbol_name = "rhashtable_insert_slow",
	.pre_handler = refuse,
	.post_handler = after,
};

static struct kprobe dump = {
	.symbol_name = "genlmsg_put",
	.pre_handler = hold,
};

static struct kprobe *probes[] = { &insert, &dump };

static int __init nogrow_init(void)
{
	return register_kprobes(probes, ARRAY_SIZE(probes));
}

static void __exit nogrow_exit(void)
{
	unregister_kprobes(probes, ARRAY_SIZE(probes));
}

module_init(nogrow_init);
module_exit(nogrow_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("hash tables that cannot grow for one process");
