#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# amplify.py TABLE ONE TWO - is the table of docs/nat.md, of bytes that go to the STUN service and
# come back, what a client measures?
#
# ONE: ADDRESS:PORT of a service with one address; TWO: of one with two. Each row of the table that
# is known here by its first column is measured; another row is an error.
import binascii
import re
import socket
import sys

COOKIE = b"\x21\x12\xa4\x42"


def attribute(kind, value):
    return kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def message(*attributes, old=False):
    body = b"".join(attributes)
    return b"\0\1" + len(body).to_bytes(2, "big") + (b"\x77\x77\x77\x77" if old else COOKIE) + b"transaction!" + body


def with_fingerprint():
    whole = message(attribute(0x8028, b"\0\0\0\0"))
    crc = binascii.crc32(whole[:-8]) ^ 0x5354554E
    return whole[:-4] + crc.to_bytes(4, "big")


change = attribute(3, b"\0\0\0\6")
ONE, TWO = 0, 1
REQUESTS = {
    "Binding": (ONE, message()),
    "with FINGERPRINT": (ONE, with_fingerprint()),
    "with two addresses": (TWO, message()),
    "the same, and CHANGE-REQUEST": (TWO, message(change)),
    "the same, and PADDING": (TWO, message(attribute(0x26, bytes(500)))),
    "RFC 3489": (ONE, message(old=True)),
    "the same, and CHANGE-REQUEST ": (ONE, message(attribute(3, b"\0\0\0\2"), old=True)),
    "attribute that must be understood, and is not": (ONE, message(attribute(0x7FFF, b""))),
    "malformed attribute": (ONE, message(attribute(3, b""))),
}


def rows_of(path):
    """First column, bytes, bytes, times; the name of a row that comes twice gets a space."""
    seen = set()
    text = open(path, encoding="utf-8").read()
    table = text[text.index("| request | bytes |"):].split("\n\n")[0]
    for line in table.splitlines()[2:]:
        name, sent, _, got, times = (cell.strip() for cell in line.strip("|").split("|"))
        yield name + " " * (name in seen), sent, got, times
        seen.add(name)


def ask(request, to):
    # Not connected: the answer to CHANGE-REQUEST comes from another socket.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for wait in (1, 2, 4, 8):
            client.settimeout(wait)
            client.sendto(request, to)
            try:
                return client.recv(2048)
            except socket.timeout:
                pass
    sys.exit(f"no answer to {request.hex()}")


def main(path, *services):
    wrong = 0
    measured = set()
    for name, sent, got, times in rows_of(path):
        host, port = services[REQUESTS[name][0]].split(":")
        request = REQUESTS[name][1]
        reply = ask(request, (host, int(port)))
        factor = len(reply) / len(request)
        fits = sent in ("n", str(len(request))) and got in ("n", str(len(reply))) and abs(factor - float(times)) < 0.006
        print(f"{name.strip():46} {len(request):4} {len(reply):4} {factor:5.2f}", "" if fits else f"not {sent} {got} {times}")
        wrong += not fits
        measured.add(name)
    missing = REQUESTS.keys() - measured
    if missing:
        sys.exit(f"not in the table: {missing}")
    sys.exit(1 if wrong else 0)


main(*sys.argv[1:])
