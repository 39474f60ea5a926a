/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.c - all keys of the configuration, one row each: name, type, range, default, help
 *
 * A new key is a member of struct conf and a row here, which file, options, --help and reload use.
 */
#include <assert.h>
#include <stdio.h>
#include <syslog.h>
#include "base/count.h"
#include "conf/rtpengine.h"
#include "conf/table.h"
#include "control_proto.h"
#include "sdp/sdp.h"

#define WEEK (7L * 24 * 3600)

static const struct conf_choice latchings[] = {
	{ "smart", LATCH_SMART },
	{ "strict", LATCH_STRICT },
	{ "first", LATCH_FIRST },
	{ NULL, 0 },
};

static const struct conf_choice ice_modes[] = {
	{ "full", ICE_MODE_FULL },
	{ "lite", ICE_MODE_LITE },
	{ NULL, 0 },
};

static const struct conf_choice keepalives[] = {
	{ "stun", KEEPALIVE_STUN },
	{ "empty", KEEPALIVE_EMPTY },
	{ "rtp", KEEPALIVE_RTP },
	{ NULL, 0 },
};

static const struct conf_choice levels[] = {
	{ "error", LOG_LEVEL_ERR },	{ "warning", LOG_LEVEL_WARNING },
	{ "notice", LOG_LEVEL_NOTICE }, { "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },	{ NULL, 0 },
};

static const struct conf_choice facilities[] = {
	{ "stderr", LOG_TO_STDERR },
	{ "syslog", LOG_TO_SYSLOG },
	{ "journal", LOG_TO_JOURNAL },
	{ NULL, 0 },
};

static const struct conf_choice syslog_facilities[] = {
	{ "daemon", LOG_DAEMON }, { "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 }, { NULL, 0 },
};

static const struct conf_choice kernels[] = {
	{ "auto", KMOD_AUTO }, { "module", KMOD_MODULE },   { "bpf", KMOD_BPF },
	{ "off", KMOD_OFF },   { "require", KMOD_REQUIRE }, { NULL, 0 },
};

static const struct conf_choice firewalls[] = {
	{ "none", FIREWALL_NONE },
	{ "notrack", FIREWALL_NOTRACK },
	{ "pinhole", FIREWALL_PINHOLE },
	{ NULL, 0 },
};

static const struct conf_choice states[] = {
	{ "keep", STATE_KEEP },
	{ "none", STATE_NONE },
	{ NULL, 0 },
};

static const struct conf_choice seccomps[] = {
	{ "on", CONFINE_ON },
	{ "log", CONFINE_LOG },
	{ "off", CONFINE_OFF },
	{ NULL, 0 },
};

static const struct conf_choice fulls[] = {
	{ "error", FULL_ERROR },
	{ "silent", FULL_SILENT },
	{ NULL, 0 },
};

static const struct conf_choice discoveries[] = {
	{ "auto", DISCOVERY_AUTO },
	{ "yes", DISCOVERY_YES },
	{ "no", DISCOVERY_NO },
	{ NULL, 0 },
};

static const struct conf_choice unknowns[] = {
	{ "refuse", EXTERNAL_ADDRESS_REFUSE },
	{ "last", EXTERNAL_ADDRESS_LAST },
	{ NULL, 0 },
};

static const struct conf_choice mappings[] = {
	{ "off", PORT_MAPPING_OFF },   { "auto", PORT_MAPPING_AUTO },
	{ "pcp", PORT_MAPPING_PCP },   { "natpmp", PORT_MAPPING_NATPMP },
	{ "upnp", PORT_MAPPING_UPNP }, { NULL, 0 },
};

static const struct conf_choice outputs[] = {
	{ "pcap", RECORDING_PCAP },
	{ "wav", RECORDING_WAV },
	{ "both", RECORDING_BOTH },
	{ NULL, 0 },
};

static const struct conf_choice linktypes[] = {
	{ "raw", RECORDING_RAW },
	{ "ethernet", RECORDING_ETHERNET },
	{ NULL, 0 },
};

static const struct conf_choice precisions[] = {
	{ "us", RECORDING_US },
	{ "ns", RECORDING_NS },
	{ NULL, 0 },
};

static const struct conf_choice recorded_sides[] = {
	{ "received", RECORDING_RECEIVED },
	{ "sent", RECORDING_SENT },
	{ NULL, 0 },
};

#define AT(field) offsetof(struct conf, field)

/* clang-format off */
const struct conf_row conf_rows[] = {
	{ "interface", CONF_LIST, AT(interface), 0, 0, NULL, NULL,
	  "[NAME/]BIND[!ADVERTISED][:MIN-MAX] | ALIAS=NAME",
	  "local address to relay media on; \"direction\" in a command selects it by NAME. ADVERTISED is "
	  "written to SDP instead of BIND; auto: external-address finds it. BIND may be a device, or any: all their addresses, also later "
	  "ones. MIN-MAX: its ports, instead of port-min to port-max; IPv6 then in brackets. Several addresses "
	  "may share a name; the default name is the address; ALIAS=NAME defines a second name. The first "
	  "interface is the default one", 0 },
	{ "external-address", CONF_LIST, AT(external_address), 0, 0, NULL, NULL, "stun:HOST[:PORT] | pcp | natpmp | upnp | /FILE",
	  "where interfaces with !auto are told their address outside of a NAT: a STUN server (port 3478), the nearest "
	  "router, or a file with the address; the first that answers", 0 },
	{ "external-address-unknown", CONF_CHOICE, AT(external_address_unknown), 0, 0, unknowns, "refuse",
	  "refuse | last",
	  "until external-address has an answer, calls of the interface are refused, or use the last address that was "
	  "found, which is kept in state-dir", 0 },
	{ "external-address-interval", CONF_UINT, AT(external_address_interval_s), 1, 86400, NULL, "60", "SECONDS",
	  "how often external-address is asked again", 0 },
	{ "port-mapping", CONF_CHOICE, AT(port_mapping), 0, 0, mappings, "off", "auto | pcp | natpmp | upnp | off",
	  "the nearest router is asked to forward ports for media, of interfaces with !ADVERTISED or !auto; auto: by the "
	  "first protocol that it speaks", 0 },
	{ "port-mapping-pool", CONF_UINT, AT(port_mapping_pool), 1, 100, NULL, "4", "PAIRS",
	  "so many pairs of ports are mapped ahead, for the next calls", 0 },
	{ "port-mapping-max", CONF_UINT, AT(port_mapping_max), 2, 1000, NULL, "32", "PORTS",
	  "the router is asked for so many mappings at most; a pair of ports takes two. Calls beyond are refused", 0 },
	{ "local-networks", CONF_LIST, AT(local_networks), 0, 0, NULL, NULL, "CIDR",
	  "networks on this side of the NAT: phones there are told BIND of the interface, and not its address outside", 0 },
	{ "listen-ng", CONF_LIST, AT(listen_ng), 0, 0, NULL, NULL, "HOST:PORT | [V6]:PORT | PORT",
	  "address that receives NG commands from proxies (UDP); PORT without HOST: all addresses", 0 },
	{ "listen-tcp-ng", CONF_LIST, AT(listen_tcp_ng), 0, 0, NULL, NULL, "HOST:PORT | [V6]:PORT | PORT",
	  "address that accepts TCP connections with NG commands; PORT without HOST: all addresses", 0 },
	{ "listen-rtpproxy", CONF_LIST, AT(listen_rtpproxy), 0, 0, NULL, NULL,
	  "udp:HOST:PORT | udp6:[V6]:PORT | unix:PATH | cunix:PATH | tcp:HOST:PORT | tcp6:[V6]:PORT",
	  "address that receives commands of the classic rtpproxy protocol", 0 },
	{ "rtpproxy-full", CONF_CHOICE, AT(rtpproxy_full), 0, 0, fulls, "error", "error | silent",
	  "answer of the rtpproxy protocol to a new call that cannot be taken (no ports, max-sessions, drain): error: "
	  "E7, on which OpenSIPS tries another relay; silent: none, on which Kamailio does", 0 },
	{ "notify", CONF_LIST, AT(notify), 0, 0, NULL, NULL, "unix:PATH | tcp:HOST:PORT | http://HOST:PORT/PATH",
	  "listeners that are notified of time-outs: a URL gets a POST with JSON for each call that ends so; the "
	  "others a line, if a command of the rtpproxy protocol asks for it; tcp:%%CC_SELF%%:PORT is the sender of "
	  "that command", 0 },
	{ "control-allow", CONF_LIST, AT(control_allow), 0, 0, NULL, NULL, "CIDR",
	  "networks that may send commands; empty: loopback and the subnets of the listening addresses", 0 },
	{ "control-idle", CONF_UINT, AT(control_idle_s), 0, WEEK, NULL, "300", "SECONDS",
	  "a TCP connection of NG or the rtpproxy protocol, or one of rtprelayctl, is closed after this time "
	  "without a complete command; 0: never", 0 },
	{ "control-socket", CONF_TEXT, AT(control_socket), 0, 0, NULL, NULL, "PATH",
	  "Unix socket that rtprelayctl connects to; none: no socket; empty: " CONTROL_PROTO_PATH
	  ", if it can be created", 0 },
	{ "control-mode", CONF_MODE, AT(control_mode), 0, 777, NULL, "660", "MODE",
	  "file mode of the control socket, three octal digits", 0 },
	{ "control-group", CONF_TEXT, AT(control_group), 0, 0, NULL, NULL, "NAME",
	  "group whose members may read the daemon's state through the control socket; empty: the daemon's "
	  "group", 0 },
	{ "listen-http", CONF_LIST, AT(listen_http), 0, 0, NULL, NULL, "HOST:PORT | [V6]:PORT | PORT",
	  "HTTP address for browsers and monitoring: / a page, /metrics for Prometheus, /healthz; PORT without "
	  "HOST listens on the loopback addresses; empty: no HTTP", 0 },
	{ "http-ng", CONF_BOOL, AT(http_ng), 0, 0, NULL, "no", "yes | no",
	  "NG commands are accepted at listen-http too, from addresses in control-allow: POST /ng", 0 },
	{ "listen-stun", CONF_LIST, AT(listen_stun), 0, 0, NULL, NULL, "ADDRESS[:PORT][!ADVERTISED] | tcp:ADDRESS[:PORT]",
	  "address where a STUN service answers phones, by UDP, at PORT (3478) and the next one, or by TCP; ADVERTISED is the "
	  "address outside of a one-to-one NAT, if interface has none; with a second address phones can find out the "
	  "kind of their NAT; empty: no service", 0 },
	{ "stun-allow", CONF_LIST, AT(stun_allow), 0, 0, NULL, NULL, "CIDR",
	  "networks whose STUN requests are answered; empty: all", 0 },
	{ "stun-classic", CONF_BOOL, AT(stun_classic), 0, 0, NULL, "yes", "yes | no",
	  "STUN clients of RFC 3489, as in earlier phones, are answered too", ROW_RELOAD },
	{ "stun-discovery", CONF_CHOICE, AT(stun_discovery), 0, 0, discoveries, "auto", "auto | yes | no",
	  "NAT behaviour discovery of RFC 5780: auto: at addresses of listen-stun that are a pair; yes: there must "
	  "be such a pair", 0 },
	{ "stun-rate", CONF_UINT, AT(stun_rate), 1, 1000000, NULL, "5", "ANSWERS",
	  "STUN answers to one source in a second, after stun-burst", ROW_RELOAD },
	{ "stun-burst", CONF_UINT, AT(stun_burst), 1, 1000000, NULL, "20", "ANSWERS",
	  "STUN answers to one source at once", ROW_RELOAD },
	{ "stun-total", CONF_UINT, AT(stun_total), 1, 1000000, NULL, "2000", "ANSWERS",
	  "STUN answers to all sources in a second", ROW_RELOAD },
	{ "stun-domain", CONF_TEXT, AT(stun_domain), 0, 0, NULL, NULL, "DOMAIN",
	  "domain of the phones: rtprelayctl doctor checks that its DNS names the STUN service; empty: no check", 0 },
	{ "port-min", CONF_UINT, AT(port_min), 1, 65535, NULL, "30000", "PORT",
	  "lowest port for media", 0 },
	{ "port-max", CONF_UINT, AT(port_max), 1, 65535, NULL, "40000", "PORT",
	  "highest port for media", 0 },
	{ "port-quarantine", CONF_UINT, AT(port_quarantine_s), 0, 3600, NULL, "5", "SECONDS",
	  "how long ports that carried media are not assigned to another call", 0 },
	{ "timeout", CONF_UINT, AT(timeout_s), 1, WEEK, NULL, "60", "SECONDS",
	  "a call that receives no media for this time is ended", ROW_RELOAD },
	{ "silent-timeout", CONF_UINT, AT(silent_timeout_s), 1, WEEK, NULL, "3600", "SECONDS",
	  "a call whose streams are all on hold is ended if it receives no media for this time", ROW_RELOAD },
	{ "offer-timeout", CONF_UINT, AT(offer_timeout_s), 1, WEEK, NULL, "3600", "SECONDS",
	  "a call that was never answered is ended after this time", ROW_RELOAD },
	{ "unanswered-timeout", CONF_UINT, AT(unanswered_timeout_s), 0, WEEK, NULL, "200", "SECONDS",
	  "a call without an answer and without media is ended this long after its last offer; 0: never", ROW_RELOAD },
	{ "final-timeout", CONF_UINT, AT(final_timeout_s), 0, WEEK, NULL, "0", "SECONDS",
	  "a call is ended this long after its first command, even if media still flows; 0: never", ROW_RELOAD },
	{ "delete-delay", CONF_UINT, AT(delete_delay_s), 0, 3600, NULL, "30", "SECONDS",
	  "a deleted call keeps its ports for this time, unless the command gives another", ROW_RELOAD },
	{ "media-deny", CONF_LIST, AT(media_deny), 0, 0, NULL, "local:0-1023, local:5060-5061",
	  "CIDR[:PORT[-PORT]] | local[:PORT[-PORT]] | none",
	  "addresses and ports that media is never sent to; local: this host. The relay's own control and HTTP "
	  "sockets, loopback, link-local, multicast and broadcast addresses are never sent to in any case", 0 },
	{ "tos", CONF_INT, AT(tos), -1, 255, NULL, "0", "BYTE",
	  "TOS or traffic class of packets sent, 184 is EF; -1 keeps the one each packet arrived with", ROW_RELOAD },
	{ "max-sessions", CONF_UINT, AT(max_sessions), 0, 10000000, NULL, "0", "CALLS",
	  "maximum number of calls at once, further ones are refused; 0: as many as ports and descriptors allow",
	  ROW_RELOAD },
	{ "max-load", CONF_REAL, AT(max_load), 0, 100000, NULL, "0", "TASKS",
	  "new calls are refused while the load average of the last minute is above; 0: no limit", ROW_RELOAD },
	{ "max-cpu", CONF_REAL, AT(max_cpu), 0, 100, NULL, "0", "PERCENT",
	  "new calls are refused while more of this host's processors was busy in the last second; 0: no limit",
	  ROW_RELOAD },
	{ "max-bandwidth", CONF_REAL, AT(max_bandwidth), 0, 1000000000000, NULL, "0", "BYTES",
	  "new calls are refused while more bytes a second are relayed, on both paths together; 0: no limit",
	  ROW_RELOAD },
	{ "max-medias", CONF_UINT, AT(max_medias), 1, SDP_MAX_MEDIA, NULL, "16", "MEDIAS",
	  "maximum number of m= lines of a call that get ports; further ones are refused: port 0 in SDP, an error "
	  "in the rtpproxy protocol", ROW_RELOAD },
	{ "max-branches", CONF_UINT, AT(max_branches), 1, CONF_BRANCHES, NULL, "64", "BRANCHES",
	  "maximum number of branches of a call, one for each phone that rings; further ones are refused", ROW_RELOAD },
	{ "media-threads", CONF_UINT, AT(media_threads), 0, 256, NULL, "0", "THREADS",
	  "threads that forward packets; 0: one per core, within the CPU quota", 0 },
	{ "latching", CONF_CHOICE, AT(latching), 0, 0, latchings, "smart", "smart | strict | first",
	  "sources that a stream accepts media from: strict: only the address of SDP or SIP; smart: also "
	  "addresses near it, and any source where no address is known; first: the first source (unsafe)",
	  ROW_RELOAD },
	{ "latch-patience", CONF_UINT, AT(latch_patience_ms), 0, 10000, NULL, "400", "MILLISECONDS",
	  "how long a source that signalling does not confirm must send before it is accepted", 0 },
	{ "latch-window", CONF_UINT, AT(latch_window_ms), 0, 60000, NULL, "3000", "MILLISECONDS",
	  "how long after the first packet a better source may still replace the accepted one", 0 },
	{ "media-keepalive", CONF_UINT, AT(media_keepalive_s), 0, 3600, NULL, "20", "SECONDS",
	  "a phone that was heard, and to which nothing was sent for this time, is sent a keep-alive, so that no NAT "
	  "forgets it; 0: none", 0 },
	{ "media-keepalive-method", CONF_CHOICE, AT(media_keepalive_method), 0, 0, keepalives, "stun",
	  "stun | empty | rtp",
	  "what it is: a STUN indication; an empty datagram; RTP without payload, of a type that was not negotiated. "
	  "Media that is not RTP gets an empty datagram in any case", 0 },
	{ "ice", CONF_CHOICE, AT(ice), 0, 0, ice_modes, "full", "full | lite",
	  "toward phones and browsers with ICE: full: the relay checks their addresses, too; lite: it only answers their "
	  "checks, and must be reachable without a NAT; NG key ICE-lite says otherwise for a call", ROW_RELOAD },
	{ "ice-consent", CONF_UINT, AT(ice_consent_s), 0, 3600, NULL, "30", "SECONDS",
	  "with ice = full: a phone that answers no check for this time is not sent media any more, and not heard; 0: "
	  "it is not asked", ROW_RELOAD },
	{ "dtls-mtu", CONF_UINT, AT(dtls_mtu), 256, 1472, NULL, "1200", "BYTES",
	  "largest datagram of a DTLS handshake, without the headers of IP and UDP", 0 },
	{ "dtls-passive", CONF_BOOL, AT(dtls_passive), 0, 0, NULL, "no", "yes | no",
	  "where a phone leaves it to the relay, the phone begins the handshake: for phones behind NATs that have no "
	  "ICE. A command may choose by DTLS=passive", ROW_RELOAD },
	{ "kernel", CONF_CHOICE, AT(kernel), 0, 0, kernels, "auto", "auto | module | bpf | off | require",
	  "forwarding of latched streams in the kernel: auto: by the module rtprelay.ko while it is loaded, else by "
	  "BPF, if it can be used; module, bpf: only by this one; off: never; require: as auto, and the daemon does "
	  "not start without one of them", 0 },
	{ "bpf-pin", CONF_TEXT, AT(bpf_pin), 0, 0, NULL, "/sys/fs/bpf/rtprelay", "PATH",
	  "folder of a bpffs for the maps of flows, so that a daemon that was killed finds them again; empty: they "
	  "are not kept", 0 },
	{ "firewall", CONF_CHOICE, AT(firewall), 0, 0, firewalls, "none", "none | notrack | pinhole",
	  "table inet rtprelay in nf_tables: notrack: no connection tracking for the relay's ports; pinhole: "
	  "also drops packets to ports that no call uses", 0 },
	{ "state-dir", CONF_TEXT, AT(state_dir), 0, 0, NULL, NULL, "PATH",
	  "directory where calls are saved, so that they continue after a restart; empty: calls end with the "
	  "daemon", 0 },
	{ "state", CONF_CHOICE, AT(state), 0, 0, states, "keep", "keep | none",
	  "none: calls are neither saved nor restored, even if state-dir is set: ends all calls once", 0 },
	{ "replay-entries", CONF_UINT, AT(replay_entries), 0, 10000000, NULL, "65536", "REPLIES",
	  "maximum number of replies kept for commands that are sent again", 0 },
	{ "replay-mbytes", CONF_UINT, AT(replay_mbytes), 0, 65536, NULL, "64", "MIB",
	  "maximum memory for these replies", 0 },
	{ "log-level", CONF_LEVELS, AT(log_levels), 0, 0, levels, "info",
	  "error | warning | notice | info | debug [, SUBSYSTEM:LEVEL]...",
	  "lowest severity that is logged; subsystems may have another one, as in \"info, latch:debug\": admin, base, "
	  "bpf, call, command, conf, ctl, daemon, dtls, dtmf, firewall, gate, homer, ice, journal, kernel, latch, nat, ng, packet, "
	  "port, prompt, record, report, rtpproxy, sdp, srtp, stats, stun, web", ROW_RELOAD },
	{ "log-facility", CONF_CHOICE, AT(log_facility), 0, 0, facilities, "stderr", "stderr | syslog | journal",
	  "destination of log messages", 0 },
	{ "syslog-facility", CONF_CHOICE, AT(syslog_facility), 0, 0, syslog_facilities, "daemon",
	  "daemon | local0 | local1 | local2 | local3 | local4 | local5 | local6 | local7",
	  "facility that messages have in syslog and in the journal", 0 },
	{ "cdr-file", CONF_TEXT, AT(cdr_file), 0, 0, NULL, NULL, "PATH",
	  "file to which a line of JSON is appended for each ended call; reopened on SIGHUP", 0 },
	{ "cdr-mode", CONF_MODE, AT(cdr_mode), 0, 777, NULL, "640", "MODE",
	  "file mode of the cdr-file, three octal digits", 0 },
	{ "cdr-group", CONF_TEXT, AT(cdr_group), 0, 0, NULL, NULL, "NAME",
	  "group of the cdr-file; the daemon's user must be in it, unless the daemon is started as root; empty: "
	  "the daemon's group", 0 },
	{ "recording-dir", CONF_TEXT, AT(recording_dir), 0, 0, NULL, NULL, "PATH",
	  "directory of recordings, for this daemon alone; empty: nothing is recorded", 0 },
	{ "recording-output", CONF_CHOICE, AT(recording_output), 0, 0, outputs, "pcap", "pcap | wav | both",
	  "files of a recording: packets; G.711 of both sides as sound, caller left and callee right; both", 0 },
	{ "recording-linktype", CONF_CHOICE, AT(recording_linktype), 0, 0, linktypes, "raw", "raw | ethernet",
	  "packets in a pcap begin with IP, or with made-up Ethernet headers, for programs that read nothing else", 0 },
	{ "recording-precision", CONF_CHOICE, AT(recording_precision), 0, 0, precisions, "us", "us | ns",
	  "time of packets in a pcap, in microseconds or nanoseconds, which some programs cannot read", 0 },
	{ "recording-side", CONF_CHOICE, AT(recording_side), 0, 0, recorded_sides, "received", "received | sent",
	  "packets are recorded as the relay receives them (without SRTP where it ends here), or as it sends them", 0 },
	{ "recording-pattern", CONF_TEXT, AT(recording_pattern), 0, 0, NULL, "%Y-%m-%d/%c-%r", "NAME",
	  "name of a recording below recording-dir, without extension: %Y %m %d %H %M %S of its start (local time), %c "
	  "Call-ID, %r random digits", 0 },
	{ "recording-dtmf", CONF_BOOL, AT(recording_dtmf), 0, 0, NULL, "yes", "yes | no",
	  "recordings have the keys that phones press (telephone-event), which may be PINs or card numbers", 0 },
	{ "recording-mode", CONF_MODE, AT(recording_mode), 0, 777, NULL, "640", "MODE",
	  "file mode of recordings, three octal digits; folders get x where it has r", 0 },
	{ "recording-group", CONF_TEXT, AT(recording_group), 0, 0, NULL, NULL, "NAME",
	  "group of recordings and their folders; the daemon's user must be in it, unless the daemon is started as "
	  "root; empty: the daemon's group", 0 },
	{ "recording-max-size", CONF_UINT, AT(recording_max_size_mib), 0, 1048576, NULL, "0", "MIB",
	  "a pcap of this size is finished, and the recording goes on in the next part; 0: no limit", 0 },
	{ "recording-max-time", CONF_UINT, AT(recording_max_time_s), 0, WEEK, NULL, "0", "SECONDS",
	  "a pcap of this age is finished, and the recording goes on in the next part; 0: no limit", 0 },
	{ "recording-min-free", CONF_UINT, AT(recording_min_free_mib), 0, 1073741824, NULL, "1024", "MIB",
	  "with less space on the disk no recording begins, and those that run end; 0: they end when the disk is full", 0 },
	{ "recording-ring", CONF_UINT, AT(recording_ring_mib), 1, 4096, NULL, "16", "MIB",
	  "memory for packets on their way to the recorder, for all media threads together, and as much again for those of the "
	  "kernel; packets that find no room are not recorded, and counted", 0 },
	{ "recording-sync", CONF_UINT, AT(recording_sync_s), 0, 3600, NULL, "0", "SECONDS",
	  "how often, and at the end, the disk has to confirm what was recorded, so that a power failure loses no more; "
	  "0: the kernel writes it when it likes, within half a minute", 0 },
	{ "prompt-dir", CONF_TEXT, AT(prompt_dir), 0, 0, NULL, NULL, "PATH",
	  "directory with the files of play media (NG) and P (rtpproxy): NAME.PT, encoded already, PT is the static payload "
	  "type; or NAME.wav of G.711; empty: no prompts are played", 0 },
	{ "prompt-memory", CONF_UINT, AT(prompt_memory), 1, 65536, NULL, "64", "MIB",
	  "maximum memory for these files, each of which is read whole, once", 0 },
	{ "homer", CONF_TEXT, AT(homer), 0, 0, NULL, NULL, "[udp:]HOST:PORT",
	  "Homer server that RTCP and the quality of RTP are reported to, by HEP version 3; empty: no reports", 0 },
	{ "homer-id", CONF_UINT, AT(homer_id), 0, UINT32_MAX, NULL, "2001", "NUMBER",
	  "number of this relay among those that report to the same Homer server", 0 },
	{ "homer-password", CONF_TEXT, AT(homer_password), 0, 0, NULL, NULL, "TEXT",
	  "password that the Homer server asks for; it is sent in clear text. Set it in the file, for options can be "
	  "read by all users", ROW_SECRET },
	{ "dtmf-log", CONF_BOOL, AT(dtmf_log), 0, 0, NULL, "no", "yes | no",
	  "DTMF keys that phones press (RFC 4733) are told to rtprelayctl watch, and kept in the cdr-file and in "
	  "state-dir: among them are PINs and card numbers", 0 },
	{ "dtmf-log-dest", CONF_TEXT, AT(dtmf_log_dest), 0, 0, NULL, NULL, "HOST:PORT",
	  "receiver of a datagram of JSON for each DTMF key that a phone presses, as Kamailio and OpenSIPS read "
	  "them; empty: none, except for calls whose commands have dtmf-log-dest", 0 },
	{ "foreground", CONF_BOOL, AT(foreground), 0, 0, NULL, "no", "yes | no",
	  "stay attached to the terminal or the service manager", 0 },
	{ "pidfile", CONF_TEXT, AT(pidfile), 0, 0, NULL, NULL, "PATH",
	  "file that holds the process ID while the daemon runs", 0 },
	{ "user", CONF_TEXT, AT(user), 0, 0, NULL, NULL, "NAME",
	  "user to run as, when started as root", 0 },
	{ "group", CONF_TEXT, AT(group), 0, 0, NULL, NULL, "NAME",
	  "group to run as; empty: the user's group", 0 },
	{ "seccomp", CONF_CHOICE, AT(seccomp), 0, 0, seccomps, CONFINE_DEFAULT, "on | log | off",
	  "each thread may make only the system calls that it needs: on: the daemon ends at another one, which is "
	  "logged; log: it is only logged; off: any call", 0 },
	{ "config", CONF_TEXT, AT(config), 0, 0, NULL, NULL, "PATH",
	  "configuration file to read; none: no file; empty: " CONF_DEFAULT_FILE ", if it exists", ROW_OPTION_ONLY },
	{ "check-config", CONF_BOOL, AT(check_config), 0, 0, NULL, "no", "yes | no",
	  "report the errors in the configuration, and exit", ROW_OPTION_ONLY },
};
/* clang-format on */

const size_t conf_n_rows = COUNT(conf_rows);
static_assert(COUNT(conf_rows) <= CONF_MAX_ROWS, "raise CONF_MAX_ROWS");

const struct conf_row *conf_row_find(struct str name)
{
	for (size_t i = 0; i < conf_n_rows; i++)
		if (str_eq(str_of(conf_rows[i].name), name))
			return &conf_rows[i];
	return NULL;
}

static const char *suggest_for_theirs(const struct conf_rtpengine *theirs, char *out, size_t size)
{
	if (theirs->ours)
		snprintf(out, size, ": rtprelay calls this %s", theirs->ours);
	else
		snprintf(out, size, ": is of rtpengine; %s",
			 theirs->remark ? theirs->remark : "nothing has to be set here");
	return out;
}

/* What is of rtpengine by its beginning alone may as well be a mistake in a key of ours. */
const char *conf_row_suggest(struct str name, unsigned int unwanted, char *out, size_t size)
{
	const struct conf_rtpengine *theirs = conf_rtpengine_find(name);
	unsigned int nearest = name.len < 6 ? 2 : (unsigned int)name.len / 3 + 1;

	out[0] = '\0';
	if (theirs && str_eq(str_of(theirs->key), name) && !conf_row_find(name))
		return suggest_for_theirs(theirs, out, size);
	for (size_t i = 0; i < conf_n_rows; i++) {
		unsigned int distance = conf_name_distance(name, str_of(conf_rows[i].name));

		if (distance >= nearest || (conf_rows[i].flags & unwanted))
			continue;
		nearest = distance;
		snprintf(out, size, "; did you mean \"%s\"?", conf_rows[i].name);
	}
	return theirs && !*out ? suggest_for_theirs(theirs, out, size) : out;
}

/* Prints @text in indented lines of at most 90 characters. */
static void print_folded(const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column && column + 1 + len > 82) {
			putchar('\n');
			column = 0;
		}
		printf("%s%.*s", column ? " " : "        ", (int)len, text);
		column += len + 1;
		text += len + (text[len] == ' ');
	}
	putchar('\n');
}

void conf_table_print(void)
{
	printf("Usage: rtprelayd [--KEY=VALUE]...\n"
	       "Relays RTP between the phones of SIP calls; a SIP proxy controls it by NG or "
	       "rtpproxy commands.\n\n"
	       "Each key may also be set in section [" CONF_SECTION
	       "] of the configuration file, as "
	       "\"KEY = VALUE\";\noptions override the file.\n\n");
	for (size_t i = 0; i < conf_n_rows; i++) {
		bool several = conf_rows[i].type == CONF_LIST;

		printf("  --%s%s%s%s\n", conf_rows[i].name,
		       conf_rows[i].type == CONF_BOOL ? "[=" : "=", conf_rows[i].shape,
		       conf_rows[i].type == CONF_BOOL ? "]" : "");
		print_folded(conf_rows[i].help);
		if (several)
			print_folded("May be repeated, and may hold several values separated by "
				     "commas.");
		if (conf_rows[i].fallback)
			printf("        Default: %s%s\n", conf_rows[i].fallback,
			       conf_rows[i].flags & ROW_RELOAD ? "; read again on SIGHUP" : "");
	}
	printf("  --help\n  --version\n");
}
