/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * string.h - for a program without a C library: what the compiler writes inline
 */
#ifndef RTPRELAY_BPF_STRING_H
#define RTPRELAY_BPF_STRING_H

#define memcpy __builtin_memcpy
#define memset __builtin_memset

#endif
