"""The hostile host, through the command: the baseline falls, Reseal does not."""

import json
import subprocess

from world import RESEAL, ROOT


def test_every_attack_falls_on_the_baseline_and_is_refused_by_its_rule() -> None:
    run = subprocess.run(
        [RESEAL, "attack", "run", "all", "--json"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert [row["id"] for row in rows[:-1] if not row.get("ok", True)] == [], run.stdout
    assert run.returncode == 0, run.stderr
    assert rows[-1]["attacks"] + rows[-1]["absent"] == len(rows) - 1


def test_an_attack_that_does_not_exist_is_said_to_be_unknown() -> None:
    run = subprocess.run([RESEAL, "attack", "run", "A99"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 2
    assert "A99" in run.stderr
