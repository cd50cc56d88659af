#!/usr/bin/env python3
"""Sits on the bus between a processor and its TPM: passes what it sees, or does what the file `mode`
says to the commands of one kind, and notes each fault that it made in the file `fired`.

usage: processor_tpm_proxy.py LISTEN TPM MODE FIRED

  pass                nothing
  answer CC HEX       an answer of this code to command CC (hexadecimal), which the TPM never sees
  lose CC             the TPM does CC, and nobody hears of it: the line is cut
  flip CC N           inverts a bit of byte N, from the end when negative, in answers to CC
  change CC N         the same in the command
  keep CC             notes the answer to CC for
  repeat CC           which is given again, to a new command
  strip CC            the answer without its session, as if none had been asked for
  after N             the line is cut for good before command N (from 1), counted from here on
"""
import os
import socket
import struct
import sys

SESSIONS, NO_SESSIONS = 0x8002, 0x8001


class Bus:
    def __init__(self, tpm, mode_path, fired_path):
        self.tpm, self.mode_path, self.fired_path = tpm, mode_path, fired_path
        self.kept, self.count, self.mode_text = b"", 0, ""

    def mode(self):
        with open(self.mode_path) as file:
            text = file.read()
        if text != self.mode_text:
            self.mode_text, self.count = text, 0
        self.count += 1
        return text.split()

    def fire(self, what):
        with open(self.fired_path, "a") as file:
            print(what, file=file)

    def ask(self, line, command):
        line.sendall(command)
        return message(line)

    def serve(self, line, command):
        """The answer to a command; None cuts the line."""
        kind, *rest = self.mode()
        code = struct.unpack(">I", command[6:10])[0]
        if kind == "after":
            if self.count >= int(rest[0]):
                self.fire(f"after {self.count}")
                return None
            return self.ask(line, command)
        if kind == "pass" or code != int(rest[0], 16):
            return self.ask(line, command)
        return getattr(self, kind)(line, command, *rest[1:])

    def answer(self, line, command, answer):
        self.fire("answer")
        return struct.pack(">HII", NO_SESSIONS, 10, int(answer, 16))

    def lose(self, line, command):
        self.ask(line, command)
        self.fire("lose")
        with open(self.mode_path, "w") as file:
            file.write("pass")
        return None

    def flip(self, line, command, place):
        answer = bytearray(self.ask(line, command))
        answer[int(place)] ^= 1
        self.fire("flip")
        return bytes(answer)

    def change(self, line, command, place):
        changed = bytearray(command)
        changed[int(place)] ^= 1
        self.fire("change")
        return self.ask(line, bytes(changed))

    def keep(self, line, command):
        self.kept = self.ask(line, command)
        self.fire("keep")
        return self.kept

    def repeat(self, line, command):
        self.fire("repeat")
        return self.kept

    def strip(self, line, command):
        answer = self.ask(line, command)
        size = struct.unpack(">I", answer[10:14])[0]
        data = answer[14:14 + size]
        self.fire("strip")
        return struct.pack(">HII", NO_SESSIONS, 10 + len(data), 0) + data


def message(line):
    data = b""
    while len(data) < 10 or len(data) < struct.unpack(">I", data[2:6])[0]:
        part = line.recv(4096)
        if not part:
            raise ConnectionError
        data += part
    return data


def main():
    listen, tpm, mode_path, fired_path = sys.argv[1:]
    bus = Bus(tpm, mode_path, fired_path)
    if os.path.exists(listen):
        os.unlink(listen)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(listen)
    listener.listen()
    while True:
        client, _ = listener.accept()
        with client, socket.socket(socket.AF_UNIX) as line:
            try:
                line.connect(tpm)
                while True:
                    answer = bus.serve(line, message(client))
                    if answer is None:
                        break
                    client.sendall(answer)
            except OSError:
                pass


main()
