/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base64.h - bytes as base64 (RFC 4648, section 4) and back
 */
#ifndef RTPRELAY_BASE64_H
#define RTPRELAY_BASE64_H

#include "base/buf.h"

/**
 * base64_read() - a text that stands for exactly @len bytes, with or without the padding
 * Return: false: of another length, with another character, or with bits behind the last byte
 */
bool base64_read(struct str text, uint8_t *bytes, size_t len);
/* @pad: with '=' up to four characters */
void base64_write(struct buf *buf, const uint8_t *bytes, size_t len, bool pad);

#endif
