"""The hostile host, through the command: the baseline falls, Reseal does not; and what it left behind is what the tables allow."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import tempfile
from collections.abc import Iterator

import pytest
import traces
from world import RESEAL, ROOT, remove


@pytest.fixture
def kept() -> Iterator[pathlib.Path]:
    """A short name, which sockets have in theirs; open, since another user is to fail at the program's own directories."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ra"))
    folder.chmod(0o755)
    yield folder
    remove(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="A23 looks into an instance, which only root may")
def test_every_attack_falls_on_the_baseline_and_is_refused_by_its_rule(kept: pathlib.Path) -> None:
    command = [str(RESEAL), "attack", "run", "all", "--json", "--keep", str(kept)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    print(run.stdout)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert [row["id"] for row in rows[:-1] if not row.get("ok", True)] == [], run.stdout
    assert run.returncode == 0, run.stderr
    assert rows[-1]["attacks"] + rows[-1]["absent"] == len(rows) - 1
    for home in (kept / "site", *(kept / "site").glob("host-*")):
        traces.replay(home)
    registers = sorted((kept / "registers").iterdir())
    replayed = traces.replay(*registers, recorded=False)
    assert len(registers) == replayed.count("log ") > 20, replayed


def test_an_attack_that_does_not_exist_is_said_to_be_unknown() -> None:
    run = subprocess.run([RESEAL, "attack", "run", "A99"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 2
    assert "A99" in run.stderr
