#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# router.py ADDRESS MODE - a router that speaks NAT-PMP (and says so to PCP), and does not forward
#
#   full N     grants N ports, then it has no room
#   port-0     grants port 0
#   slow       answers nothing until SIGUSR1, then all that was asked for, and each request at once
#   garbage    answers with bytes that are no reply, and with a part of one
#   other      grants another port: 10000 more than the one that is asked for
#   same       grants the same port for each
import signal
import socket
import struct
import sys
import time

address, mode = sys.argv[1:3]
room = int(sys.argv[3]) if mode == 'full' else 1000
began, granted = time.monotonic(), set()


def replies(data):
    epoch = int(time.monotonic() - began)
    if mode == 'garbage':
        return b'\x00\x81', b'\x00\x81\x00\x00' + bytes(range(200)), b''
    if data[:1] != b'\x00':
        return (struct.pack('>BBHI', 0, 0x80, 1, epoch),)
    if data[1:2] == b'\x00':
        return (struct.pack('>BBHI4B', 0, 0x80, 0, epoch, 11, 0, 0, 2),)
    if len(data) != 12:
        return ()
    inside, outside, lifetime = struct.unpack('>HHI', data[4:12])
    if lifetime and inside not in granted and len(granted) >= room:
        return (struct.pack('>BBHIHHI', 0, 0x81, 4, epoch, inside, 0, 0),)
    if lifetime:
        granted.add(inside)
    else:
        granted.discard(inside)
    outside = {'port-0': 0, 'other': (outside + 10000) % 65536, 'same': 40000}.get(mode, outside)
    return (struct.pack('>BBHIHHI', 0, 0x81, 0, epoch, inside, outside, lifetime),)


udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((address, 5351))
held = [] if mode == 'slow' else None


def release(*_):
    global held
    waiting, held = held or [], None
    for reply, source in waiting:
        udp.sendto(reply, source)


signal.signal(signal.SIGUSR1, release)
print('listening', flush=True)
while True:
    request, source = udp.recvfrom(1500)
    for reply in replies(request):
        if held is None:
            udp.sendto(reply, source)
        else:
            held.append((reply, source))
