/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sdes_text.h - keys as they stand in a=crypto lines: bytes 0, 1, 2, ... */
#ifndef RTPRELAY_TEST_SDES_TEXT_H
#define RTPRELAY_TEST_SDES_TEXT_H

#define KEY_28	  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw" /* 38 characters */
#define KEY_30	  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define KEY_38	  KEY_30 "Hh8gISIjJCU"		  /* 51 */
#define KEY_44	  KEY_30 "Hh8gISIjJCUmJygpKis"	  /* 59 */
#define KEY_46	  KEY_30 "Hh8gISIjJCUmJygpKissLQ" /* 62 */
#define CM_80	  "AES_CM_128_HMAC_SHA1_80"
#define CM_32	  "AES_CM_128_HMAC_SHA1_32"
#define GCM_128	  "AEAD_AES_128_GCM"
#define LINE(tag) tag " " CM_80 " inline:" KEY_30

#endif
