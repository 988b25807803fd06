"""Rates of the container layer in memory against raw AES-256-GCM plus raw SHA-256 over the same bytes.

    python bench/container.py [--mebibytes 256] [--rounds 5] [--one-thread]

Prints one JSON object; rates in MiB/s, medians over the rounds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pathlib
import platform
import statistics
import sys
import time
from collections.abc import Callable

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reseal import framing, rsc1
from reseal.sealing import Sealing, fresh
from reseal.segments import Streamed
from reseal.slots import StreamKeys
from reseal.unsealing import read_rounds

CORE = rsc1.Core(bytes(16), 1, bytes(16), 1, bytes(32), None, 1, bytes(32), bytes(32), bytes(32))


class Replay:
    """A container in memory as a stream."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._at = 0

    def readinto(self, target: memoryview) -> int:
        part = self._content[self._at : self._at + len(target)]
        target[: len(part)] = part
        self._at += len(part)
        return len(part)


def timed(work: Callable[[], object], rounds: int, size: int) -> float:
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        found.append(size / (time.perf_counter() - begun))
    return statistics.median(found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mebibytes", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one-thread", action="store_true", help="bind the process to one core")
    given = parser.parse_args()
    if given.one_thread:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})
    count = given.mebibytes
    segment = os.urandom(framing.SEGMENT)
    room = memoryview(bytearray(framing.SEGMENT + framing.TAG))

    def raw() -> None:
        cipher = AESGCM(bytes(32))
        for place in range(count):
            cipher.encrypt_into(place.to_bytes(12, "big"), segment, None, room)
        for _ in range(count):
            hashlib.sha256(room).digest()

    salt, dek = fresh()
    keys = StreamKeys(salt, dek)
    core = CORE._replace(salt=salt, pk_open=keys.pk_open).encode()

    def sealing() -> Sealing:
        return Sealing(core, b"\x80", keys)

    def seal() -> None:
        for _ in sealing().stream([(segment for _ in range(count))], lambda: (1, 1, 1)):
            pass

    kept = sealing()
    file = bytearray()
    for chunk in kept.stream([(segment for _ in range(count))], lambda: (1, 1, 1)):
        file += chunk
    if kept.body is None:
        raise SystemExit("the container was not finished")
    footer = kept.body.footer
    begun = 16 + len(core) + 1

    def restore() -> None:
        source = Replay(memoryview(file))
        source.readinto(memoryview(bytearray(begun)))
        read_rounds(Streamed(source), begun, core, footer, keys, lambda *_: None)

    rates = {
        "raw": timed(raw, given.rounds, count),
        "seal": timed(seal, given.rounds, count),
        "restore": timed(restore, given.rounds, count),
    }
    print(
        json.dumps(
            {
                "mib": count,
                "cores": len(os.sched_getaffinity(0)),
                "python": platform.python_version(),
                "rates_mib_s": {name: round(rate) for name, rate in rates.items()},
                "seal_to_raw": round(rates["seal"] / rates["raw"], 2),
                "restore_to_raw": round(rates["restore"] / rates["raw"], 2),
            }
        )
    )


if __name__ == "__main__":
    main()
