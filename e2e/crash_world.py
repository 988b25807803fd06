"""The world of the crash matrix: real processes, one application under load, and eyes that cost little.

The driver looks at the supervisor over its control socket, at the authority over HTTPS and at the journal on disk, so that nothing
slow stands between a crash and the measurement of what follows it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import sys
import threading
from typing import Any

import asking
import frames
import relying
from asking import REKEY, RESEAL, RETIRE
from crash_client import ChainClient
from crash_eyes import Asked, Local, Row
from crowd import introduction
from reseal import cbor
from reseal.client import AttestedClient, Memory
from reseal.errors import ResealError
from world import ROOT, Process, World, WorldError, instance_pids

APP = ROOT / "e2e" / "chain" / "app.py"
JAVA = ROOT / "build" / "java.sh"
SEAM = ROOT / "simulation" / "target" / "quick" / "reseal-simulation-0.1.0.jar"
SPARE = "spare-"
"""Names of lineages that an operation happens to once."""
LIFE_MS = 2000
LOOK_WITHIN_S = 5.0
STATE_MAX = 4 << 20
"""The most that policy allows where no update may be lost."""


class CrashWorld:
    """Authority and platform, and the supervisors of lineages; the crash seams of authority and supervisors obey a file."""

    def __init__(self, home: pathlib.Path, rpo: int, spare: int) -> None:
        self.home = home
        self.rpo = rpo
        self.policy = home / "policy.json"
        self.world = World(home)
        self.orders = home / "orders"
        self.lineages: dict[str, str] = {}
        self.mrenclave = ""
        self._kept = threading.local()
        self._numbers = 0
        self._names = ["crash", *(f"{SPARE}{n}" for n in range(spare))]

    def begin(self, may: tuple[str, ...]) -> None:
        """``may``: what policy lets the supervisors ask for."""
        world = self.world
        world.cli("authority", "init")
        world.cli("platform", "init")
        for name in ("authority", "platform"):
            self.launch(name)
            world.processes[name].await_line("ready", 60)
        words = ["draft", "--lineage", "crash", "--purpose", "billing-token", "--rpo-updates", str(self.rpo)]
        words += ["--state-max", str(STATE_MAX)]
        words += ["--life-ms", str(LIFE_MS), "--skew-ms", str(relying.SKEW_MS), "--", sys.executable, str(APP)]
        drafted = json.loads(world.cli(*words).stdout)
        first = drafted["lineages"][0]
        first["supervisors"][0]["may"] = list(may)
        self.mrenclave = first["allowed"][0]["mrenclave"]
        drafted["lineages"] = [first, *(self._twin(first, name) for name in self._names[1:])]
        self.lineages = {each["name"]: each["lineage"] for each in drafted["lineages"]}
        self.policy.write_text(json.dumps(drafted))
        world.cli("authority", "policy", "apply", str(self.policy))

    def _twin(self, first: dict[str, Any], name: str) -> dict[str, Any]:
        """The same service under another name; its supervisor has the same key."""
        directory = self.home / "lineages" / name
        directory.mkdir(mode=0o700, parents=True)
        shutil.copy2(self.home / "lineages" / "crash" / "supervisor.pem", directory)
        return {**first, "name": name, "lineage": os.urandom(16).hex()}

    def close(self) -> None:
        self.orders.unlink(missing_ok=True)
        self.world.close()

    # -- processes

    def launch(self, name: str) -> Process:
        """Starts authority or platform, or the supervisor of the lineage ``name``; does not wait."""
        if name == "platform":
            command = [str(ROOT / "reseal"), "platform", "start", "--home", str(self.home)]
        elif name == "authority":
            command = self._seam("authority", "CrashAuthority", "--home", str(self.home))
        else:
            words = ["--lineage", name, "--home", str(self.home), "--", sys.executable, str(APP)]
            command = self._seam("run", "CrashRun", *words)
        process = Process(name, command, self.world.logs / f"{name}.log")
        self.world.processes[name] = process
        return process

    def _seam(self, role: str, main: str, *words: str) -> list[str]:
        """The ordinary program in the ordinary JVM, with somebody in between."""
        return [str(JAVA), role, str(SEAM), f"dev.reseal.simulation.{main}", str(self.orders), *words]

    def mend(self, lineage: str) -> None:
        """Starts again whatever has ended, as the service manager of a host does."""
        for name in ("authority", "platform", lineage):
            if name in self.world.processes and not self.world.processes[name].alive():
                self.launch(name)

    def stop(self, lineage: str) -> None:
        """The supervisor first, then what it ran."""
        self.world.processes.pop(lineage).stop()
        for pid in self.pids(lineage):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)

    def pids(self, lineage: str) -> list[int]:
        """Live processes of this home's images that the platform has for this lineage, or does not have.

        What a process holds open would say whose it is, but to root alone: an instance cannot be looked into.
        """
        own = str(self.home / "lineages" / lineage / "instances")
        logs = {pid: directory for _, _, pid, directory in self._enclaves()}
        return [pid for pid in instance_pids(self.home) if logs.get(pid, own).startswith(own)]

    def _enclaves(self) -> list[Any]:
        """Handle, MRENCLAVE, pid and log directory of each (transport T7); none while the platform is down."""
        try:
            return list(self._look(self.home / "platform" / "host.sock", "list"))
        except OSError:
            return []

    # -- the crash seam

    def order(self, point: str) -> str:
        """From now on the supervisor counts, and crashes who is named at ``VICTIM:SIDE:NUMBER``; the name of the order."""
        self._numbers += 1
        name = f"order-{self._numbers}"
        pids = [str(self.world.processes[each].pid) for each in ("authority", "platform")]
        fresh = self.home / "orders.tmp"
        fresh.write_text(" ".join([name, point, *pids]) + "\n")
        fresh.rename(self.orders)
        return name

    def disarm(self) -> None:
        self.orders.unlink(missing_ok=True)

    def crashed(self, lineage: str, order: str) -> bool:
        begin = f"crash {order} "
        return bool(self.said(lineage, begin) or self.said("authority", begin))

    def missed(self, lineage: str, order: str) -> bool:
        """Whether nobody was there to be struck; said a moment after :meth:`crashed` is."""
        return bool(self.said(lineage, f"missed {order}"))

    def said(self, name: str, words: str) -> list[str]:
        """Lines of authority or of this lineage's supervisors, all of them so far, that begin with ``words``."""
        log = self.world.logs / f"{name}.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return [line for line in text.splitlines() if line.startswith(words)]

    # -- eyes

    def row(self, lineage: str) -> Row:
        """Raises ``OSError`` or ``HTTPException`` when the authority does not answer.

        Each thread keeps its connection: a handshake for every look would slow down what is looked at.
        """
        kept: http.client.HTTPSConnection | None = getattr(self._kept, "connection", None)
        if kept is not None:
            with contextlib.suppress(OSError, http.client.HTTPException):  # it may have ended since
                return self._row(kept, lineage)
        return self._row(asking.connection(self.home, LOOK_WITHIN_S), lineage)

    def _row(self, connection: http.client.HTTPSConnection, lineage: str) -> Row:
        self._kept.connection = None
        try:
            connection.request("GET", f"/v1/status/{self.lineages[lineage]}")
            answer = connection.getresponse()
            if answer.status != 200:
                raise OSError(f"status {answer.status}")
            row = Row.of(cbor.decode(answer.read()))
        except BaseException:
            connection.close()
            raise
        self._kept.connection = connection
        return row

    def local(self, lineage: str) -> Local:
        """Raises ``OSError`` when the supervisor does not answer."""
        status = self._look(self.control(lineage), "status")
        return Local(status[1], status[2], status[4], [(each[0], each[1], each[2]) for each in status[6]])

    @staticmethod
    def _look(socket: pathlib.Path, verb: str) -> Any:
        """What a socket answers to a verb; ``OSError`` when it does not."""
        return frames.ask(socket, verb, within_s=LOOK_WITHIN_S)[1]

    def settled(self, lineage: str) -> bool:
        """Exactly one instance lives, it serves, nothing is under way, register and supervisor agree."""
        try:
            local, row = self.local(lineage), self.row(lineage)
        except (OSError, http.client.HTTPException, ResealError):
            return False
        quiet = local.situation == "IDLE" and row.state == "ACTIVE"
        return (
            quiet
            and [state for _, state, _ in local.instances] == ["SERVING"]
            and self.pids(lineage) == [local.instances[0][2]]
        )

    def ask(self, lineage: str, kind: int) -> Asked:
        """A request of the operator, as ``reseal rotate`` makes it, without the start of a command."""
        return Asked(self.control(lineage), "operate", self.request(lineage, kind, self.row(lineage)))

    def control(self, lineage: str) -> pathlib.Path:
        return self.home / "lineages" / lineage / "control.sock"

    def request(self, lineage: str, kind: int, row: Row, rotate: bool = True) -> bytes:
        """What the operator signs about the row as it was read; with ``rotate``, a new key generation."""
        line, targets = bytes.fromhex(self.lineages[lineage]), [row.target] if kind == RESEAL else []
        new_key = rotate and kind in (RESEAL, REKEY)
        retired = list(row.retirable) if kind == RETIRE else None
        operator = asking.signer(self.home / "operator" / "operator.pem")
        return asking.request(operator, kind, line, row.fence, row.epoch, targets, new_key, retired)

    def describe(self, lineage: str) -> str:
        try:
            return f"{self.local(lineage)}, {self.row(lineage)}, pids {self.pids(lineage)}"
        except (OSError, http.client.HTTPException, ResealError) as silent:
            return f"{silent}, pids {self.pids(lineage)}"

    def introduction(self, lineage: str) -> dict[str, Any]:
        return introduction(self.home, self.local(lineage).port, self.lineages[lineage], self.mrenclave)

    def attested(self, lineage: str, within_s: float) -> AttestedClient:
        """One that accepts what the clients of the matrix do."""
        given = self.introduction(lineage)
        policy = relying.policy(given["authority_spki"], given["lineage"], given["mrenclave"], ChainClient.accepts)
        return AttestedClient(given["url"], policy, Memory(), connect_within_s=within_s)


def require_built() -> None:
    """``WorldError`` that says what is missing and which command makes it."""
    launched = ROOT / "cli" / "target" / "quick" / "start" / "lib" / ".built"
    for path, what in ((launched, "./reseal"), (SEAM, "the crash seam")):
        if not path.exists():
            raise WorldError(f"{what} is not built ({path} is missing): run `make crash-build` in {ROOT}")
