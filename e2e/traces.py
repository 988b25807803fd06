"""Traces of real processes, replayed against the transition tables of ``spec/``: ``replay(home)`` is all that a test calls."""

from __future__ import annotations

import pathlib
import subprocess
import sys

from world import ROOT, jdk


class TraceError(Exception):
    """A recorded trace contradicts the tables, or there is none; the message has one line for each contradiction."""


def replay(*homes: pathlib.Path, recorded: bool = True) -> str:
    """The authority's log, every journal and every instance's steps under each home, which may be in use.

    Returns in words what was replayed. With ``recorded``, ``TraceError`` if no instance recorded a step: only applications that
    call ``moves.to_stderr()`` do.
    """
    path = f"{ROOT}/simulation/target/quick/classes:{ROOT}/cli/target/quick/start/lib/*"
    command = [
        str(jdk() / "bin" / "java"),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "--enable-native-access=ALL-UNNAMED",
        f"-Dreseal.root={ROOT}",
    ]
    command += ["-cp", path, "dev.reseal.simulation.ReplayRun", *map(str, homes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise TraceError(f"{done.stdout}{done.stderr}")
    if recorded and "\nmoves 0 steps" in done.stdout:
        raise TraceError(
            f"{done.stdout}no instance under {homes[0]} recorded a step: does its application call moves.to_stderr()?"
        )
    return done.stdout


if __name__ == "__main__":
    try:
        print(replay(pathlib.Path(sys.argv[1]), recorded=False), end="")
    except TraceError as contradictions:
        sys.exit(str(contradictions))
