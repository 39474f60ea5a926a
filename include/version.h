/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * version.h - the only definition of the version; the Makefile reads it too
 *
 * commit.h, made by the Makefile in a checkout, adds the commit: "0.1.0-g1a2b3c4d5e". So a module
 * of an older build is known as such.
 */
#ifndef RTPRELAY_RELEASE
#define RTPRELAY_RELEASE "0.1.0"
#ifdef RTPRELAY_HAS_COMMIT
#include "commit.h"
#else
#define RTPRELAY_COMMIT ""
#endif
#define RTPRELAY_VERSION RTPRELAY_RELEASE RTPRELAY_COMMIT
#endif
