/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_start.h - where commands come in: the sockets of proxies, of rtprelayctl, of HTTP */
#ifndef RTPRELAY_CONTROL_START_H
#define RTPRELAY_CONTROL_START_H

struct relay;

/* Steps of relay_start(). Return: 0; -errno: logged */

/* The socket for rtprelayctl. As root, to create a directory in /run. */
int start_control_socket(struct relay *relay);
/* Commands of proxies are accepted from here on: after calls are restored. */
int start_control(struct relay *relay);
/* Requests of rtprelayctl, and of the page. */
int start_admin(struct relay *relay);
/* The last step, so that an answer (/healthz) shows that all other parts run. */
int start_web(struct relay *relay);

#endif
