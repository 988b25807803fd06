"""A site with authority and platform for the tests of one file, and the applications that they run on it."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import relying
from canary import Canary
from reseal.client import AttestedClient, Memory, Policy
from reseal.errors import ResealError
from reseal.messages import FLAG_TAKEOVER
from world import Process, World, WorldError, instance_pids

HEAD = "import os, time\nimport moves\nimport reseal\nmoves.to_stderr()\n"
MOVES = pathlib.Path(__file__).resolve().parent / "chain" / "moves.py"

SERVICE = (
    HEAD
    + """
app = reseal.App(drain_timeout=1.0)
notes = app.state("notes", of=str)
key = app.key("app")

@app.on_key("app")
def install(old, new, reason):
    pass

def web(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/slow":
        time.sleep(20)
    if environ["REQUEST_METHOD"] == "PUT":
        notes[path] = environ["wsgi.input"].read().decode()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [notes.get(path, "").encode()]

app.serve(web)
"""
)

LOSES_A_PASSPORT = SERVICE.replace(
    "def web(",
    """
from reseal.engine import Engine
from reseal.link import LinkError

deliver = Engine._call
lost = []

def lose_the_first_renewal(self, path, body):
    answer = deliver(self, path, body)
    if path == "/message/renew" and not lost:
        lost.append(answer)
        raise LinkError("the answer is lost")
    return answer

Engine._call = lose_the_first_renewal

def web(""",
    1,
)
"""What an instance sees when its supervisor dies between the authority's answer and its own."""

NEVER_CONNECTS = HEAD + "time.sleep(60)\n"
EXITS_EARLY = HEAD + "raise SystemExit('no licence file')\n"


def refusing_restore(flag: pathlib.Path) -> str:
    """An application whose restore hook raises while the file ``flag`` is there."""
    hook = f"""
@app.snapshot("counter", version=1)
def save():
    return 42

@app.restore("counter", versions=(1,))
def load(value, version):
    if os.path.exists({str(flag)!r}):
        raise RuntimeError("the table is locked")
"""
    return SERVICE.replace("def web(", hook + "\ndef web(", 1)


def refusing_key(flag: pathlib.Path) -> str:
    """The service, whose key hook raises while the file ``flag`` is there."""
    hook = f"""    if os.path.exists({str(flag)!r}):
        raise RuntimeError("the database is away")
"""
    return SERVICE.replace("    pass\n", hook, 1)


def patient(flag: pathlib.Path, source: str = SERVICE) -> str:
    """The service, whose /slow says that it began and ends when ``flag`` is there; a drain waits for that."""
    slow = f"open({str(flag) + '.begun'!r}, 'w').close()\n        while not os.path.exists({str(flag)!r}): time.sleep(0.02)"
    return source.replace("drain_timeout=1.0", "drain_timeout=600.0").replace("time.sleep(20)", slow)


class Background:
    """A call in a thread of its own; its exception comes with its result."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._executor = concurrent.futures.ThreadPoolExecutor(1)
        self._future = self._executor.submit(call)
        self._executor.shutdown(wait=False)

    def result(self, within_s: float = 240.0) -> Any:
        return self._future.result(within_s)


class Site:
    """Authority and platform for all tests of this file; a lineage for each."""

    def __init__(self, home: pathlib.Path) -> None:
        self.world = World(home)
        self.home = home
        self.began = time.time()
        self.planted: list[Canary] = []
        """Secrets that tests made themselves; whoever searches afterwards looks for these too."""
        self.world.begin()

    def write(self, name: str, source: str) -> pathlib.Path:
        """The application alone in a directory, with what records the steps of its instances."""
        directory = self.home / "apps" / name
        directory.mkdir(parents=True)
        app = directory / "app.py"
        app.write_text(source)
        shutil.copy(MOVES, directory)
        return app

    def draft(self, name: str, app: pathlib.Path, *flags: str) -> Any:
        """The policy that ``reseal draft`` proposes."""
        words = ["draft", "--lineage", name, "--purpose", "app", "--life-ms", "8000"]
        words += ["--skew-ms", str(relying.SKEW_MS), *flags]
        return json.loads(self.world.cli(*words, "--", sys.executable, str(app)).stdout)

    def apply(self, content: str) -> subprocess.CompletedProcess[str]:
        policy = self.home / "policy.json"
        policy.write_text(content)
        return self.world.cli("authority", "policy", "apply", str(policy), check=False)

    def app(self, name: str, source: str, **fields: Any) -> pathlib.Path:
        """Writes the application, drafts its policy, changes the fields given and applies it."""
        app = self.write(name, source)
        policy = self.draft(name, app)
        policy["lineages"][0] |= fields
        done = self.apply(json.dumps(policy))
        if done.returncode != 0:
            raise WorldError(done.stderr)
        return app

    def start(self, name: str, app: pathlib.Path, *flags: str) -> Any:
        words = ["run", "--lineage", name, *flags, "--", sys.executable, str(app)]
        return self.world.start(name, *words, ready="serving")

    def launch(self, name: str, app: pathlib.Path) -> Process:
        """The same without waiting."""
        return self.world.launch(name, "run", "--lineage", name, "--", sys.executable, str(app))

    def run(self, name: str, app: pathlib.Path, *flags: str) -> subprocess.CompletedProcess[str]:
        return self.world.cli("run", "--lineage", name, *flags, "--", sys.executable, str(app), check=False)

    def rotate(self, name: str, *flags: str) -> tuple[int, Any]:
        return self.world.told("rotate", name, *flags)

    def status(self, name: str) -> Any:
        return self.world.json("status", name)

    def policy(self, name: str) -> Policy:
        """What a customer of the lineage asks for."""
        status = self.status(name)
        spki = self.home / "public" / "authority.spki"
        return relying.policy(spki, status["lineage_id"], status["mrenclave"], FLAG_TAKEOVER)

    def client(self, name: str) -> Any:
        url = f"https://127.0.0.1:{self.status(name)['supervisor']['public_port']}"
        return AttestedClient(url, self.policy(name), Memory(str(self.home / f"{name}.seen")), connect_within_s=20.0)

    def tidy(self) -> None:
        """Ends all supervisors and instances; authority and platform stay."""
        for name in list(self.world.processes):
            if name not in ("authority", "platform"):
                self.world.processes.pop(name).stop()
        for pid in instance_pids(self.home):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def answers(client: Any, expected: bytes) -> bool:
    """Whether the service is served under a passport that lives; False while it has expired."""
    try:
        return bool(client.get("/a").body == expected)
    except ResealError:
        return False


def endless(client: Any) -> None:
    """A request in flight for longer than anybody waits."""
    with contextlib.suppress(ResealError):
        client.get("/slow")
