#!/usr/bin/env python3
"""Feature frames from MLBot's Redis bus, by docs/reference/bus.md and the standard library alone.

    python3 examples/read_features.py 127.0.0.1:6379 BTCUSDT              # one JSON object a frame, for ever
    python3 examples/read_features.py state/redis/redis.sock BTCUSDT 10   # the oldest ten that are there
"""
import itertools, json, socket, struct, sys

SCHEMA = b"mlbot.record.3"  # the entry's only field; another name is another encoding
FORMAT, FRAME = 3, 3        # first two bytes of a record: version of the encoding, kind of the record


def answer(stream):
    """One value of Redis' protocol (RESP2)."""
    line = stream.readline()[:-2]
    kind, rest = line[:1], line[1:]
    if kind == b"-":
        raise RuntimeError(rest.decode())
    if kind not in b"$*" or int(rest) < 0:
        return int(rest) if kind == b":" else None
    return stream.read(int(rest) + 2)[:-2] if kind == b"$" else [answer(stream) for _ in range(int(rest))]


def frame(data):
    left = iter(data)

    def varint():  # also reads what is a single byte below 128
        byte = next(left)
        return byte if byte < 128 else byte & 127 | varint() << 7

    zigzag = lambda: (lambda v: v >> 1 ^ -(v & 1))(varint())
    f64 = lambda count: struct.unpack(f"<{count}d", bytes(itertools.islice(left, 8 * count)))
    signed = lambda *names: {name: zigzag() for name in names}
    assert (varint(), varint()) == (FORMAT, FRAME), "no feature frame of this version"
    out = {"symbol_id": varint(), "number": varint(), "cause": varint()} | signed("at_ns") | {"triggers": varint()}
    out["top"] = signed("bid_ticks", "ask_ticks", "bid_lots", "ask_lots") | {"synced": bool(varint())}
    depth = ("bid_lots", "ask_lots", "lowest_bid_ticks", "highest_ask_ticks", "minute_lots")
    out |= signed("book_at_ns") | {"activity": signed(*depth) | {"traded_5m": f64(1)[0]} | signed("book_period_ns")}
    values, bits = f64(142), [varint() for _ in range(3)]
    out["values"] = [value if bits[i // 64] >> i % 64 & 1 else None for i, value in enumerate(values)]
    return out | {"digest": f"{varint():016x}"}


def main(where, symbol, count=0):
    host, _, port = where.partition(":")
    connection = socket.socket(socket.AF_INET if port else socket.AF_UNIX)
    connection.connect((host, int(port)) if port else where)
    stream, key, last, left = connection.makefile("rb"), b"feat.{%s}" % symbol.encode(), b"0-0", int(count)
    while True:
        words = [b"XREAD", b"COUNT", b"100", b"BLOCK", b"1000", b"STREAMS", key, last]
        connection.sendall(b"*8\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        for last, (field, value) in [entry for _, entries in answer(stream) or [] for entry in entries]:
            assert field == SCHEMA, f"{key} {last} is of schema {field}, not {SCHEMA}"
            head = {"entry": last.decode(), "sequence": int.from_bytes(value[:8], "little")}
            print(json.dumps(head | frame(value[8:])), flush=True)
            if (left := left - 1) == 0:
                return


main(*sys.argv[1:]) if len(sys.argv) > 2 else sys.exit(__doc__)
