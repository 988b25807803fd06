"""Sequential re-seals of a running service, timed phase by phase by the supervisor.  usage: rotations.py [--count N] [--entries N] [--bytes N]

Prints one line a phase (p50, p90, p99 in milliseconds), then what is ours: everything between QUIESCE and RESUME but the start of the
process (CREATE). The platform is EMULATED: the numbers say nothing about hardware.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "e2e"), str(ROOT / "python")]

from world import World  # noqa: E402

NAME = "bench"
PHASES = "PREFLIGHT PERMIT QUIESCE SNAPSHOT PERSIST DESTROY RECLAIM CREATE ATTEST PROVISION RESTORE COMMIT RESUME RETIRE".split()
GAP = PHASES[PHASES.index("QUIESCE") : PHASES.index("RESUME") + 1]
APP = """
import os
import reseal

app = reseal.App()
store = app.state("entries", of=bytes)
key = app.key("app")


def web(environ, start_response):
    count, size = (int(part) for part in environ["QUERY_STRING"].split(","))
    with store.transaction() as entries:
        for n in range(count):
            entries[f"{n:06d}"] = os.urandom(size)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(len(store)).encode()]


app.serve(web)
"""


def percentile(values: list[float], share: float) -> float:
    """The smallest value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, int(len(ordered) * share + 0.999999) - 1))]


def rotate(world: World, count: int) -> dict[str, list[float]]:
    """Milliseconds of every re-seal, phase by phase; the asking process stays, so its start is in no figure."""
    java = pathlib.Path(os.environ["JAVA_HOME"]) / "bin" / "java"
    classes = f"{ROOT / 'bench' / 'target' / 'quick' / 'lib'}/*"
    command = [str(java), "-Xmx128m", "-XX:+UseSerialGC", "-cp", classes, "dev.reseal.bench.Rotations"]
    asked = subprocess.run([*command, str(world.home), NAME, str(count)], stdout=subprocess.PIPE, text=True, check=True)
    times: dict[str, list[float]] = {phase: [] for phase in [*PHASES, "gap", "total", "ours"]}
    ours = 0.0
    for line in asked.stdout.splitlines():
        what, micros = line.split("\t")
        times[what].append(int(micros) / 1000)
        if what == "total":
            times["ours"].append(ours)
            ours = 0.0
        elif what in GAP and what != "CREATE":
            ours += int(micros) / 1000
    return times


def fill(world: World, lineage: dict[str, object], count: int, size: int) -> None:
    from reseal.client import EMULATED, AttestedClient, Memory, Policy
    from reseal.messages import FLAG_DEMO_POLICY

    allowed = lineage["allowed"]
    assert isinstance(allowed, list)
    policy = Policy.of(
        str(world.home / "public" / "authority.spki"),
        str(lineage["lineage"]),
        [allowed[0]["mrenclave"]],
        [EMULATED],
        accept_flags=FLAG_DEMO_POLICY,
        skew_ms=200,
    )
    port = world.json("status", NAME)["supervisor"]["public_port"]
    client = AttestedClient(f"https://127.0.0.1:{port}", policy, Memory(str(world.home / "seen")))
    response = client.put(f"/?{count},{size}", b"")
    if response.status != 200:
        raise SystemExit(f"filling answered {response.status}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=300, help="re-seals")
    parser.add_argument("--entries", type=int, default=160)
    parser.add_argument("--bytes", type=int, default=65_536, help="of each entry")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rb") as name, World(pathlib.Path(name)) as world:
        app = world.home / "app" / "app.py"
        app.parent.mkdir()
        app.write_text(APP)
        world.cli("authority", "init")
        world.cli("platform", "init")
        world.start("authority", "authority", "start", ready="ready", within_s=60)
        world.start("platform", "platform", "start", ready="ready", within_s=60)
        words = ["draft", "--lineage", NAME, "--purpose", "app", "--life-ms", "4000", "--skew-ms", "200", "--", sys.executable, str(app)]
        policy = world.home / "policy.json"
        policy.write_text(world.cli(*words).stdout)
        world.cli("authority", "policy", "apply", str(policy))
        world.start(
            "supervisor", "run", "--lineage", NAME, "--", sys.executable, str(app), ready="serving", within_s=60
        )
        fill(world, json.loads(policy.read_text())["lineages"][0], given.entries, given.bytes)
        times = rotate(world, given.count)
    size = given.entries * given.bytes / (1 << 20)
    print(
        f"{given.count} sequential re-seals, {given.entries} x {given.bytes} bytes = {size:.1f} MiB, platform EMULATED"
    )
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; load before {os.getloadavg()[0]:.1f}"
    )
    print(f"{'phase':<10} {'p50 ms':>9} {'p90 ms':>9} {'p99 ms':>9}")
    for phase, values in times.items():
        print(
            f"{phase:<10} {statistics.median(values):9.1f} {percentile(values, 0.9):9.1f} {percentile(values, 0.99):9.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
