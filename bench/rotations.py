"""Sequential re-seals of a running service, timed phase by phase by the supervisor.

usage: rotations.py [--count N] [--entries N] [--bytes N]

Prints one line a phase (p50, p90, p99 in milliseconds), then what is ours: everything between QUIESCE and RESUME but the start of the
process (CREATE, which ends when the instance says who it is). The platform is EMULATED: the numbers say nothing about hardware.
"""

from __future__ import annotations

import argparse
import pathlib
import statistics
import tempfile

from service import NAME, fill, intents, machine, percentile, rotate, running, sync_us


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=300, help="re-seals")
    parser.add_argument("--warm", type=int, default=0, help="re-seals before them that are not counted")
    parser.add_argument("--entries", type=int, default=160)
    parser.add_argument("--bytes", type=int, default=65_536, help="of each entry")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rb") as home, running(pathlib.Path(home)) as world:
        fill(world, given.entries, given.bytes)
        if given.warm:
            rotate(world, given.warm)
        times = rotate(world, given.count)
        lineage = pathlib.Path(home) / "lineages" / NAME
        synced, each_us = intents(lineage / "journal"), sync_us(lineage)
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
