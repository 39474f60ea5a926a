/* SPDX-License-Identifier: GPL-2.0-or-later */
/* media_start.h - what media needs: interfaces, forbidden destinations, media threads */
#ifndef RTPRELAY_MEDIA_START_H
#define RTPRELAY_MEDIA_START_H

struct relay;

/* Steps of relay_start(), in this order. Return: 0; -errno: logged */

int start_ifaces(struct relay *relay);
/* The networks of local-networks; they were checked before. */
int start_local(struct relay *relay);
/* The addresses of the interfaces, after what may change them (external_prepare()). */
int start_media_list(struct relay *relay);
/* Before the parts that would remove what another daemon has in the kernel. */
int start_claims(struct relay *relay);
int start_destinations(struct relay *relay);
/* Without it the daemon works, but each packet costs more: as at addresses that come later. */
int start_steer(struct relay *relay);
int start_workers(struct relay *relay);

#endif
