"""The demo must be able to fail: a service that breaks its promise at the re-seal is found by the clients."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import sys
from typing import Any

DEMO = pathlib.Path(__file__).resolve().parents[1]
SAID = {
    *(
        "requests",
        "failed",
        "retried",
        "acknowledged",
        "lost",
        "beyond_rpo",
        "epoch",
        "key_generation",
        "mrenclave_equal",
    ),
    *("longest_gap_ms", "takeover_wait_ms", "recovery_ms", "platform", "proof"),
}
"""What the object holds, also of a run that failed."""

CUSTOMERS = DEMO.parent / "python" / "examples" / "customers" / "app.py"


def run(sabotage: str, directory: pathlib.Path) -> tuple[int, str, Any]:
    """Exit code, output and last object of the demo over a sabotaged customers service."""
    shutil.copytree(DEMO / "tests" / "sabotage" / sabotage, directory / "app")
    shutil.copy(CUSTOMERS, directory / "app" / "customers.py")
    command = [sys.executable, str(DEMO / "run.py"), "--app", str(directory / "app"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert not done.stderr, done.stderr
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert set(result) == SAID
    return done.returncode, done.stdout, result


def test_a_record_dropped_at_the_snapshot_is_named_as_lost(tmp_path: pathlib.Path) -> None:
    code, said, result = run("forgets", tmp_path)
    assert code == 1
    assert result["lost"] > 0
    assert re.search(
        r"FAILED: \d+ acknowledged updates lost in the re-seal: .*c\d-\d{5}: acknowledged \d+, found None", said
    )


def test_requests_that_a_skipped_drain_fails_are_counted_and_shown(tmp_path: pathlib.Path) -> None:
    code, said, result = run("skips_drain", tmp_path)
    assert code == 1
    assert result["failed"] > 0
    assert re.search(r"FAILED: \d+ requests failed during the re-seal: .*status 500", said)
