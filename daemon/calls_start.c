/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calls_start.c - the calls: their table, what keeps them over a restart, who is told of them */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "call/cdr_file.h"
#include "call/copies.h"
#include "call/drain.h"
#include "call/table.h"
#include "calls_start.h"
#include "prompt/store.h"
#include "recorder_start.h"
#include "relay.h"

#define RECORD_CHUNK ((size_t)16 * 1024) /* more than the record of nearly any call */

static_assert(CONF_BRANCHES == CALL_DIALOGS, "the range of max-branches is another");

static void on_timed_out(void *arg, const struct dialog *dialog)
{
	const struct relay *relay = arg;

	if (relay->notify)
		rtpp_notify_timed_out(relay->notify, dialog);
	if (relay->timeout_post)
		timeout_post_timed_out(relay->timeout_post, dialog);
}

struct call_table_conf relay_calls_conf(struct relay *relay)
{
	const struct conf *conf = &relay->conf;

	return (struct call_table_conf){
		.base = relay->base,
		.ifaces = relay->ifaces,
		.workers = relay->workers,
		.kmod = relay->kmod,
		.nft = relay->nft,
		.stats = &relay->stats,
		.cdr_file = relay->cdr_file,
		.prompts = relay->prompts,
		.homer = relay->homer,
		.dtmf = relay->dtmf,
		.dtmf_log = conf->dtmf_log,
		.stun = relay->stun,
		.external = relay->external,
		.portmap = relay->portmap,
		.local = relay->local,
		.n_local = relay->n_local,
		.recorder = relay->recorder,
		.kernel_source = relay->kernel_source,
		.tap_open = relay->kernel_source ? recorder_open_tap : NULL,
		.tap_arg = relay,
		.recorded = relay->record_dir ? &relay->recorded : NULL,
		.dtls = relay->dtls,
		.dtls_passive = conf->dtls_passive,
		.events = &relay->events,
		.timed_out = on_timed_out,
		.timed_out_arg = relay,
		.copies = copies_send,
		.copies_arg = relay->recorder,
		.timeout_s = conf->timeout_s,
		.silent_timeout_s = conf->silent_timeout_s,
		.offer_timeout_s = conf->offer_timeout_s,
		.unanswered_timeout_s = conf->unanswered_timeout_s,
		.final_timeout_s = conf->final_timeout_s,
		.delete_delay_s = conf->delete_delay_s,
		.max_sessions = conf->max_sessions,
		.max_load = conf->max_load,
		.max_cpu = conf->max_cpu,
		.max_bandwidth = conf->max_bandwidth,
		.max_medias = conf->max_medias,
		.max_branches = conf->max_branches,
		.tos = conf->tos,
		.latching = conf->latching,
		.keepalive_s = (uint16_t)conf->media_keepalive_s,
		.ice_lite = conf->ice == ICE_MODE_LITE,
		.ice_consent_s = conf->ice_consent_s,
	};
}

int start_calls(struct relay *relay)
{
	const struct call_table_conf conf = relay_calls_conf(relay);

	relay->stats.started_ms = clock_ms();
	relay->calls = call_table_new(&conf);
	return relay->calls ? 0 : relay_failed("cannot create the table of calls", -ENOMEM);
}

int start_notify(struct relay *relay)
{
	const struct timeout_post_conf conf = { .base = relay->base,
						.notify = &relay->conf.notify,
						.lost = &relay->stats.notices_lost,
						.retry_ms = TIMEOUT_POST_RETRY_MS,
						.patience_ms = TIMEOUT_POST_PATIENCE_MS };
	const char *error = NULL;

	if (rtpp_notify_any(&relay->conf.notify))
		relay->notify = rtpp_notify_open(relay->base, &relay->conf.notify, &error);
	if (!error || relay->notify)
		relay->timeout_post = timeout_post_open(&conf, &error);
	if (relay->timeout_post)
		return 0;
	log_err("%s", error);
	return -EINVAL;
}

int start_homer(struct relay *relay)
{
	const struct homer_conf conf = { .target = relay->conf.homer,
					 .password = relay->conf.homer_password,
					 .id = relay->conf.homer_id,
					 .sent = &relay->stats.homer_sent,
					 .lost = &relay->stats.homer_lost };
	const char *error;

	if (!conf.target)
		return 0;
	relay->homer = homer_open(&conf, &error);
	if (relay->homer)
		return 0;
	log_err("homer %s: %s", conf.target, error);
	return -EINVAL;
}

int start_dtmf(struct relay *relay)
{
	const struct dtmf_sender_conf conf = { .target = relay->conf.dtmf_log_dest,
					       .sent = &relay->stats.dtmf_sent,
					       .lost = &relay->stats.dtmf_lost };

	relay->dtmf = dtmf_sender_open(&conf);
	if (relay->dtmf)
		return 0;
	if (errno == EINVAL)
		log_err("dtmf-log-dest %s: is not HOST:PORT, or HOST has no address", conf.target);
	return -errno;
}

int start_cdr_file(struct relay *relay)
{
	const struct cdr_file_conf conf = { .path = relay->conf.cdr_file,
					    .mode = conf_octal(relay->conf.cdr_mode),
					    .group = relay->conf.cdr_group,
					    .gid = relay->cdr_gid };
	int err = 0;

	if (!conf.path)
		return 0;
	relay->cdr_file = cdr_file_open(&conf, &err);
	if (err)
		log_err("cdr-file %s: cannot be opened: %s", conf.path, strerror(-err));
	return err;
}

int start_prompts(struct relay *relay)
{
	const struct conf *conf = &relay->conf;

	if (!conf->prompt_dir || !*conf->prompt_dir)
		return 0;
	relay->prompts = prompt_store_open(conf->prompt_dir, (uint64_t)conf->prompt_memory << 20);
	return relay->prompts ? 0 : -ENOMEM;
}

int start_journal(struct relay *relay)
{
	const struct journal_conf conf = {
		.dir = relay->conf.state_dir,
		.base = relay->base,
		.encode = journal_call_encode,
		.restore = journal_call_restore,
		.arg = &relay->journal_calls,
	};
	int err = 0;

	if (!conf.dir || relay->conf.state == STATE_NONE)
		return 0;
	relay->journal_calls = (struct journal_calls){ relay->calls, arena_new(RECORD_CHUNK) };
	if (!relay->journal_calls.arena)
		return relay_failed("journal", -ENOMEM);
	relay->journal = relay->calls->journal = journal_open(&conf, &err);
	if (err != -ENOSPC && err != -EIO)
		return err;
	/* With a failed disk the daemon still serves calls. */
	relay->calls->journal_absent = true;
	log_err("journal: calls are not saved: they end when the daemon restarts");
	return 0;
}

int start_drain(struct relay *relay)
{
	int err = drain_open(relay->calls, relay->conf.state_dir);

	return err ? relay_failed("drain", err) : 0;
}

int start_bans(struct relay *relay)
{
	const struct bans_conf conf = { .workers = relay->workers,
					.stun = relay->stun,
					.nft = relay->nft,
					.dir = relay->conf.state_dir,
					.changed = ban_visit_begin,
					.arg = &relay->ban_visit };

	ban_visit_init(&relay->ban_visit, relay->calls);
	relay->bans = relay->calls->bans = bans_open(&conf);
	return relay->bans ? 0 : relay_failed("list of bans", -ENOMEM);
}
