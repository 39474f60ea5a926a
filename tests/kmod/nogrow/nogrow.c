// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nogrow.c - hash tables that are full cannot grow, as if memory were short, for one process
 *
 * A kernel without fault injection has no other way to make an insert fail: a table that cannot get
 * a larger array grows by small pieces, which are found in any memory.
 *
 *   /sys/module/nogrow/parameters/
 *     process  its id; 0: none
 *     refused  inserts that failed, until now
 */
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
 * At the entry of rhashtable_insert_slow(), which is called for full tables only. Its caller gets
 * what it returns when there is no memory.
 */
static int refuse(struct kprobe *probe, struct pt_regs *regs)
{
	if (!process || current->tgid != process)
		return 0;
	refused++;
	regs_set_return_value(regs, (unsigned long)ERR_PTR(-ENOMEM));
	instruction_pointer_set(regs, (unsigned long)return_at_once);
	return 1;
}
NOKPROBE_SYMBOL(refuse);

/* A probe with this function does not become a jump, whose handler could not go on elsewhere. */
static void after(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = {
	.symbol_name = "rhashtable_insert_slow",
	.pre_handler = refuse,
	.post_handler = after,
};

static int __init nogrow_init(void)
{
	return register_kprobe(&probe);
}

static void __exit nogrow_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(nogrow_init);
module_exit(nogrow_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("hash tables that cannot grow for one process");
