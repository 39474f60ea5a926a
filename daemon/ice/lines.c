/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lines.c - the ICE lines of one media of an SDP
 */
#include "base/count.h"
#include "ice/lines.h"
#include "ice/message.h"

#define UFRAG_MIN 4
#define PWD_MIN	  22

/* --- Reading --------------------------------------------------------------------------------- */

static bool is_visible(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.s[i] <= ' ' || text.s[i] > '~')
			return false;
	return true;
}

static struct str read_secret(struct str value, size_t min, size_t max)
{
	return value.len >= min && value.len <= max && is_visible(value) ? value : STR_NONE;
}

static void read_ufrag(struct ice_description *d, struct str value)
{
	d->ufrag = read_secret(value, UFRAG_MIN, ICE_UFRAG_MAX);
}

static void read_pwd(struct ice_description *d, struct str value)
{
	d->pwd = read_secret(value, PWD_MIN, ICE_PWD_MAX);
}

static void read_options(struct ice_description *d, struct str value)
{
	while (value.len) {
		struct str option = str_split(&value, ' ');

		d->trickle = d->trickle || str_eq(option, STR("trickle"));
		d->ice2 = d->ice2 || str_eq(option, STR("ice2"));
	}
}

static void read_candidate(struct ice_description *d, struct str value)
{
	struct ice_candidate candidate;
	enum ice_fault fault = ice_candidate_read(value, &candidate);

	if (!fault && d->n_candidates == ICE_CANDIDATES)
		fault = ICE_CROWDED;
	if (fault)
		d->faults[fault]++;
	else
		d->candidates[d->n_candidates++] = candidate;
}

static void read_remote(struct ice_description *d, struct str value)
{
	while (value.len) {
		struct str component = str_split(&value, ' '), address = str_split(&value, ' ');
		struct str port = str_split(&value, ' ');
		struct endpoint ep;
		uint64_t number, port_number;

		if (!str_to_u64(component, ICE_COMPONENTS, &number) || !number ||
		    !str_to_u64(port, UINT16_MAX, &port_number) ||
		    !endpoint_parse_addr(address, 0, &ep))
			continue;
		endpoint_set_port(&ep, (uint16_t)port_number);
		d->remote[number - 1] = ep;
	}
}

static void read_lite(struct ice_description *d, struct str value)
{
	(void)value;
	d->lite = true;
}

static void read_mismatch(struct ice_description *d, struct str value)
{
	(void)value;
	d->mismatch = true;
}

static void read_end(struct ice_description *d, struct str value)
{
	(void)value;
	d->end = true;
}

static void read_pacing(struct ice_description *d, struct str value)
{
	uint64_t pacing_ms;

	if (str_to_u64(value, ICE_SLOWEST_MS, &pacing_ms))
		d->pacing_ms = (unsigned int)pacing_ms;
}

bool ice_line_read(struct ice_description *description, struct str name, struct str value)
{
	static const struct {
		const char *name;
		void (*read)(struct ice_description *d, struct str value);
	} rows[] = {
		{ "candidate", read_candidate },   { "ice-ufrag", read_ufrag },
		{ "ice-pwd", read_pwd },	   { "ice-options", read_options },
		{ "ice-lite", read_lite },	   { "ice-mismatch", read_mismatch },
		{ "ice-pacing", read_pacing },	   { "remote-candidates", read_remote },
		{ "end-of-candidates", read_end },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_eq_nocase(name, str_of(rows[i].name))) {
			rows[i].read(description, value);
			return true;
		}
	return false;
}

bool ice_is_offered(const struct ice_description *description)
{
	return description->ufrag.len && description->pwd.len && !description->mismatch;
}

bool ice_is_mismatch(const struct ice_description *description, unsigned int component,
		     const struct endpoint *address)
{
	/* A name may stand for any address; candidates that are not used may be it, too. */
	if (!endpoint_is_set(address) || endpoint_is_any(address) || endpoint_port(address) == 9 ||
	    description->faults[ICE_NAMED] || description->faults[ICE_CROWDED])
		return false;
	for (unsigned int i = 0; i < description->n_candidates; i++)
		if (description->candidates[i].component == component &&
		    endpoint_eq(&description->candidates[i].address, address))
			return false;
	return description->n_candidates;
}

/* --- Writing --------------------------------------------------------------------------------- */

static void write_line(struct buf *buf, const char *name, struct str value)
{
	buf_str(buf, str_of(name));
	buf_str(buf, value);
	buf_lit(buf, "\r\n");
}

static void write_options(struct buf *buf, const struct ice_description *d)
{
	if (!d->trickle && !d->ice2)
		return;
	write_line(buf, "a=ice-options:",
		   !d->ice2	 ? STR("trickle")
		   : !d->trickle ? STR("ice2")
				 : STR("trickle ice2"));
}

static void write_remote(struct buf *buf, const struct ice_description *d)
{
	const char *before = "a=remote-candidates:";
	char text[ENDPOINT_TEXT];

	for (unsigned int i = 0; i < ICE_COMPONENTS; i++) {
		if (!endpoint_is_set(&d->remote[i]))
			continue;
		buf_str(buf, str_of(before));
		buf_u64(buf, i + 1);
		buf_char(buf, ' ');
		buf_str(buf, str_of(endpoint_print_addr(&d->remote[i], text)));
		buf_char(buf, ' ');
		buf_u64(buf, endpoint_port(&d->remote[i]));
		before = " ";
	}
	if (*before == ' ')
		buf_lit(buf, "\r\n");
}

void ice_lines_write(struct buf *buf, const struct ice_description *d)
{
	if (d->mismatch) {
		buf_lit(buf, "a=ice-mismatch\r\n");
		return;
	}
	write_line(buf, "a=ice-ufrag:", d->ufrag);
	write_line(buf, "a=ice-pwd:", d->pwd);
	write_options(buf, d);
	for (unsigned int i = 0; i < d->n_candidates; i++) {
		buf_lit(buf, "a=candidate:");
		ice_candidate_write(buf, &d->candidates[i]);
		buf_lit(buf, "\r\n");
	}
	write_remote(buf, d);
	if (d->end)
		buf_lit(buf, "a=end-of-candidates\r\n");
}
