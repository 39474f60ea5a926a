#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sink.py ADDRESS PORT - prints the first INVITE that arrives there, and answers nothing
import socket
import sys

sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sink.bind((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
text = ""
while not text.startswith("INVITE "):
    text = sink.recv(65535).decode(errors="replace")
print(text)
