#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ear.py FILE|wire HZ... - prints which of these tones a phone hears now, or 0
#
# Of FILE, a WAV file that is being recorded, or of the packets of RTP with PCMU that come to this
# namespace. Looks at the half second that comes next; less than that in a second is silence, too.
# The head of the file, which has no length yet, tells only rate and channels.
import math
import os
import socket
import struct
import sys
import time

HEAD = 44


def strength(samples, rate, hz):
    """Goertzel: the part of the power that is at this frequency, 0..1"""
    factor = 2 * math.cos(2 * math.pi * hz / rate)
    one = two = 0.0
    for sample in samples:
        one, two = sample + factor * one - two, one
    return (one * one + two * two - factor * one * two) * 2 / len(samples) / max(1, sum(s * s for s in samples))


def linear_of(code):
    """PCMU's sample of 8 bits as one of 16 (G.711)"""
    code = ~code & 255
    size = (((code & 15) << 3) + 132) << ((code & 112) >> 4)
    return 132 - size if code & 128 else size - 132


def of_file(name):
    with open(name, "rb") as file:
        head = file.read(HEAD)
        if len(head) < HEAD:
            return 8000, []
        channels, rate = struct.unpack_from("<HI", head, 22)
        begin = file.seek(0, os.SEEK_END)
        begin -= (begin - HEAD) % (2 * channels)
        want = rate // 2 * 2 * channels
        end = time.monotonic() + 1
        while os.fstat(file.fileno()).st_size < begin + want:
            if time.monotonic() > end:
                return rate, []
            time.sleep(0.02)
        file.seek(begin)
        return rate, [s[0] for s in struct.iter_unpack("<h", file.read(want))][::channels]


def of_wire():
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    samples, end = [], time.monotonic() + 1
    while len(samples) < 4000:
        sock.settimeout(max(0.001, end - time.monotonic()))
        try:
            data, where = sock.recvfrom(2048)
        except TimeoutError:
            return 8000, []
        if where[2] != socket.PACKET_HOST or data[9] != socket.IPPROTO_UDP:
            continue
        rtp = data[(data[0] & 15) * 4 + 8:]
        if len(rtp) == 172 and rtp[0] == 0x80 and rtp[1] & 127 == 0:
            samples += map(linear_of, rtp[12:])
    return 8000, samples


def main(name, *tones):
    rate, samples = of_wire() if name == "wire" else of_file(name)
    if sum(s * s for s in samples) < 100 * 100 * len(samples) or not samples:
        return 0
    best = max(tones, key=lambda hz: strength(samples, rate, float(hz)))
    return best if strength(samples, rate, float(best)) > 0.5 else 0


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
