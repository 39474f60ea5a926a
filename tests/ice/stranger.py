#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
stranger.py - somebody who attacks a call with ICE and DTLS-SRTP, as root

  stranger.py record FILE ADDRESS:PORT TYPES
        writes what comes to this place of the relay, until each of these types was there, for 20
        seconds at most: stun (a check and an answer), rtp (50 packets), rtcp
  stranger.py attack KIND[,KIND...] ADDRESS:PORT PACKETS KEY=VALUE...
        sends so many packets of these kinds in turn, and prints stun=N and other=N: what came to
        its socket

KINDS: check, with a wrong password; swapped, the same with both ufrags in the wrong order; consent, answers that nobody has signed, or with it; refuse,
errors that nobody has signed; rtp, plain; srtp, of the phone's SSRC, not authentic, and SRTCP;
replay, the media that was recorded; stun, the STUN that was recorded; alert, hello and finish, of
DTLS without keys; damaged, records of DTLS that cannot be decrypted.

KEYS: ufrag and friend, of the relay and of the phone; record, a FILE; from=ADDRESS:PORT, a place
that is not its own; rate, packets a second, 500 by default.
"""
import os
import random
import select
import socket
import struct
import sys
import time

CATCH_UP_S = 0.05  # at most, when it could not send in time


def kind_of(data):
    """RFC 7983"""
    if not data or data[0] < 4:
        return "stun"
    if data[0] < 64:
        return "dtls"
    return "rtcp" if len(data) > 1 and 192 <= data[1] <= 223 else "rtp"


# --- Recording ------------------------------------------------------------------------------------


def is_enough(found, kinds):
    stun = [packet[0] for packet in found["stun"]]
    there = {"stun": 0 in stun and 1 in stun, "rtp": len(found["rtp"]) > 50, "rtcp": found["rtcp"]}
    return all(there[kind] for kind in kinds)


def record(name, place, types):
    """Packets with two bytes of length, in the order of their kinds"""
    address, port = place.rsplit(":", 1)
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    want = socket.inet_aton(address), int(port)
    found = {"stun": [], "dtls": [], "rtp": [], "rtcp": []}
    kinds, end = types.split(","), time.monotonic() + 20
    while not is_enough(found, kinds):
        if time.monotonic() > end:
            sys.exit("not all came: " + " ".join(f"{kind}={len(all_)}" for kind, all_ in found.items()))
        if not select.select([ear], [], [], 0.1)[0]:
            continue
        data, where = ear.recvfrom(4096)
        udp = (data[0] & 15) * 4
        if where[2] == socket.PACKET_HOST and data[9] == socket.IPPROTO_UDP and \
                (data[16:20], struct.unpack_from("!H", data, udp + 2)[0]) == want:
            found[kind_of(data[udp + 8:])].append(data[udp + 8:])
    with open(name, "wb") as out:
        for packets in found.values():
            for packet in packets:
                out.write(struct.pack("!H", len(packet)) + packet)


def recorded(name, *kinds):
    with open(name, "rb") as file:
        data = file.read()
    found = []
    while data:
        size = struct.unpack_from("!H", data)[0]
        if kind_of(data[2:2 + size]) in kinds:
            found.append(data[2:2 + size])
        data = data[2 + size:]
    return found


# --- Packets --------------------------------------------------------------------------------------


def stun(method, attributes, sign=True):
    from aioice import stun as ice

    message = ice.Message(ice.Method.BINDING, method)
    message.attributes.update(attributes)
    if sign:
        message.add_message_integrity(b"a wrong password of 22 bytes")  # and a fingerprint
    return bytes(message)


def check_for(receiver, sender):
    from aioice import stun as ice

    return stun(ice.Class.REQUEST, {"USERNAME": f"{receiver}:{sender}", "PRIORITY": 1845501695,
                                    "ICE-CONTROLLING": 1, "USE-CANDIDATE": None})


def check(options, number):
    return check_for(options["ufrag"], options["friend"])


def swapped(options, number):
    return check_for(options["friend"], options["ufrag"])


def consent(options, number):
    from aioice import stun as ice

    return stun(ice.Class.RESPONSE, {"XOR-MAPPED-ADDRESS": ("198.51.100.20", 30000)}, number % 2)


def refuse(options, number):
    from aioice import stun as ice

    return stun(ice.Class.ERROR, {"ERROR-CODE": ((403, "Forbidden"), (487, "Role Conflict"))[number % 2]}, False)


def rtp(options, number):
    return struct.pack("!BBHII", 0x80, 0, number & 65535, number * 160, 77) + b"stranger" + b"\xd5" * 152


def srtp(options, number):
    """Next to the phone's last packet, before and behind it; each fifth one is SRTCP"""
    like = options["media"][-1]
    if number % 5 == 4:
        return bytes([0x80, 200, 0, 6]) + like[8:12] + os.urandom(20) + struct.pack("!I", 1 << 31 | number) + os.urandom(10)
    seq = struct.unpack_from("!H", like, 2)[0] + number % 200 - 50 & 65535
    return like[:2] + struct.pack("!H", seq) + like[4:12] + os.urandom(len(like) - 12)


