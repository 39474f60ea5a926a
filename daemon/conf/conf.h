/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf.h - the configuration: a member for each key
 *
 * Read from options and file by conf/load.c.
 */
#ifndef RTPRELAY_CONF_H
#define RTPRELAY_CONF_H

#include "base/confine.h"
#include "base/endpoint.h"
#include "base/list.h"
#include "base/log.h"
#include "firewall/nft.h"
#include "kernel/kmod.h"
#include "packet/latch.h"
#include "packet/side.h"

/* Upper bound of max-branches: a call's dialogs (call/tree.h). */
#define CONF_BRANCHES 128

enum ice_mode { ICE_MODE_FULL, ICE_MODE_LITE };

enum state_mode {
	STATE_KEEP, /* in state_dir; default */
	STATE_NONE,
};

enum rtpproxy_full {
	FULL_ERROR, /* default */
	FULL_SILENT,
};

enum external_address_unknown {
	EXTERNAL_ADDRESS_REFUSE, /* default */
	EXTERNAL_ADDRESS_LAST,
};

enum port_mapping {
	PORT_MAPPING_OFF, /* default */
	PORT_MAPPING_AUTO,
	PORT_MAPPING_PCP,
	PORT_MAPPING_NATPMP,
	PORT_MAPPING_UPNP,
};

enum stun_discovery {
	DISCOVERY_AUTO, /* default: where there are two addresses */
	DISCOVERY_YES,	/* there must be two addresses */
	DISCOVERY_NO,
};

/* recording_conf.c translates them for record/. */
enum recording_output { RECORDING_PCAP, RECORDING_WAV, RECORDING_BOTH };
enum recording_linktype { RECORDING_RAW, RECORDING_ETHERNET };
enum recording_precision { RECORDING_US, RECORDING_NS };
enum recording_side { RECORDING_RECEIVED, RECORDING_SENT };

