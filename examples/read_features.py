#!/usr/bin/env python3
"""Reads feature frames from MLBot's Redis bus: standard library only, docs/reference/bus.md in 60 lines.

    python3 examples/read_features.py 127.0.0.1 6379 BTCUSDT          # one JSON object a frame, for ever
    python3 examples/read_features.py 127.0.0.1 6379 BTCUSDT 10       # the oldest ten that are there
"""
import json
import socket
import struct
import sys

SCHEMA = b"mlbot.record.3"  # the entry's only field; another name is another encoding
FORMAT, FRAME = 3, 3        # first two bytes of a record: version of the encoding, kind of the record


def answer(stream):
    """One value of Redis' protocol (RESP2)."""
    line = stream.readline()[:-2]
    kind, rest = line[:1], line[1:]
    if kind == b"$":
        return None if int(rest) < 0 else stream.read(int(rest) + 2)[:-2]
    if kind == b"*":
        return None if int(rest) < 0 else [answer(stream) for _ in range(int(rest))]
    if kind == b"-":
        raise RuntimeError(rest.decode())
    return int(rest) if kind == b":" else rest


def ask(connection, stream, *words):
    parts = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    connection.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
    return answer(stream)


class Record:
    def __init__(self, data):
        self.data, self.at = data, 0

    def u8(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while (byte := self.u8()) >= 0x80:
            value, shift = value | (byte & 0x7F) << shift, shift + 7
        return value | byte << shift

    def zigzag(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def f64(self):
        self.at += 8
        return struct.unpack_from("<d", self.data, self.at - 8)[0]


def frame(data):
    r = Record(data)
    if (r.u8(), r.u8()) != (FORMAT, FRAME):
        raise ValueError("no feature frame of this version")
    out = {"symbol_id": r.varint(), "number": r.varint(), "cause": r.varint(), "at_ns": r.zigzag(), "triggers": r.u8()}
    out["top"] = dict(zip(("bid_ticks", "ask_ticks", "bid_lots", "ask_lots"), (r.zigzag() for _ in range(4))))
    out["top"]["synced"], out["book_at_ns"] = bool(r.u8()), r.zigzag()
    depth = ("bid_lots", "ask_lots", "lowest_bid_ticks", "highest_ask_ticks", "minute_lots")
    out["activity"] = dict(zip(depth, (r.zigzag() for _ in range(5)))) | {"traded_5m": r.f64(), "book_period_ns": r.zigzag()}
    values, bits = [r.f64() for _ in range(142)], [r.varint() for _ in range(3)]
    out["values"] = [v if bits[i // 64] >> i % 64 & 1 else None for i, v in enumerate(values)]
    return out | {"digest": f"{r.varint():016x}"}


def main(host, port, symbol, count=0):
    connection = socket.create_connection((host, int(port)))
    stream, key, last, left = connection.makefile("rb"), f"feat.{{{symbol}}}", "0-0", int(count)
    while True:
        for _, entries in ask(connection, stream, "XREAD", "COUNT", 100, "BLOCK", 1000, "STREAMS", key, last) or []:
            for entry, (field, value) in entries:
                if field != SCHEMA:
                    raise ValueError(f"{key} {entry.decode()} is of schema {field.decode()}, not {SCHEMA.decode()}")
                last = entry.decode()
                print(json.dumps({"entry": last, "sequence": struct.unpack_from("<Q", value)[0]} | frame(value[8:])))
                left -= 1
                if left == 0:
                    return


if __name__ == "__main__":
    main(*sys.argv[1:])
