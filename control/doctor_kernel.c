/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor_kernel.c - checks the kernel's part of the installation: module, netlink, nftables */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/firewall/nft.h"
#include "daemon/base/procfs.h"
#include "doctor.h"
#include "kernel.h"
#include "line.h"
#include "module_file.h"
#include "version.h"

/* Where the module may be installed, below /lib/modules/RELEASE. */
static const char *const places[] = { "updates/dkms", "updates", "extra", "kernel/net/netfilter",
				      "kernel/extra" };
static const char *const endings[] = { "ko", "ko.xz", "ko.zst", "ko.gz" };

#define RELOAD "modprobe -r rtprelay && modprobe rtprelay (calls continue in user space meanwhile)"

static bool find_module(const char *release, char *path, size_t size)
{
	for (size_t p = 0; p < COUNT(places); p++) {
		for (size_t e = 0; e < COUNT(endings); e++) {
			snprintf(path, size, "/lib/modules/%s/%s/rtprelay.%s", release, places[p],
				 endings[e]);
			if (!access(path, F_OK))
				return true;
		}
	}
	return false;
}

static const char *how_to_use_bpf(const char *why_not)
{
	return strstr(why_not, "CAP_BPF")
		       ? "rtprelayd.service gives these rights; to a container: --cap-add=BPF "
			 "--cap-add=PERFMON --cap-add=NET_ADMIN"
		       : "see rtprelayd(8), --kernel";
}

/* By which way media goes into the kernel, and why not by a better one. */
static void check_paths(struct doctor *doctor)
{
	const json_t *paths = json_object_get(json_object_get(doctor->status, "kernel"), "paths");

	for (size_t i = 0; i < json_array_size(paths); i++) {
		const json_t *path = json_array_get(paths, i);
		const char *name = text_of(path, "path");

		if (json_is_true(json_object_get(path, "used"))) {
			finding(doctor, FINDING_OK, NULL, "media in the kernel takes the path %s",
				name);
			return;
		}
		if (!strcmp(name, "bpf"))
			finding(doctor, FINDING_NOTE, how_to_use_bpf(text_of(path, "why-not")),
				"the path bpf cannot be used: %s", text_of(path, "why-not"));
	}
}

static bool uses_bpf(const struct doctor *doctor)
{
	return !strcmp(text_of(json_object_get(doctor->status, "kernel"), "path"), "bpf");
}

/* Is the module installed for the running kernel? @versions: of its file */
static bool check_installed(struct doctor *doctor, struct module_versions *versions)
{
	char path[PATH_MAX];
	struct utsname host;

	if (uname(&host))
		return false;
	if (find_module(host.release, path, sizeof(path))) {
		finding(doctor, FINDING_OK, NULL, "module for kernel %s: %s", host.release, path);
		module_file_field(path, "version", versions->file, sizeof(versions->file));
		module_file_field(path, "srcversion", versions->file_source,
				  sizeof(versions->file_source));
		return true;
	}
	finding(doctor, FINDING_NOTE,
		uses_bpf(doctor) ? "make install-module; media is relayed by BPF until then"
				 : "make install-module; media is relayed in user space until then",
		"rtprelay.ko is not installed for the running kernel %s", host.release);
	return false;
}

/* Version and commit, and the checksum of the sources: the version alone may be the same. */
void doctor_versions(struct doctor *doctor, const struct module_versions *v)
{
	bool stale = *v->file_source && *v->loaded_source &&
		     strcmp(v->file_source, v->loaded_source) != 0;

	if (*v->file && strcmp(v->file, RTPRELAY_VERSION) != 0)
		finding(doctor, FINDING_NOTE, "make install-module, from the source of rtprelayctl",
			"the installed module is version %s, rtprelayctl is "
			"version " RTPRELAY_VERSION,
			v->file);
	if (!*v->loaded)
		return;
	if (stale)
		finding(doctor, FINDING_NOTE, RELOAD,
			"the loaded module (version %s, srcversion %s) is not the installed one "
			"(version %s, srcversion %s)",
			v->loaded, v->loaded_source, v->file, v->file_source);
	else if (strcmp(v->loaded, RTPRELAY_VERSION) != 0)
		finding(doctor, FINDING_NOTE, RELOAD,
			"the loaded module is version %s, rtprelayctl is version " RTPRELAY_VERSION,
			v->loaded);
	else
		finding(doctor, FINDING_OK, NULL, "the loaded module is version %s", v->loaded);
}

