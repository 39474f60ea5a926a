/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * count.h - how many elements an array has
 */
#ifndef RTPRELAY_COUNT_H
#define RTPRELAY_COUNT_H

/* A constant expression. @array: an array, not a pointer */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
