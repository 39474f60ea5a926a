/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor_external.c - check of rtprelayctl doctor: are the addresses outside of a NAT known, where
 * an interface has "!auto"?
 */
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

	for (size_t i = 0; i < json_array_size(ifaces); i++)
		check_iface(doctor, json_array_get(ifaces, i));
}
