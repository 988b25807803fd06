"""A running service for the benchmarks: real processes, an application that holds as many entries as it is told to."""

from __future__ import annotations

import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "e2e"), str(ROOT / "python")]

import relying  # noqa: E402
from journals import INTENT, Phase, entries  # noqa: E402
from reseal.client import AttestedClient, Memory  # noqa: E402
from world import World, jdk  # noqa: E402

NAME = "bench"
GAP = [phase for phase in Phase if Phase.QUIESCE <= phase <= Phase.RESUME]
OURS = [phase.name for phase in GAP if phase != Phase.CREATE]
"""CREATE is the start of a process, which ends when the instance says who it is."""

# PUT /?FROM,COUNT,SIZE fills; GET /?SIZE answers with so many bytes.
APP = """
import os
import reseal

app = reseal.App()
store = app.state("entries", of=bytes)
key = app.key("app")


def web(environ, start_response):
    numbers = [int(part) for part in environ["QUERY_STRING"].split(",")]
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    if environ["REQUEST_METHOD"] == "GET":
        return [bytes(numbers[0])]
    first, count, size = numbers
    with store.transaction() as entries:
        for n in range(first, first + count):
            entries[f"{n:06d}"] = os.urandom(size)
    return [str(len(store)).encode()]


app.serve(web)
"""


@contextmanager
def running(home: pathlib.Path, *, state_max: int = 256 << 20, large: bool = False) -> Iterator[World]:
    """Authority, platform, supervisor and application as separate processes; the lineage is ``NAME``.

    A ``large`` state is sealed only when it is re-sealed: filling it would otherwise wait for checkpoints.
    """
    with World(home) as world:
        app = home / "app" / "app.py"
        app.parent.mkdir()
        app.write_text(APP)
        world.begin()
        words = ["draft", "--lineage", NAME, "--purpose", "app", "--state-max", str(state_max)]
        words += ["--rpo-updates", "1000000"] if large else ["--life-ms", "4000", "--skew-ms", str(relying.SKEW_MS)]
        policy = home / "policy.json"
        policy.write_text(world.cli(*words, "--", sys.executable, str(app)).stdout)
        world.cli("authority", "policy", "apply", str(policy))
        words = ["run", "--lineage", NAME, "--checkpoint-ms", "0" if large else "1000", "--", sys.executable, str(app)]
        world.start("supervisor", *words, ready="serving", within_s=60)
        yield world


def client(world: World) -> AttestedClient:
    """A relying party of the service."""
    lineage = json.loads((world.home / "policy.json").read_text())["lineages"][0]
    spki = world.home / "public" / "authority.spki"
    policy = relying.policy(spki, lineage["lineage"], lineage["allowed"][0]["mrenclave"])
    port = world.json("status", NAME)["supervisor"]["public_port"]
    return AttestedClient(f"https://127.0.0.1:{port}", policy, Memory(str(world.home / "seen")))


def fill(world: World, count: int, size: int) -> None:
    """Entries of random bytes, in transactions of at most 16 MiB."""
    asking = client(world)
    step = max(1, (16 << 20) // size)
    for first in range(0, count, step):
        response = asking.put(f"/?{first},{min(step, count - first)},{size}", b"")
        if response.status != 200:
            raise SystemExit(f"filling answered {response.status}")


def rotate(world: World, count: int) -> dict[str, list[float]]:
    """Milliseconds of every re-seal, phase by phase; the asking process stays, so its start is in no figure.

    ``ours`` is everything between QUIESCE and RESUME but the start of the process (CREATE).
    """
    classes = f"{ROOT / 'bench' / 'target' / 'quick' / 'lib'}/*"
    command = [
        str(jdk() / "bin" / "java"),
        "-Xmx128m",
        "-XX:+UseSerialGC",
        "-cp",
        classes,
        "dev.reseal.bench.Rotations",
    ]
    asked = subprocess.run([*command, str(world.home), NAME, str(count)], stdout=subprocess.PIPE, text=True, check=True)
    times: dict[str, list[float]] = {what: [] for what in [*Phase.__members__, "gap", "total", "ours"]}
    ours = 0.0
    for line in asked.stdout.splitlines():
        what, micros = line.split("\t")
        times[what].append(int(micros) / 1000)
        if what == "total":
            times["ours"].append(ours)
            ours = 0.0
        elif what in OURS:
            ours += int(micros) / 1000
    return times


def intents(journal: pathlib.Path) -> int:
    """Synced entries of the newest operation while nothing served."""
    found = [each for each in entries(journal) if each.edge == INTENT and each.phase >= Phase.PREFLIGHT]
    return sum(each.op_id == found[-1].op_id and each.phase in GAP for each in found)


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


def percentile(values: list[float], share: float) -> float:
    """The smallest value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, int(len(ordered) * share + 0.999999) - 1))]


def machine() -> str:
    """What the numbers were measured on, as far as a program can say it."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; load {load:.1f}; platform EMULATED"
