// SPDX-License-Identifier: GPL-2.0-only
/*
 * direct.c - hand a packet to the driver's queue, without the layer between
 */
#include <net/pkt_sched.h>
#include <net/sch_generic.h>

#include "direct.h"

/* The same queue as dev_queue_xmit() takes. */
static struct netdev_queue *rtpr_pick_queue(struct sk_buff *skb, struct net_device *dev)
{
	const struct net_device_ops *ops = dev->netdev_ops;
	u16 index = 0;

#ifdef CONFIG_XPS
	/* It shares its place with the number of the queue's NAPI at reception. */
	if (skb->sender_cpu - 1 >= (u32)NR_CPUS)
		skb->sender_cpu = raw_smp_processor_id() + 1;
#endif
	if (dev->real_num_tx_queues != 1) {
		index = ops->ndo_select_queue ? ops->ndo_select_queue(dev, skb, NULL)
					      : netdev_pick_tx(dev, skb, NULL);
		index = netdev_cap_txqueue(dev, index);
	}
	skb_set_queue_mapping(skb, index);
	return netdev_get_tx_queue(dev, index);
}

/*
 * Return: the driver's answer; NETDEV_TX_BUSY: the queue is stopped, or this CPU holds it already;
 * then @skb is unchanged
 */
static __always_inline int rtpr_start(struct sk_buff *skb, struct net_device *dev,
				      struct netdev_queue *txq)
{
	int cpu = smp_processor_id(), rc = NETDEV_TX_BUSY;

	if (unlikely(READ_ONCE(txq->xmit_lock_owner) == cpu) || unlikely(dev_xmit_recursion()))
		return rc;
	HARD_TX_LOCK(dev, txq, cpu);
	if (likely(!netif_xmit_frozen_or_stopped(txq))) {
		dev_xmit_recursion_inc();
		rc = netdev_start_xmit(skb, dev, txq, false);
		dev_xmit_recursion_dec();
	}
	HARD_TX_UNLOCK(dev, txq);
	return rc;
}

#ifdef RTPR_HAS_QDISC_BYPASS

#ifdef __CHECKER__
/* sparse cannot follow a lock that is taken under a condition. */
bool rtpr_run_begin(struct Qdisc *q);
void rtpr_run_end(struct Qdisc *q);
#else
#define rtpr_run_begin qdisc_run_begin
#define rtpr_run_end   qdisc_run_end
#endif

static bool rtpr_may_bypass(const struct Qdisc *q)
{
	return q->flags & TCQ_F_CAN_BYPASS && !test_bit(__QDISC_STATE_DEACTIVATED, &q->state);
}

/* As qdisc_bstats_update(), for a packet that the driver may have freed. */
static void rtpr_qdisc_count(struct Qdisc *q, unsigned int len)
{
	_bstats_update(qdisc_is_percpu_stats(q) ? this_cpu_ptr(q->cpu_bstats) : &q->bstats, len, 1);
}

/* A discipline with a lock of its own, which other CPUs may enqueue to meanwhile: pfifo_fast. */
static int rtpr_bypass_nolock(struct sk_buff *skb, struct net_device *dev, struct netdev_queue *txq,
			      struct Qdisc *q)
{
	unsigned int len = skb->len;
	int rc = NETDEV_TX_BUSY;

	if (nolock_qdisc_is_empty(q) && rtpr_run_begin(q)) {
		if (likely(nolock_qdisc_is_empty(q)))
			rc = rtpr_start(skb, dev, txq);
		if (likely(dev_xmit_complete(rc)))
			rtpr_qdisc_count(q, len);
		/* Schedules the discipline if a packet was enqueued meanwhile. */
		rtpr_run_end(q);
	}
	return rc;
}

/* Return: this CPU runs it now; others enqueue */
static bool rtpr_claim(struct Qdisc *q, spinlock_t *lock)
{
	bool claimed;

	if (qdisc_is_running(q))
		return false;
	if (!spin_trylock(lock))
		return false;
	claimed = !qdisc_qlen(q) && rtpr_may_bypass(q) && rtpr_run_begin(q);
	spin_unlock(lock);
	return claimed;
}

/* A discipline under the lock of the root, which is released while the driver works: fq_codel. */
static int rtpr_bypass_locked(struct sk_buff *skb, struct net_device *dev, struct netdev_queue *txq,
			      struct Qdisc *q)
{
	spinlock_t *lock = qdisc_lock(q);
	unsigned int len = skb->len;
	bool more;
	int rc;

	if (!rtpr_claim(q, lock))
		return NETDEV_TX_BUSY;
	rc = rtpr_start(skb, dev, txq);
	spin_lock(lock);
	if (likely(dev_xmit_complete(rc)))
		rtpr_qdisc_count(q, len);
	more = qdisc_qlen(q);
	rtpr_run_end(q);
	spin_unlock(lock);
	if (unlikely(more))
		__netif_schedule(q);
	return rc;
}

static int rtpr_bypass(struct sk_buff *skb, struct net_device *dev, struct netdev_queue *txq,
		       struct Qdisc *q)
{
	if (!rtpr_may_bypass(q))
		return NETDEV_TX_BUSY;
	if (q->flags & TCQ_F_NOLOCK)
		return rtpr_bypass_nolock(skb, dev, txq, q);
	return rtpr_bypass_locked(skb, dev, txq, q);
}

#else

/* The rules by which a discipline is run differ too much: each packet passes it. */
static int rtpr_bypass(struct sk_buff *skb, struct net_device *dev, struct netdev_queue *txq,
		       struct Qdisc *q)
{
	return NETDEV_TX_BUSY;
}

#endif

int rtpr_direct_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct netdev_queue *txq = rtpr_pick_queue(skb, dev);
	struct Qdisc *q = rcu_dereference_bh(txq->qdisc);
	int rc = NETDEV_TX_BUSY;

	if (q->enqueue)
		rc = rtpr_bypass(skb, dev, txq, q);
	else if (likely(dev->flags & IFF_UP))
		rc = rtpr_start(skb, dev, txq);
	return likely(dev_xmit_complete(rc)) ? rc : dev_queue_xmit(skb);
}
