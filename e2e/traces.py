"""Traces of real processes, replayed against the transition tables of ``spec/``: ``replay(home)`` is all that a test calls."""

from __future__ import annotations

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


class TraceError(Exception):
    """A recorded trace contradicts the tables; the message has one line for each contradiction."""


def replay(home: pathlib.Path) -> str:
    """The authority's log and every journal under ``home``, which may be in use; returns in words what was replayed."""
    register = home / "authority" / "register.db"
    journals = sorted(home.glob("lineages/*/journal"))
    java = subprocess.check_output([str(ROOT / "build" / "jdk.sh")], text=True).strip() + "/bin/java"
    path = f"{ROOT}/simulation/target/quick/classes:{ROOT}/cli/target/quick/start/lib/*"
    command = [
        java,
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "--enable-native-access=ALL-UNNAMED",
        f"-Dreseal.root={ROOT}",
    ]
    command += ["-cp", path, "dev.reseal.simulation.ReplayRun", str(register), *map(str, journals)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise TraceError(f"{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    print(replay(pathlib.Path(sys.argv[1])), end="")
