"""Sequential re-seals of a running service, timed phase by phase by the supervisor.

usage: rotations.py [--count N] [--entries N] [--bytes N]

Prints one line a phase (p50, p90, p99 in milliseconds), then what is ours: everything between QUIESCE and RESUME but the start of the
process (CREATE, which ends when the instance says who it is). The platform is EMULATED: the numbers say nothing about hardware.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))

from reseal import cbor
from service import GAP, NAME, PHASES, fill, machine, percentile, rotate, serving

INTENT = 0
FIRST = 2  # the number of PREFLIGHT


def intents(journal: bytes) -> int:
    """Synced entries of the newest operation while nothing served (protocol 9.2)."""
    found: list[tuple[bytes, str]] = []
    at = 0
    while size := int.from_bytes(journal[at : at + 4], "big"):
        entry = cbor.decode(journal[at + 8 : at + 8 + size])
        if entry[5] == INTENT and entry[4] >= FIRST:
            found.append((entry[3], PHASES[entry[4] - FIRST]))
        at += 8 + size
    return sum(operation == found[-1][0] and phase in GAP for operation, phase in found)


def sync_us(directory: pathlib.Path) -> float:
    """What one synced record of 300 bytes costs here, in a file that does not grow."""
    with (directory / "sync-probe").open("wb", buffering=0) as probe:
        probe.write(bytes(1 << 20))
        os.fsync(probe.fileno())
        times = []
        for place in range(200):
            begun = time.perf_counter()
            os.pwrite(probe.fileno(), bytes(300), place * 300)
            os.fdatasync(probe.fileno())
            times.append((time.perf_counter() - begun) * 1e6)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=300, help="re-seals")
    parser.add_argument("--warm", type=int, default=0, help="re-seals before them that are not counted")
    parser.add_argument("--entries", type=int, default=160)
    parser.add_argument("--bytes", type=int, default=65_536, help="of each entry")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rb") as home, serving(pathlib.Path(home)) as world:
        fill(world, given.entries, given.bytes)
        if given.warm:
            rotate(world, given.warm)
        times = rotate(world, given.count)
        lineage = pathlib.Path(home) / "lineages" / NAME
        synced, each_us = intents((lineage / "journal").read_bytes()), sync_us(lineage)
    size = given.entries * given.bytes / (1 << 20)
    print(f"{given.count} sequential re-seals, {given.entries} x {given.bytes} bytes = {size:.1f} MiB; {machine()}")
    print(f"{'phase':<10} {'p50 ms':>9} {'p90 ms':>9} {'p99 ms':>9}")
    for phase, values in times.items():
        middle = statistics.median(values)
        print(f"{phase:<10} {middle:9.1f} {percentile(values, 0.9):9.1f} {percentile(values, 0.99):9.1f}")
    share = synced * each_us / 1000 / statistics.median(times["gap"])
    print(f"journal: {synced} synced intents in the gap, {each_us:.0f} us each on this disk, {share:.1%} of the gap")


if __name__ == "__main__":
    main()
