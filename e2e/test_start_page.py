"""docs/start.md does what it says, as it is written; only where things lie is another place."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import subprocess
import tempfile

from world import ROOT, remove, wait_for

PAGE = (ROOT / "docs" / "start.md").read_text()


def test_the_page_that_everybody_starts_with_is_true() -> None:
    home = pathlib.Path(tempfile.mkdtemp(prefix="rs"))
    app, ask = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (home / "tally").mkdir()
    (home / "tally" / "app.py").write_text(app)
    (home / "ask.py").write_text(ask)
    env = os.environ | {"RESEAL_HOME": str(home / ".reseal")}
    lines = re.findall(r"^    (.*)$", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL), re.MULTILINE)
    with contextlib.ExitStack() as ends:
        ends.callback(remove, home)
        for number, line in enumerate(lines):
            if line.startswith("$ "):
                said = run(line[2:], home, env, ends)
                follows = lines[number + 1] if number + 1 < len(lines) else "$ "
                assert follows.startswith("$ ") or said.strip() == follows, (line, said)
    assert sum(line.startswith("200 ") for line in lines) == 2


def run(line: str, home: pathlib.Path, env: dict[str, str], ends: contextlib.ExitStack) -> str:
    """What a line of the page prints; one that goes to the background is waited for and ended with the test."""
    command = re.sub(r"(?<![\w/])(\./reseal|\.venv/bin/python|PYTHONPATH=python)", rf"{ROOT}/\1", line)
    command = command.replace(f"{ROOT}/PYTHONPATH=", f"PYTHONPATH={ROOT}/")
    if not command.endswith("&"):
        done = subprocess.run(command, shell=True, cwd=home, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        return done.stdout
    log = home / f"{len(list(home.iterdir()))}.log"
    with log.open("w") as out:
        process = subprocess.Popen(f"exec {command[:-1]}", shell=True, cwd=home, env=env, stdout=out, stderr=out)
    ends.callback(process.wait)
    ends.callback(process.terminate)
    wait_for(f"{line} to be ready", lambda: re.search("ready|serving", log.read_text()) is not None, 120)
    return ""
