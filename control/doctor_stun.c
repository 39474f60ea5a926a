/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor_stun.c - check of rtprelayctl doctor: does the STUN service answer, and does DNS name it?
 *
 * Asks each socket from another address of this host, if there is one: so firewall rules that allow
 * only the host itself show. What is between phones and this host cannot be seen from here.
 */
#include <arpa/nameser.h>
#include <netdb.h>
#include <poll.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/base/host_addrs.h"
#include "daemon/stun/wire.h"
#include "doctor.h"
#include "line.h"

#define TRIES	    3
#define WAIT_MS	    500
#define TCP_WAIT_MS 2000
#define FIRST_PORT  10000

/* --- The sockets ------------------------------------------------------------------------------ */

/* An address of this host, other than @asked, with the port 0; else @asked itself. */
static struct endpoint find_source(const struct host_addrs *host, const struct endpoint *asked)
{
	struct endpoint source = *asked;

	endpoint_set_port(&source, 0);
	for (size_t i = 0; i < host->n_local; i++) {
		const struct endpoint *at = &host->local[i];

		if (at->sa.sa_family != asked->sa.sa_family || endpoint_addr_eq(at, asked) ||
		    endpoint_kind(at) != endpoint_kind(asked))
			continue;
		source = *at;
		endpoint_set_port(&source, 0);
	}
	return source;
}

/* The answer has to come from the socket that was asked: a NAT drops all others. */
static bool is_answer(int fd, const struct endpoint *asked, const uint8_t *request)
{
	struct endpoint from = { 0 };
	socklen_t len = sizeof(from);
	uint8_t data[512];
	ssize_t n = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT, &from.sa, &len);

	return n >= STUN_HEADER && endpoint_eq(&from, asked) && stun_is_framed(data, (size_t)n) &&
	       !memcmp(data + 4, request + 4, 16) && stun_class(stun_u16(data)) == STUN_SUCCESS;
}

static bool ask(int fd, const struct endpoint *asked)
{
	static const uint8_t request[STUN_HEADER] = "\x00\x01\x00\x00\x21\x12\xa4\x42rtprelayctl";
	bool answered = false;

	for (int i = 0; i < TRIES && !answered; i++) {
		struct pollfd pollfd = { fd, POLLIN, 0 };

		if (sendto(fd, request, sizeof(request), 0, &asked->sa, endpoint_len(asked)) < 0)
			continue;
		answered = poll(&pollfd, 1, WAIT_MS) == 1 && is_answer(fd, asked, request);
	}
	return answered;
}

static bool is_media_port(const struct doctor *doctor, unsigned int port)
{
	const json_t *ifaces = json_object_get(doctor->status, "interfaces");

	for (size_t i = 0; i < json_array_size(ifaces); i++) {
		const json_t *iface = json_array_get(ifaces, i);

		if (port >= number_of(iface, "port-min") && port <= number_of(iface, "port-max"))
			return true;
	}
	return false;
}

/*
 * At a port that is not one for media: with firewall=pinhole, answers to these are dropped. The
 * system might choose one. -1: none
 */