static void count_flow(void *arg, const struct kmod_message *message)
{
	unsigned int *flows = arg;

	*flows += message->said == KMOD_SAID_FLOW;
}

static void check_netlink(struct doctor *doctor)
{
	unsigned int flows = 0;
	int err = kernel_dump(count_flow, &flows);

	if (!err)
		finding(doctor, FINDING_OK, NULL, "the module answers, flows: %u", flows);
	else if (err == -EPERM)
		finding(doctor, FINDING_NOTE, "run doctor as root",
			"the module's flows cannot be read without CAP_NET_ADMIN");
	else
		finding(doctor, FINDING_BAD, "see dmesg", "the module does not answer: %s",
			strerror(-err));
}

static bool is_off(const struct doctor *doctor)
{
	return !strcmp(text_of(json_object_get(doctor->status, "kernel"), "mode"), "off");
}

static void check_daemon_uses_it(struct doctor *doctor)
{
	const json_t *kernel = json_object_get(doctor->status, "kernel");

	if (!doctor->status || uses_bpf(doctor))
		return;
	if (json_is_true(json_object_get(kernel, "module")))
		finding(doctor, FINDING_OK, NULL, "the daemon uses the module");
	else
		finding(doctor, FINDING_BAD,
			"the daemon needs CAP_NET_ADMIN in its network namespace; see its log",
			"the daemon does not use the module");
}

void doctor_module(struct doctor *doctor)
{
	struct module_versions versions = { { 0 }, { 0 }, { 0 }, { 0 } };
	bool installed;

	if (is_off(doctor)) {
		finding(doctor, FINDING_NOTE,
			"to use the module set kernel=auto in rtprelay.conf, and restart the "
			"daemon",
			"media is relayed in user space, as configured (kernel=off)");
		return;
	}
	check_paths(doctor);
	installed = check_installed(doctor, &versions);
	procfs_line("/sys/module/rtprelay/version", versions.loaded, sizeof(versions.loaded));
	procfs_line("/sys/module/rtprelay/srcversion", versions.loaded_source,
		    sizeof(versions.loaded_source));
	doctor_versions(doctor, &versions);
	if (access("/sys/module/rtprelay", F_OK)) {
		if (installed) /* otherwise its note has said it */
			finding(doctor, FINDING_NOTE, "modprobe rtprelay",
				"the module is not loaded: media is relayed %s",
				uses_bpf(doctor) ? "by BPF" : "in user space");
		return;
	}
	check_netlink(doctor);
	check_daemon_uses_it(doctor);
}

void doctor_nftables(struct doctor *doctor)
{
	bool there, wanted;

	if (geteuid()) {
		finding(doctor, FINDING_NOTE, "run doctor as root",
			"this user cannot read nftables");
		return;
	}
	there = nft_left_over();
	wanted = doctor->status && strcmp(text_of(doctor->status, "firewall"), "none") != 0;
	if (there && !wanted && doctor->status)
		finding(doctor, FINDING_NOTE,
			"if no other daemon needs it: nft delete table inet rtprelay",
			"nftables: table inet rtprelay exists, but firewall=none");
	else if (!there && wanted)
		finding(doctor, FINDING_BAD, "restart the daemon, and see its log",
			"nftables: table inet rtprelay is missing (firewall=%s)",
			text_of(doctor->status, "firewall"));
	else
		finding(doctor, FINDING_OK, NULL, "nftables: table inet rtprelay is %s%s",
			there ? "in place" : "absent",
			there || !doctor->status ? "" : ", as configured");
}
