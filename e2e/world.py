"""A whole Reseal on one machine: authority, platform, supervisor and application as real processes, driven through ``./reseal``.

Used by the demo and by the end-to-end tests. It knows how to start, stop and kill; it takes no decision for them.
"""

from __future__ import annotations

import functools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
RESEAL = ROOT / "reseal"


@functools.cache
def jdk() -> pathlib.Path:
    """The one that ``./reseal`` runs on."""
    return pathlib.Path(subprocess.check_output([str(ROOT / "build" / "jdk.sh")], text=True).strip())


def remove(home: pathlib.Path) -> None:
    """Deletes a home whose processes have ended; the platform seals its copies of images, against their owner too."""
    for folder, _, _ in os.walk(home):
        os.chmod(folder, 0o700)
    shutil.rmtree(home)


class WorldError(RuntimeError):
    """A process did not do what was asked of it; the text says what was asked and what it printed."""


class Patience:
    """A bound on waiting. Time in which this process itself was stopped does not count: then so was what it waits for."""

    STOPPED_S = 5.0

    def __init__(self, within_s: float) -> None:
        self._seen = time.monotonic()
        self._deadline = self._seen + within_s

    def over(self) -> bool:
        """Asked at least every few seconds."""
        now = time.monotonic()
        if now - self._seen > self.STOPPED_S:
            self._deadline += now - self._seen
        self._seen = now
        return now > self._deadline


class Process:
    """A started program whose output goes to a file."""

    def __init__(self, name: str, command: list[str], log: pathlib.Path, cwd: pathlib.Path = ROOT) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as out:
            self._start = out.tell()
            self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd)

    @property
    def pid(self) -> int:
        return self.popen.pid

    def output(self) -> str:
        """What it has printed since it was started."""
        with self.log.open("rb") as text:
            text.seek(self._start)
            return text.read().decode(errors="replace")

    def alive(self) -> bool:
        return self.popen.poll() is None

    def await_line(self, word: str, within_s: float = 120.0) -> str:
        """The first line that contains ``word``; ``WorldError`` when the process ends or time is up before."""
        patience = Patience(within_s)
        while True:
            for line in self.output().splitlines():
                if word in line:
                    return line
            if not self.alive() or patience.over():
                state = "still runs" if self.alive() else f"ended with {self.popen.returncode}"
                raise WorldError(f"{self.name} {state} without printing {word!r}; it printed:\n{self.output()[-4000:]}")
            time.sleep(0.02)

    def stop(self, within_s: float = 10.0) -> int:
        """SIGTERM, then SIGKILL; the exit code."""
        if self.alive():
            self.popen.terminate()
            try:
                self.popen.wait(within_s)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.popen.wait()

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self.alive():
            self.popen.send_signal(signal.SIGKILL)
            self.popen.wait()


def wait_for(what: str, holds: Callable[[], bool], within_s: float = 20.0) -> None:
    """Polls until ``holds()``; ``WorldError`` after the bound."""
    patience = Patience(within_s)
    while not holds():
        if patience.over():
            raise WorldError(f"{what}: not within {within_s} s")
        time.sleep(0.02)


class World:
    """The four processes under one home directory."""

    def __init__(self, home: pathlib.Path) -> None:
        self.home = home
        self.logs = home / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.processes: dict[str, Process] = {}

    def cli(self, *words: str, check: bool = True, within_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Runs one ``reseal`` verb to its end; with ``check``, ``WorldError`` unless it exits with 0."""
        command = self._command(words)
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, cwd=ROOT)
        out, err = self._end(process, within_s)
        done = subprocess.CompletedProcess(command, process.returncode, out, err)
        if check and done.returncode != 0:
            raise WorldError(f"reseal {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    @staticmethod
    def _end(process: subprocess.Popen[str], within_s: float) -> tuple[str, str]:
        patience = Patience(within_s)
        while True:
            try:
                return process.communicate(timeout=1.0)
            except subprocess.TimeoutExpired:
                if patience.over():
                    process.kill()
                    process.communicate()
                    raise subprocess.TimeoutExpired(process.args, within_s) from None

    def _command(self, words: tuple[str, ...]) -> list[str]:
        """What follows ``--`` is the application's."""
        cut = words.index("--") if "--" in words else len(words)
        return [str(RESEAL), *words[:cut], "--home", str(self.home), *words[cut:]]

    def json(self, *words: str, within_s: float = 120.0) -> Any:
        """The last JSON line that a verb prints."""
        return _last(self.cli(*words, "--json", within_s=within_s))

    def told(self, *words: str) -> tuple[int, Any]:
        """Exit code and last JSON line of a verb, whatever comes of it."""
        done = self.cli(*words, "--json", check=False)
        return done.returncode, _last(done)

    def begin(self) -> None:
        """An authority and a platform, both running."""
        for role in ("authority", "platform"):
            self.cli(role, "init")
        for role in ("authority", "platform"):
            self.start(role, role, "start", ready="ready")

    def start(self, name: str, *words: str, ready: str, within_s: float = 120.0, cwd: pathlib.Path = ROOT) -> Process:
        """Starts a long-running verb and waits for its line that contains ``ready``."""
        process = self.launch(name, *words, cwd=cwd)
        process.await_line(ready, within_s)
        return process

    def launch(self, name: str, *words: str, cwd: pathlib.Path = ROOT) -> Process:
        """Starts a long-running verb."""
        process = self.processes[name] = Process(name, self._command(words), self.logs / f"{name}.log", cwd)
        return process

    def close(self) -> None:
        """Stops everything, supervisor first."""
        for name in ("supervisor", "platform", "authority"):
            if name in self.processes:
                self.processes.pop(name).stop()
        for process in self.processes.values():
            process.stop()
        self.processes.clear()

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _last(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout.strip().splitlines()[-1])


def serving(status: Any) -> Any:
    """The one instance that serves, as its supervisor lists it."""
    (found,) = [each for each in status["supervisor"]["instances"] if each["state"] == "SERVING"]
    return found


def instance_pids(home: pathlib.Path) -> list[int]:
    """Processes that run the boot stub of an image below a home directory."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_text().split("\0")
            except (OSError, UnicodeDecodeError):
                continue
            if any(word.startswith(str(home)) and word.endswith("/reseal/boot.py") for word in words):
                found.append(int(entry.name))
    return sorted(found)