static int open_client(const struct doctor *doctor, struct endpoint *source)
{
	int fd = socket(source->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	for (unsigned int port = UINT16_MAX; port >= FIRST_PORT; port--) {
		if (is_media_port(doctor, port))
			continue;
		endpoint_set_port(source, (uint16_t)port);
		if (!bind(fd, &source->sa, endpoint_len(source)))
			return fd;
	}
	close(fd);
	return -1;
}

static void check_socket(struct doctor *doctor, const struct host_addrs *host, const char *text)
{
	struct endpoint asked, source;
	char printed[ENDPOINT_TEXT];
	bool answers;
	int fd;

	if (!endpoint_parse(str_of(text), -1, &asked))
		return;
	source = find_source(host, &asked);
	fd = open_client(doctor, &source);
	answers = fd >= 0 && ask(fd, &asked);
	if (fd >= 0)
		close(fd);
	endpoint_print_addr(&source, printed);
	if (answers)
		finding(doctor, FINDING_OK, NULL, "STUN: %s answers %s", text, printed);
	else
		finding(doctor, FINDING_BAD,
			"open the port in the host's firewall (UDP), and look at stun-allow and "
			"the counters: rtprelayctl stats",
			"STUN: %s does not answer %s", text, printed);
}

/* A connection to the host's own address: its firewall is passed. */
static bool ask_by_tcp(const struct endpoint *asked)
{
	static const uint8_t request[STUN_HEADER] = "\x00\x01\x00\x00\x21\x12\xa4\x42rtprelayctl";
	int fd = socket(asked->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd pollfd = { fd, POLLOUT, 0 };
	uint8_t data[512];
	bool answers = false;

	if (fd < 0)
		return false;
	(void)connect(fd, &asked->sa, endpoint_len(asked)); /* its error is that of send() */
	if (poll(&pollfd, 1, TCP_WAIT_MS) == 1 &&
	    send(fd, request, sizeof(request), MSG_NOSIGNAL) == (ssize_t)sizeof(request)) {
		pollfd.events = POLLIN;
		answers = poll(&pollfd, 1, TCP_WAIT_MS) == 1 &&
			  recv(fd, data, sizeof(data), 0) >= STUN_HEADER &&
			  stun_class(stun_u16(data)) == STUN_SUCCESS;
	}
	close(fd);
	return answers;
}

static void check_tcp(struct doctor *doctor, const char *text)
{
	struct endpoint asked;

	if (!endpoint_parse(str_of(text), -1, &asked))
		return;
	if (ask_by_tcp(&asked))
		finding(doctor, FINDING_OK, NULL, "STUN: tcp:%s answers", text);
	else
		finding(doctor, FINDING_BAD,
			"open the port in the host's firewall (TCP), and look at stun-allow and "
			"the counters: rtprelayctl stats",
			"STUN: tcp:%s does not answer", text);
}

/* --- DNS -------------------------------------------------------------------------------------- */

/* Does one of the SRV records have a port of the service? */
static bool names_port(const uint8_t *answer, int len, uint16_t port)
{
	ns_msg msg;
	ns_rr rr;

	if (ns_initparse(answer, len, &msg))
		return false;
	for (int i = 0; i < ns_msg_count(msg, ns_s_an); i++)
		if (!ns_parserr(&msg, ns_s_an, i, &rr) && ns_rr_type(rr) == ns_t_srv &&
		    ns_rr_rdlen(rr) > 6 && ns_get16(ns_rr_rdata(rr) + 4) == port)
			return true;
	return false;
}

static void check_record(struct doctor *doctor, const char *service, const char *domain,
			 uint16_t port)
{
	uint8_t answer[NS_PACKETSZ * 4];
	char name[300];
	int len;

	snprintf(name, sizeof(name), "%s.%s", service, domain);
	len = res_query(name, ns_c_in, ns_t_srv, answer, sizeof(answer));
	if (len > (int)sizeof(answer))
		len = sizeof(answer);
	if (len > 0 && names_port(answer, len, port))
		finding(doctor, FINDING_OK, NULL, "DNS: %s names port %u", name, port);
	else if (len > 0)
		finding(doctor, FINDING_BAD, "change the SRV record: docs/nat.md",
			"DNS: %s does not name port %u of listen-stun", name, port);
	else
		finding(doctor, FINDING_NOTE, "add the SRV record: docs/nat.md",
			"DNS: no SRV record %s: phones look for port 3478 of %s itself", name,
			domain);
}

/* --- Together --------------------------------------------------------------------------------- */

static void check_dns(struct doctor *doctor, const json_t *stun, const char *first)
{
	const char *domain = text_of(doctor->status, "stun-domain");
	struct endpoint ep;

	if (!strcmp(domain, "-") || !endpoint_parse(str_of(first), -1, &ep))
		return;
	check_record(doctor, "_stun._udp", domain, endpoint_port(&ep));
	if (json_is_true(json_object_get(stun, "discovery")))
		check_record(doctor, "_stun-behavior._udp", domain, endpoint_port(&ep));
}

void doctor_stun(struct doctor *doctor)
{
	const json_t *stun = json_object_get(doctor->status, "stun");
	const json_t *listen = json_object_get(stun, "listen"),
		     *tcp = json_object_get(stun, "listen-tcp");
	struct host_addrs host;

	for (size_t i = 0; i < json_array_size(tcp); i++)
		check_tcp(doctor, json_string_value(json_array_get(tcp, i)));
	if (!json_array_size(listen))
		return;
	host_addrs_read(&host); /* without them the service is asked from its own address */
	for (size_t i = 0; i < json_array_size(listen); i++)
		check_socket(doctor, &host, json_string_value(json_array_get(listen, i)));
	host_addrs_free(&host);
	if (number_of(stun, "limited") > number_of(stun, "replies"))
		finding(doctor, FINDING_NOTE,
			"rtprelayctl stats has the reasons; for many phones behind one address "
			"raise "
			"stun-rate and stun-burst",
			"STUN: most requests are beyond the limits");
	check_dns(doctor, stun, json_string_value(json_array_get(listen, 0)));
}
