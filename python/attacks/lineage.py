"""A second lineage of the site, whose application forks when it is asked to and lives by clocks that the host sets."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import signal
import sys
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import hygiene
from ending import Ending, refused, won
from processes import Place, place
from world import World, WorldError, serving, wait_for

from reseal.client import AttestedClient, Memory
from reseal.errors import Refused

NAME = "second"

_CLOCKS = """
import time

def _back():
    with open({clock!r}) as file:
        return float(file.read())

_wall, _wall_ns, _steady, _at_start = time.time, time.time_ns, time.monotonic, _back()
time.time = lambda: _wall() - _back()
time.time_ns = lambda: _wall_ns() - int(_back() * 1e9)
time.monotonic = lambda: _steady() - _at_start
"""

_FORKS = """
from reseal.errors import Refused

def rules_of_a_child():
    def child():
        for each in (
            lambda: notes.get("/a"),
            lambda: notes.__setitem__("/a", "of the child"),
            lambda: key.current(),
            lambda: app.quote(b"of the child"),
        ):
            try:
                each()
                yield "GIVEN"
            except Refused as refusal:
                yield refusal.rule

    here, there = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(there, " ".join(child()).encode())
        finally:
            os._exit(0)
    os.close(there)
    os.waitpid(pid, 0)
    with os.fdopen(here, "rb") as answer:
        return answer.read()

def web("""

_ASKED = """    path = environ["PATH_INFO"]
    if path == "/fork":
        start_response("200 OK", [])
        return [rules_of_a_child()]
"""


def source(clock: pathlib.Path) -> str:
    """The service of the tests. Its first lines stand for the host, who sets clocks without a line in the image."""
    app = hygiene.APP.replace("def web(", textwrap.dedent(_FORKS), 1)
    return _CLOCKS.format(clock=str(clock)) + app.replace('    path = environ["PATH_INFO"]\n', _ASKED, 1)


class Second:
    """The lineage, with its supervisor running."""

    def __init__(self, here: Place) -> None:
        self.here = here
        self.site = here.site
        self._clock = here.home / "clock"
        self._clock.write_text("0")
        self._app = self.site.app(NAME, source(self._clock), life_ms=4000)
        self._world = here.site.world
        self._start()

    def _start(self) -> None:
        words = ["run", "--lineage", NAME, "--", sys.executable, str(self._app)]
        started = self._world.start(NAME, *words, ready="serving", within_s=600)
        self.site.world.processes[NAME] = started  # who tidies the site ends it

    @property
    def directory(self) -> pathlib.Path:
        """What its supervisor has of it."""
        return self._world.home / "lineages" / NAME

    @property
    def status(self) -> Any:
        return self._world.json("status", NAME)

    @property
    def port(self) -> int:
        """Where customers connect."""
        return int((self.directory / "ports").read_text().split()[1])

    def client(self, port: int, memory: Memory | None = None, within_s: float = 20.0) -> AttestedClient:
        """A customer of this lineage who was led to that port."""
        policy = self.site.policy(NAME)
        return AttestedClient(f"https://127.0.0.1:{port}", policy, memory, connect_within_s=within_s)

    def get(self, path: str, memory: Memory | None = None) -> bytes:
        """A customer's request to the service, with patience."""
        with self.client(self.port, memory, 60.0) as customer:
            return bytes(customer.get(path).body)

    def reseal(self) -> None:
        done = self._world.cli("rotate", NAME, check=False)
        if done.returncode != 0:
            raise WorldError(f"the re-seal ended with {done.returncode}: {done.stdout}{done.stderr}")

    def plan(self) -> Any:
        """What ``reseal plan`` says at the host."""
        return self._world.json("plan", NAME)

    def set_back(self, days: float) -> None:
        """The clocks of the instance that runs, and of each that comes."""
        self._clock.write_text(str(days * 86_400.0))

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nothing is registered meanwhile: the host holds the supervisor still, and with it the next checkpoint."""
        supervisor = self._world.processes[NAME].popen
        supervisor.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            supervisor.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def kept(self) -> Iterator[tuple[int, float]]:
        """The instance goes on beside its successor: where it listens, and since when nobody renews its passport.

        The host stops the supervisor, lets the instance run, and starts a supervisor elsewhere, which has containers
        and no notes. That one knows of no instance and takes over as soon as the authority lets it.
        """
        before = self.status
        old = serving(before)["pid"]
        port = int((self.directory / "ports").read_text().split()[2])
        self._world.processes[NAME].kill()
        since = time.time()
        try:
            self._world = self._elsewhere(f"host-{before['epoch']}")
            self._start()
            wait_for("the takeover", lambda: bool(self.status["epoch"] == before["epoch"] + 1), 120)
            yield port, since
        finally:
            os.kill(old, signal.SIGKILL)

    def _elsewhere(self, name: str) -> World:
        """Another home on the same platform and authority, with the lineage's sealed state and its supervisor's key."""
        home, lineage = self.here.home / name, self.directory
        world = World(home)
        for each in ("authority", "platform", "public", "signer", "operator"):
            (home / each).symlink_to(self.here.home / each)
        there = home / "lineages" / NAME
        shutil.copytree(lineage / "containers", there / "containers")
        shutil.copy(lineage / "supervisor.pem", there)
        there.chmod(0o700)
        return world


_lineages: list[Second] = []


def second() -> Second:
    if not _lineages or _lineages[0].here is not place():
        _lineages[:] = [Second(place())]
    return _lineages[0]


def asked(customer: AttestedClient, gain: str) -> Ending:
    with customer:
        try:
            customer.get("/a")
        except Refused as refusal:
            return refused(refusal)
    return won(gain)
