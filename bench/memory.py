"""Peak resident memory while a large state is re-sealed by real processes.  usage: memory.py [--mebibytes N] [--bytes N]

The kernel keeps the peaks (VmHWM). The application's is set against the state that it holds, before and after.
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile
import threading
import time

from service import NAME, fill, machine, running
from world import World, serving


def resident(pid: int, field: str) -> float:
    """MiB; 0 once the process is gone."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field + ":")), 0.0)


def served_by(world: World) -> int:
    """Pid of the instance."""
    return int(serving(world.json("status", NAME))["pid"])


class Peak:
    """The highest peak that a process is seen to have until it ends."""

    def __init__(self, pid: int) -> None:
        self.mib = 0.0
        self._pid = pid
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
        self._thread.start()

    def _watch(self) -> None:
        while not self._end.wait(0.02):
            self.mib = max(self.mib, resident(self._pid, "VmHWM"))

    def stop(self) -> float:
        self._end.set()
        self._thread.join()
        return max(self.mib, resident(self._pid, "VmHWM"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--bytes", type=int, default=65_536, help="of each entry")
    given = parser.parse_args()
    count = (given.mebibytes << 20) // given.bytes
    with (
        tempfile.TemporaryDirectory(prefix="mb") as home,
        running(pathlib.Path(home), state_max=2 * given.mebibytes << 20, large=True) as world,
    ):
        empty = served_by(world)
        bare = resident(empty, "VmRSS")
        fill(world, count, given.bytes)
        old = served_by(world)
        held = resident(old, "VmRSS")
        sealing, supervising = Peak(old), Peak(world.processes["supervisor"].pid)
        begun = time.monotonic()
        summary = world.json("rotate", NAME, within_s=600)
        took = time.monotonic() - begun
        fresh = served_by(world)
        restored = resident(fresh, "VmHWM")
        supervisor = supervising.stop()
        sealed = sealing.stop()
    phases = {each["phase"]: each["ms"] / 1000 for each in summary["phases"] if each["edge"] == "done"}
    print(f"one re-seal of {count} x {given.bytes} bytes = {given.mebibytes} MiB; {machine()}")
    print(f"supervisor, peak during seal and restore     {supervisor:8.1f} MiB")
    print(f"application without state                    {bare:8.1f} MiB")
    print(f"application with its state                   {held:8.1f} MiB")
    print(f"  peak while sealing, beyond that            {sealed - held:8.1f} MiB")
    print(f"successor, peak after the restore            {restored:8.1f} MiB")
    print(f"  beyond what its predecessor held           {restored - held:8.1f} MiB")
    print(f"  beyond the state itself                    {restored - given.mebibytes:8.1f} MiB")
    print(
        f"gap {summary['gap_ms'] / 1000:.2f} s (snapshot {phases['SNAPSHOT']:.2f}, restore {phases['RESTORE']:.2f}), all {took:.1f} s"
    )


if __name__ == "__main__":
    main()
