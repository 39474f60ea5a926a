/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process_start.c - the process: background, process ID, user and capabilities, system calls */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/confine.h"
#include "base/log.h"
#include "port/iface_value.h"
#include "privs.h"
#include "process_start.h"
#include "protocols.h"
#include "relay.h"
#include "stun_start.h"

int start_background(struct relay *relay)
{
	if (relay->conf.foreground)
		return 0;
	relay->ready_fd = detach();
	return relay->ready_fd < 0 ? relay_failed("cannot start in the background", relay->ready_fd)
				   : 0;
}

int start_pidfile(struct relay *relay)
{
	const char *path = relay->conf.pidfile;
	long other = 0;
	int err = path ? pidfile_open(&relay->pidfile, path, &other) : 0;

	if (err == -EEXIST)
		log_err("%s: rtprelayd is already running as process %ld", path, other);
	else if (err)
		relay_failed(path, err);
	return err;
}

static bool listens_low(const struct conf_list *list)
{
	bool low = false;

	for (size_t i = 0; i < list->count; i++) {
		const char *text = list->item[i], *colon = strrchr(text, ':');

		low = low || (text[0] != '/' && !strstr(text, "unix:") &&
			      strtoul(colon ? colon + 1 : text, NULL, 10) < 1024);
	}
	return low;
}

/* Does an interface have a range of ports of its own that begins below 1024? */
static bool media_low(const struct conf_list *interfaces)
{
	struct iface_value value;
	char error[128];
	bool low = false;

	for (size_t i = 0; i < interfaces->count; i++)
		low = low || (!iface_value_parse(str_of(interfaces->item[i]), &value, error,
						 sizeof(error)) &&
			      value.ranged && value.port_min < 1024);
	return low;
}

/* Does any port that will be bound need CAP_NET_BIND_SERVICE? */
static bool has_low_port(const struct conf *conf)
{
	bool low = conf->port_min < 1024 || media_low(&conf->interface) ||
		   listens_low(&conf->listen_http) || stun_is_low(conf);

	for (size_t i = 0; i < n_protocol_rows; i++)
		low = low || listens_low(protocol_listens(&protocol_rows[i], conf));
	return low;
}

int relay_unknown_user(const char *name, int err)
{
	log_err("user or group \"%s\" (user, group, control-group, cdr-group, recording-group) "
		"cannot be looked up: %s",
		name, strerror(-err));
	return err;
}

int start_unprivileged(struct relay *relay)
{
	struct privs_user user, cdr, recording;
	const char *name = "";
	int err = privs_find_user(relay->conf.user, relay->conf.group, &user, &name);

	if (!err)
		err = privs_find_user(NULL, relay->conf.cdr_group, &cdr, &name);
	if (!err)
		err = privs_find_user(NULL, relay->conf.recording_group, &recording, &name);
	if (err)
		return relay_unknown_user(name, err);
	user.join[0] = cdr.set ? cdr.gid : 0;
	user.join[1] = recording.set ? recording.gid : 0;
	relay->cdr_gid = cdr.gid;
	relay->recording_gid = recording.gid;
	err = privs_drop(&user, has_low_port(&relay->conf));
	if (err)
		return relay_failed("cannot drop privileges (user, group)", err);
	if (!geteuid())
		log_notice("running as root; set user= to run as another user");
	return 0;
}

/* Maps are read and written as long as there are calls: CAP_BPF stays. */
int start_without_loading(struct relay *relay)
{
	const struct conf *conf = &relay->conf;
	bool bpf = conf->kernel != KMOD_OFF && conf->kernel != KMOD_MODULE;
	bool tap = conf->kernel != KMOD_OFF && conf->kernel != KMOD_BPF;
	int err = privs_drop_loading(bpf, tap, has_low_port(conf));

	return err ? relay_failed("cannot drop privileges (CAP_PERFMON)", err) : 0;
}

int start_confinement(struct relay *relay)
{
	int err = confine_open(relay->conf.seccomp);

	return err ? relay_failed("seccomp", err) : 0;
}
