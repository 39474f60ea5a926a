/* SPDX-License-Identifier: GPL-2.0-or-later */
/* version.h - the one place where the version stands; read by the Makefile too */
#ifndef RTPRELAY_VERSION
#define RTPRELAY_VERSION "0.1.0"
#endif