/* Defaults, ranges and explanations: conf/table.c. */
struct conf {
	struct conf_list interface;	   /* NAME/BIND[!ADVERTISED], ...: parsed by port/iface.c */
	struct conf_list external_address; /* nat/external_source.c */
	enum external_address_unknown external_address_unknown;
	unsigned int external_address_interval_s;
	enum port_mapping port_mapping;
	unsigned int port_mapping_pool;	  /* pairs */
	unsigned int port_mapping_max;	  /* ports; a pair has two */
	struct conf_list local_networks;  /* CIDR; phones there are told BIND */
	struct conf_list listen_ng;	  /* HOST:PORT, [V6]:PORT, PORT */
	struct conf_list listen_tcp_ng;	  /* the same */
	struct conf_list listen_rtpproxy; /* udp:HOST:PORT, unix:PATH, tcp:HOST:PORT, ... */
	enum rtpproxy_full rtpproxy_full; /* the answer if there are no ports, or drain is on */
	struct conf_list notify;	  /* unix:PATH, tcp:HOST:PORT, http://HOST:PORT/PATH */
	struct conf_list control_allow;	  /* CIDR; empty: loopback and subnets of the listeners */
	struct conf_list media_deny;	  /* CIDR[:PORT[-PORT]], local[:PORT[-PORT]]; none */
	struct conf_list listen_http;	  /* HOST:PORT, [V6]:PORT, PORT (loopback) */
	bool http_ng;			  /* NG requests at listen_http */
	struct conf_list listen_stun;	  /* nat/stun_sites.h */
	struct conf_list stun_allow;	  /* CIDR; empty: all */
	bool stun_classic;		  /* RFC 3489 */
	enum stun_discovery stun_discovery;
	unsigned int stun_rate, stun_burst, stun_total; /* answers a second, at once, a second */
	char *stun_domain; /* whose DNS names the service; NULL: none */
	unsigned int port_min, port_max;
	unsigned int timeout_s, silent_timeout_s, offer_timeout_s, unanswered_timeout_s,
		final_timeout_s, delete_delay_s;
	int tos;				 /* -1: keep the packet's own */
	unsigned int max_sessions;		 /* 0: limited only by ports and descriptors */
	double max_load, max_cpu, max_bandwidth; /* tasks, percent, bytes/s; 0: no limit */
	unsigned int max_medias, max_branches;	 /* of one call */
	unsigned int media_threads;		 /* 0: as cpus_usable() */
	enum latch_mode latching;
	unsigned int latch_patience_ms;
	unsigned int latch_window_ms;
	unsigned int media_keepalive_s; /* 0: none */
	enum keepalive_method media_keepalive_method;
	enum ice_mode ice;
	unsigned int ice_consent_s; /* 0: nobody is asked */
	unsigned int dtls_mtu;	    /* bytes of a datagram, without IP and UDP */
	bool dtls_passive;
	enum kmod_mode kernel;
	char *bpf_pin; /* NULL or empty: maps of flows are not kept */
	enum firewall_mode firewall;
	char *state_dir; /* NULL: calls end with the daemon */
	enum state_mode state;
	unsigned int port_quarantine_s;
	unsigned int replay_entries, replay_mbytes; /* limits of the cache of recorded replies */
	struct log_levels log_levels;
	enum log_target log_facility;
	unsigned int syslog_facility; /* LOG_DAEMON, LOG_LOCAL0, ... of <syslog.h> */
	enum confine_mode seccomp;
	bool foreground;
	bool check_config;
	char *homer;		      /* [udp:]HOST:PORT; NULL: no reports */
	unsigned int homer_id;	      /* of this relay among those that report there */
	char *homer_password;	      /* NULL: none */
	bool dtmf_log;		      /* keys that phones press: events, call records */
	char *dtmf_log_dest;	      /* HOST:PORT; NULL: no datagrams about them */
	char *pidfile, *user, *group; /* NULL: none */
	char *prompt_dir;	      /* NULL: no prompts are played */
	unsigned int prompt_memory;   /* MiB */
	char *cdr_file;		      /* NULL: none */
	unsigned int cdr_mode;	      /* the digits as written: 640 is 0640 */
	char *cdr_group;	      /* NULL: the daemon's group */
	char *recording_dir;	      /* NULL: nothing is recorded */
	enum recording_output recording_output;
	enum recording_linktype recording_linktype;
	enum recording_precision recording_precision;
	enum recording_side recording_side;
	char *recording_pattern;				   /* record/name.h */
	bool recording_dtmf;					   /* with telephone-event */
	unsigned int recording_mode;				   /* the digits as written */
	char *recording_group;					   /* NULL: the daemon's group */
	unsigned int recording_max_size_mib, recording_max_time_s; /* of a part; 0: no limit */
	unsigned int recording_ring_mib;
	unsigned int recording_min_free_mib, recording_sync_s; /* 0: none; at the end only */
	char *control_socket; /* path; "none"; NULL: CONTROL_PROTO_PATH, if it can be created */
	unsigned int control_idle_s;
	char *control_group;	   /* NULL: the daemon's group */
	unsigned int control_mode; /* the digits as written: 660 is 0660 */
	char *config;		   /* path; "none"; NULL: the default file, if it exists */
	bool default_file;	   /* @config is NULL, and the default file was read */
};

/* A file mode from the digits as written: 640 to 0640 */
static inline unsigned int conf_octal(unsigned int digits)
{
	return (digits / 100 % 10 & 7) << 6 | (digits / 10 % 10 & 7) << 3 | (digits % 10 & 7);
}

/* Number of pairs in port-min..port-max; the first port of a pair is even. */
static inline unsigned int conf_port_pairs(const struct conf *conf)
{
	unsigned int first = conf->port_min < 2 ? 2 : (conf->port_min + 1) & ~1U;

	return conf->port_max > first ? (conf->port_max - first + 1) / 2 : 0;
}

#endif
