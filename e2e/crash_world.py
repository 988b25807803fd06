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
import socket
import ssl
import struct
import subprocess
import sys
import urllib.parse
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))

from crash_eyes import Asked, Local, Row, read_frame
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from reseal import cbor, cose
from reseal.client import EMULATED, AttestedClient, Memory, Policy
from reseal.errors import ResealError
from reseal.messages import FLAG_DEMO_POLICY, FLAG_GENERATION_LAGGING, FLAG_TAKEOVER
from world import ROOT, Process, World, WorldError

APP = ROOT / "e2e" / "chain" / "app.py"
START = ROOT / "cli" / "target" / "quick" / "start"
SEAM = ROOT / "simulation" / "target" / "quick" / "reseal-simulation-0.1.0.jar"
LIFE_MS, SKEW_MS = 2000, 200
RESEAL, TAKEOVER, REKEY = 2, 5, 7


class CrashWorld:
    """Authority, platform, and the supervisors of lineages whose crash seam obeys a file."""

    def __init__(self, home: pathlib.Path, rpo: int, births: int) -> None:
        self.home = home
        self.rpo = rpo
        self.world = World(home)
        self.orders = home / "orders"
        self.lineages: dict[str, str] = {}
        self.mrenclave = ""
        self._numbers = 0
        self._java = subprocess.check_output([str(ROOT / "build" / "jdk.sh")], text=True).strip() + "/bin/java"
        self._names = ["crash", *(f"birth-{n}" for n in range(births))]

    def begin(self) -> None:
        world = self.world
        world.cli("authority", "init")
        world.cli("platform", "init")
        for name in ("authority", "platform"):
            self.launch(name)
            world.processes[name].await_line("ready", 60)
        policy = self.home / "policy.json"
        words = ["draft", "--lineage", "crash", "--purpose", "billing-token", "--rpo-updates", str(self.rpo)]
        words += ["--state-max", str(4 << 20)]  # the most that policy allows where no update may be lost
        words += ["--life-ms", str(LIFE_MS), "--skew-ms", str(SKEW_MS), "--", sys.executable, str(APP)]
        drafted = json.loads(world.cli(*words).stdout)
        first = drafted["lineages"][0]
        self.mrenclave = first["allowed"][0]["mrenclave"]
        drafted["lineages"] = [first, *(self._twin(first, name) for name in self._names[1:])]
        self.lineages = {each["name"]: each["lineage"] for each in drafted["lineages"]}
        policy.write_text(json.dumps(drafted))
        world.cli("authority", "policy", "apply", str(policy))

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
        if name in ("authority", "platform"):
            command = [str(ROOT / "reseal"), name, "start", "--home", str(self.home)]
        else:
            command = self._supervisor(name)
        process = Process(name, command, self.world.logs / f"{name}.log")
        self.world.processes[name] = process
        return process

    def _supervisor(self, lineage: str) -> list[str]:
        command = [
            self._java,
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx128m",
            "-Xlog:disable",
            "-Xlog:all=error:stderr",
        ]
        cache, native = START / "run.aot", START / "native"
        command += [f"-XX:AOTCache={cache}"] if cache.exists() else ["-Xshare:auto"]
        if native.exists():
            command += [f"-Djava.library.path={native}", f"-Dorg.sqlite.lib.path={native}"]
            command += ["-Dcom.amazon.corretto.crypto.provider.useExternalLib=true"]
        command += ["--enable-native-access=ALL-UNNAMED", f"-Dreseal.root={ROOT}", "-cp", crash_path()]
        command += ["dev.reseal.simulation.CrashRun", str(self.orders)]
        return [*command, "--lineage", lineage, "--home", str(self.home), "--", sys.executable, str(APP)]

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
        """Live processes whose output goes below the directory of this lineage's instances."""
        home = str(self.home / "lineages" / lineage / "instances")
        found = []
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal():
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{entry.name}/fd/1").startswith(home):
                        found.append(int(entry.name))
        return found

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

    def said(self, lineage: str, words: str) -> list[str]:
        """Lines of this lineage's supervisors, all of them so far, that begin with ``words``."""
        log = self.world.logs / f"{lineage}.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return [line for line in text.splitlines() if line.startswith(words)]

    # -- eyes

    def row(self, lineage: str) -> Row:
        """Raises ``OSError`` or ``HTTPException`` when the authority does not answer."""
        url = urllib.parse.urlsplit((self.home / "public" / "authority.url").read_text().strip())
        context = ssl.create_default_context(cafile=str(self.home / "public" / "authority-tls.pem"))
        context.check_hostname = False
        connection = http.client.HTTPSConnection(str(url.hostname), url.port, timeout=5, context=context)
        try:
            connection.request("GET", f"/v1/status/{self.lineages[lineage]}")
            answer = connection.getresponse()
            if answer.status != 200:
                raise OSError(f"status {answer.status}")
            status = cbor.decode(answer.read())
        finally:
            connection.close()
        target = [status[9], status[28], status[29], status[30], status[27]]
        return Row(status[2], status[3], status[4], status[6], status[19], target)

    def local(self, lineage: str) -> Local:
        """Raises ``OSError`` when the supervisor does not answer."""
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(5)
            stream.connect(str(self.home / "lineages" / lineage / "control.sock"))
            frame = cbor.encode(["status"])
            stream.sendall(struct.pack(">I", len(frame)) + frame)
            _, status = read_frame(stream)
        return Local(status[1], status[4], [(each[0], each[1], each[2]) for each in status[6]])

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
        control = self.home / "lineages" / lineage / "control.sock"
        return Asked(control, self.request(lineage, kind, self.row(lineage)))

    def request(self, lineage: str, kind: int, row: Row, rotate: bool = True) -> bytes:
        """What the operator signs about the row as it was read; with ``rotate``, a new key generation."""
        op_id = os.urandom(16)
        line = bytes.fromhex(self.lineages[lineage])
        reseal = kind == RESEAL
        targets = [row.target] if reseal else []
        ask = {
            1: line,
            2: op_id,
            3: row.fence,
            4: row.epoch,
            5: kind,
            6: 1 if reseal else None,
            7: targets,
            8: rotate,
            9: None,
        }
        head = {1: 1, 2: 1, 3: line, 4: op_id, 5: row.fence, 6: row.epoch}
        key = load_pem_private_key((self.home / "operator" / "operator.pem").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return cose.sign("request", cbor.encode({**head, 10: cbor.encode(ask), 15: []}), cose.SigningKey(key))

    def describe(self, lineage: str) -> str:
        try:
            return f"{self.local(lineage)}, {self.row(lineage)}, pids {self.pids(lineage)}"
        except (OSError, http.client.HTTPException, ResealError) as silent:
            return f"{silent}, pids {self.pids(lineage)}"

    def client_policy(self, lineage: str) -> dict[str, Any]:
        return {
            "url": f"https://127.0.0.1:{self.local(lineage).port}",
            "authority_spki": str(self.home / "public" / "authority.spki"),
            "lineage": self.lineages[lineage],
            "mrenclave": self.mrenclave,
            "skew_ms": SKEW_MS,
        }

    def attested(self, lineage: str, within_s: float) -> AttestedClient:
        given = self.client_policy(lineage)
        spki, line, measured = given["authority_spki"], given["lineage"], [given["mrenclave"]]
        flags = FLAG_DEMO_POLICY | FLAG_GENERATION_LAGGING | FLAG_TAKEOVER
        policy = Policy.of(spki, line, measured, [EMULATED], accept_flags=flags, skew_ms=SKEW_MS)
        return AttestedClient(given["url"], policy, Memory(), connect_within_s=within_s)


def crash_path() -> str:
    """That of ./reseal, then the seam: so the start-up cache of the former fits."""
    return f"{START}/lib/*:{SEAM}"


def require_built() -> None:
    """``WorldError`` that says what is missing and which command makes it."""
    for path, what in ((START / "lib" / ".built", "./reseal"), (SEAM, "the crash seam")):
        if not path.exists():
            raise WorldError(f"{what} is not built ({path} is missing): run `make crash-build` in {ROOT}")