def replay(options, number):
    return options["media"][number % len(options["media"])]


def replay_stun(options, number):
    return options["stun"][number % len(options["stun"])]


def dtls(kind, epoch, number, body):
    return struct.pack("!BHHHIH", kind, 0xFEFD, epoch, 0, number, len(body)) + body


def alert(options, number):
    """Fatal: a handshake has failed; a warning: it is closed. Without encryption"""
    return dtls(21, 0, number, (b"\x02\x28", b"\x01\x00")[number % 2])


def hello(options, number):
    suites, groups = b"\xc0\x2b\xc0\x2f", b"\x00\x17"
    more = b"\x00\x0a\x00\x04\x00\x02" + groups + b"\x00\x0d\x00\x04\x00\x02\x04\x03" + b"\x00\x0e\x00\x05\x00\x02\x00\x01\x00"
    body = b"\xfe\xfd" + os.urandom(32) + b"\0\0" + struct.pack("!H", len(suites)) + suites + b"\1\0" + struct.pack("!H", len(more)) + more
    head = bytes([1]) + struct.pack("!I", len(body))[1:] + b"\0\0" + b"\0\0\0" + struct.pack("!I", len(body))[1:]
    return dtls(22, 0, number, head + body)


def finish(options, number):
    """ChangeCipherSpec, ServerHelloDone: out of turn, without encryption"""
    return (dtls(20, 0, number, b"\1"), dtls(22, 0, number, b"\x0e\0\0\0\0\5\0\0\0\0\0\0"))[number % 2]


def damaged(options, number):
    return dtls((21, 22, 23)[number % 3], 1, number, os.urandom(40))


KINDS = {"check": check, "swapped": swapped, "consent": consent, "refuse": refuse, "rtp": rtp, "srtp": srtp, "replay": replay,
         "stun": replay_stun, "alert": alert, "hello": hello, "finish": finish, "damaged": damaged}

# --- Sending --------------------------------------------------------------------------------------


def sender(place):
    """Own socket; or one that sends from a place of somebody else"""
    if not place:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        return sock, sock.sendto
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    address, port = place.rsplit(":", 1)

    def send(data, to):
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(data), 0, 0x4000, 64, 17, 0,
                           socket.inet_aton(address), socket.inet_aton(to[0]))
        raw.sendto(head + struct.pack("!HHHH", int(port), to[1], 8 + len(data), 0) + data, (to[0], 0))

    return None, send


def attack(kinds, place, packets, *words):
    options = dict(word.split("=", 1) for word in words)
    if "record" in options:
        options["media"] = recorded(options["record"], "rtp")[-50:] + recorded(options["record"], "rtcp")
        options["media"].sort(key=kind_of)  # a packet of RTP is the last one
        options["stun"] = recorded(options["record"], "stun")
    sock, send = sender(options.get("from"))
    address, port = place.rsplit(":", 1)
    names, came, first = kinds.split(","), {"stun": 0, "other": 0}, random.randrange(1000)
    due = time.monotonic()
    for number in range(int(packets)):
        send(KINDS[names[number % len(names)]](options, first + number // len(names)), (address, int(port)))
        due = max(due + 1 / float(options.get("rate", 500)), time.monotonic() - CATCH_UP_S)
        while select.select([sock] if sock else [], [], [], max(0, due - time.monotonic()))[0]:
            came["stun" if kind_of(sock.recv(4096)) == "stun" else "other"] += 1
    print(f"stun={came['stun']} other={came['other']}")


if __name__ == "__main__":
    {"record": record, "attack": attack}[sys.argv[1]](*sys.argv[2:])
