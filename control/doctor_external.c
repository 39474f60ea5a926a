/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor_external.c - check of rtprelayctl doctor: are the addresses outside of a NAT known, where
 * an interface has "!auto", and does the router forward ports, with port-mapping?
 */
#include <inttypes.h>
#include <string.h>
#include "doctor.h"
#include "line.h"

static void check_unknown(struct doctor *doctor, const json_t *iface, const json_t *outside)
{
	bool double_nat = json_is_true(json_object_get(outside, "double-nat"));

	finding(doctor, FINDING_BAD,
		double_nat ? "name a STUN server on the Internet in external-address: docs/nat.md"
			   : "look at external-address and the firewall: docs/nat.md",
		"interface %s: the address of %s outside of the NAT is not known, calls are "
		"refused: %s",
		text_of(iface, "name"), text_of(iface, "address"), text_of(outside, "why"));
}

static void check_failing(struct doctor *doctor, const json_t *iface, const json_t *outside)
{
	finding(doctor, FINDING_NOTE,
		"until a source answers again, a change of the address is not noticed: look at "
		"external-address",
		"interface %s: no source confirms %s as the address of %s outside of the NAT: %s",
		text_of(iface, "name"), text_of(iface, "advertised"), text_of(iface, "address"),
		text_of(outside, "why"));
}

/* What is there goes on; it is about the next calls. */
static void check_mapping(struct doctor *doctor, const json_t *iface)
{
	const json_t *mapping = json_object_get(iface, "mapping");
	const char *state = text_of(mapping, "state"), *address = text_of(iface, "address");

	if (!mapping)
		return;
	if (!strcmp(state, "ok"))
		finding(doctor, FINDING_OK, NULL,
			"interface %s: the router forwards %" PRId64 " ports to %s, by %s",
			text_of(iface, "name"), number_of(mapping, "ports"), address,
			text_of(mapping, "protocol"));
	else if (!strcmp(state, "full"))
		finding(doctor, FINDING_NOTE,
			"free entries in the router, or forward a range there by hand and set "
			"port-mapping = off: docs/nat.md",
			"interface %s: the router forwards %" PRId64
			" ports to %s, and no more: %s",
			text_of(iface, "name"), number_of(mapping, "ports"), address,
			text_of(mapping, "why"));
	else if (!strcmp(state, "failing"))
		finding(doctor, FINDING_BAD,
			"allow UPnP or PCP in the router, or forward a range there by hand and set "
			"port-mapping = off: docs/nat.md",
			"interface %s: the router does not forward ports to %s; calls are refused "
			"when no mapped pair is left (%" PRId64 " now): %s",
			text_of(iface, "name"), address, number_of(mapping, "free"),
			text_of(mapping, "why"));
	else
		finding(doctor, FINDING_NOTE, "ask again in a moment",
			"interface %s: the router has not answered yet (port-mapping)",
			text_of(iface, "name"));
}

static void check_iface(struct doctor *doctor, const json_t *iface)
{
	const json_t *outside = json_object_get(iface, "external");

	if (!outside)
		return;
	if (!json_is_true(json_object_get(outside, "usable")))
		check_unknown(doctor, iface, outside);
	else if (json_object_get(outside, "why"))
		check_failing(doctor, iface, outside);
	else if (strcmp(text_of(outside, "state"), "found") != 0)
		finding(doctor, FINDING_NOTE, "ask again in a moment",
			"interface %s: %s is the last known address of %s, it is not confirmed yet",
			text_of(iface, "name"), text_of(iface, "advertised"),
			text_of(iface, "address"));
	else
		finding(doctor, FINDING_OK, NULL,
			"interface %s: %s is %s outside of the NAT, says %s",
			text_of(iface, "name"), text_of(iface, "address"),
			text_of(iface, "advertised"), text_of(outside, "source"));
}

void doctor_external(struct doctor *doctor)
{
	const json_t *ifaces = json_object_get(doctor->status, "interfaces");

	for (size_t i = 0; i < json_array_size(ifaces); i++) {
		check_iface(doctor, json_array_get(ifaces, i));
		check_mapping(doctor, json_array_get(ifaces, i));
	}
}
