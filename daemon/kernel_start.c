/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_start.c - the kernel path and the firewall */
#include <errno.h>
#include <string.h>
#include "call/news.h"
#include "call/table.h"
#include "kernel/bpf.h"
#include "kernel_start.h"
#include "port/iface.h"
#include "relay.h"
#include "stun_start.h"

#define BPF_FLOWS 65536 /* at most; each takes 1.5 KB, which is allocated at the start */

static void on_kmod_event(void *arg, enum kmod_event event, struct kmod_flow *flow,
			  const struct kmod_stranger *stranger)
{
	struct relay *relay = arg;

	call_kmod_event(relay->calls, event, flow, stranger);
}

/* No other program can bind this daemon's addresses and ports, so a flow for them is its own. */
static bool owns_local(void *arg, const struct endpoint *local)
{
	const struct relay *relay = arg;

	return iface_owns(relay->ifaces, local);
}

static bool is_own_address(void *arg, const struct endpoint *addr)
{
	const struct relay *relay = arg;

	for (size_t i = 0; i < iface_count(relay->ifaces); i++)
		if (endpoint_addr_eq(&iface_at(relay->ifaces, i)->bind, addr))
			return true;
	return false;
}

/* Each port of each address may have a flow. */
static uint32_t most_flows(const struct relay *relay)
{
	size_t ports = relay->conf.port_max - relay->conf.port_min + 1;
	size_t most = ports * iface_count(relay->ifaces);

	return most < BPF_FLOWS ? (uint32_t)most : BPF_FLOWS;
}

static struct kernel_backend *make_bpf(struct relay *relay, const struct flow_domain *domain)
{
	const char *pin = relay->conf.bpf_pin;
	const struct bpf_backend_conf conf = { .pin = pin && *pin ? pin : NULL,
					       .limit = most_flows(relay),
					       .domain = *domain,
					       .is_own = is_own_address,
					       .arg = relay };

	return bpf_backend_new(&conf);
}

int start_kernel(struct relay *relay)
{
	struct kmod_conf conf = { .event = on_kmod_event, .owns = owns_local, .arg = relay };
	enum kmod_mode mode = relay->conf.kernel;
	int err = 0;

	if (mode == KMOD_OFF)
		return 0;
	flow_domain_read(&conf.domain);
	if (mode != KMOD_BPF)
		conf.link = kmod_link_open(&err);
	if (err)
		log_warn("kernel module: no generic netlink: %s", strerror(-err));
	if (mode != KMOD_MODULE)
		conf.bpf = make_bpf(relay, &conf.domain);
	if (conf.link || conf.bpf)
		relay->kmod = kmod_open(&conf);
	if (!relay->kmod && (!err || mode != KMOD_MODULE))
		return relay_failed("kernel path", -ENOMEM);
	if (mode != KMOD_REQUIRE || kmod_available(relay->kmod))
		return 0;
	log_err("kernel=require: neither the kernel module nor BPF can be used: modprobe rtprelay, "
		"or set kernel=auto");
	return -ENODEV;
}

int start_flows(struct relay *relay)
{
	call_table_follow(relay->calls);
	kmod_adopt(relay->kmod);
	/* Only now: the calls go on by another path. */
	if (strcmp(kmod_path(relay->kmod), "bpf") != 0)
		bpf_clear(relay->conf.bpf_pin);
	return 0;
}

static int refused_table(int err)
{
	if (err == -EPERM)
		log_err("firewall: creating table inet rtprelay requires CAP_NET_ADMIN: add it, or "
			"set firewall=none");
	else
		log_err("firewall: the kernel refused table inet rtprelay: %s; set firewall=none "
			"to run without it",
			strerror(-err));
	return err;
}

int start_firewall(struct relay *relay)
{
	struct addr_ports stun[2 * STUN_SITES_MAX];
	const struct nft_conf conf = { .relay = relay->media,
				       .n_relay = iface_count(relay->ifaces),
				       .services = stun,
				       .n_services = stun_list_ports(&relay->stun_sites, stun),
				       .mode = relay->conf.firewall,
				       .others_changed = ban_visit_begin,
				       .arg = &relay->ban_visit };
	int err;

	if (conf.mode == FIREWALL_NONE) {
		if (nft_left_over())
			log_warn("firewall=none, but table inet rtprelay exists; unless another "
				 "daemon uses it: nft delete table inet rtprelay");
		return 0;
	}
	relay->nft = nft_open(&conf, &err);
	return relay->nft ? 0 : refused_table(err);
}

int start_table(struct relay *relay)
{
	int err = nft_flush(relay->nft);

	return err ? refused_table(err) : 0;
}
