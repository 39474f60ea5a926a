/* SPDX-License-Identifier: GPL-2.0-or-later */
/* version.h - the only definition of the version; the Makefile reads it too */
#ifndef RTPRELAY_VERSION
#define RTPRELAY_VERSION "0.1.0"
#endif
