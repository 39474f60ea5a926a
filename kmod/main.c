// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - the module: start in order, end in reverse
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "net.h"
#include "nl.h"
#include "rtprelay_nl.h"
#include "tap.h"
#include "version.h"

static int __init rtpr_init(void)
{
	int err;

	err = rtpr_nets_init();
	if (err)
		return err;
	err = rtpr_tap_init();
	if (err)
		goto err_nets;
	err = rtpr_nl_init();
	if (err)
		goto err_tap;
	return 0;

err_tap:
	rtpr_tap_fini();
err_nets:
	rtpr_nets_fini();
	return err;
}

static void __exit rtpr_exit(void)
{
	rtpr_nl_fini();
	rtpr_tap_fini();
	rtpr_nets_fini();
	rcu_barrier(); /* RCU callbacks of this module free flows and routes */
}

module_init(rtpr_init);
module_exit(rtpr_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(RTPRELAY_VERSION);
MODULE_DESCRIPTION("RTP media relay: forwards the flows that rtprelayd sets");
MODULE_ALIAS_GENL_FAMILY(RTPRELAY_FAMILY);
