/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flags.h - lists of words in an NG request: flags, replace, rtcp-mux, codec
 */
#ifndef RTPRELAY_NG_FLAGS_H
#define RTPRELAY_NG_FLAGS_H

#include "ng/reader.h"

key_fn ng_read_flags, ng_read_raw_flags, ng_read_replace, ng_read_mux, ng_read_codec,
	ng_read_record, ng_read_record_pause, ng_read_sdes, ng_read_osrtp, ng_read_ice,
	ng_read_ice_lite, ng_read_bundle, ng_read_dtls, ng_read_dtls_reverse,
	ng_read_dtls_fingerprint;

#endif
