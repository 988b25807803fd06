"""The acts of the demo: a birth, a re-seal under load, a kill -9; after each, the clients say what they found."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from crowd import Client, Crowd, introduction
from relying import SKEW_MS
from world import ROOT, World, WorldError, serving, wait_for

NAME = "customers"
CLIENT = ROOT / "demo" / "customer_client.py"
RECORDS = 10_000
CLIENTS = 4
RPO_UPDATES = 64
LIFE_MS = 4_000
LOAD_S = 1.5


class Demo:
    """The acts of the demo over a :class:`World`; ``say`` shows them, ``result`` collects the numbers."""

    def __init__(self, home: pathlib.Path, app: pathlib.Path, say: Callable[[str], None]) -> None:
        self.home = home
        self.app = app
        self.say = say
        self.world = World(home)
        self.result: dict[str, Any] = {
            **dict.fromkeys(("requests", "failed", "retried", "acknowledged", "lost", "beyond_rpo"), 0),
            **dict.fromkeys(("epoch", "key_generation"), 0),
            "mrenclave_equal": False,
            **dict.fromkeys(("longest_gap_ms", "takeover_wait_ms", "recovery_ms"), 0.0),
            "platform": "EMULATED",
            "proof": None,
        }
        self.faults: list[str] = []

    def run(self) -> dict[str, Any]:
        with self.world:
            self._start()
            with self._crowd() as crowd:
                self._load(crowd)
                self._reseal(crowd)
                if not self.faults:
                    self._kill(crowd)
            self._proof()
        return self.result

    # -- the four processes

    def _start(self) -> None:
        say, world = self.say, self.world
        say("four processes: authority, platform, supervisor, application")
        say("the platform is EMULATED: it proves the protocol and protects nothing")
        self._cli("authority", "init")
        self._cli("platform", "init")
        for role in ("authority", "platform"):
            say(f"  $ reseal {role} start")
            world.start(role, role, "start", ready="ready")
        policy = self.home / "policy.json"
        draft = ["draft", "--lineage", NAME, "--purpose", "billing-token", "--rpo-updates", str(RPO_UPDATES)]
        draft += ["--life-ms", str(LIFE_MS), "--skew-ms", str(SKEW_MS)]
        policy.write_text(self._cli(*draft, "--", sys.executable, str(self.app)))
        self._show_policy(json.loads(policy.read_text())["lineages"][0])
        self._cli("authority", "policy", "apply", str(policy))
        say(f"  $ reseal run --lineage {NAME} -- python3 {self.app.name}")
        served = world.start(
            "supervisor", "run", "--lineage", NAME, "--", sys.executable, str(self.app), ready="serving"
        )
        say("    " + served.await_line("serving"))

    def _show_policy(self, lineage: dict[str, Any]) -> None:
        self.lineage: str = lineage["lineage"]
        self.mrenclave: str = lineage["allowed"][0]["mrenclave"]
        self.say(f"  policy: env demo, MRENCLAVE {self.mrenclave[:16]}.., rpo_updates {lineage['rpo_updates']}")
        self.say(
            f"  demo only: passports live {lineage['life_ms']} ms instead of 120,000, so a takeover waits that long"
        )

    def _cli(self, *words: str) -> str:
        shown = [str(pathlib.Path(word).name) if "/" in word else word for word in words]
        self.say("  $ reseal " + " ".join(shown))
        return self.world.cli(*words).stdout

    @contextlib.contextmanager
    def _crowd(self) -> Iterator[Crowd]:
        status = self._status()
        given = introduction(self.home, status["supervisor"]["public_port"], self.lineage, self.mrenclave)
        given["records"] = RECORDS // CLIENTS
        clients: list[Client] = []
        try:
            for n in range(CLIENTS):
                clients.append(Client(CLIENT, self.home, f"c{n}", given))
            yield Crowd(clients)
        finally:
            for each in clients:
                each.close()

    def _status(self) -> Any:
        return self.world.json("status", NAME)

    # -- the acts

    def _load(self, crowd: Crowd) -> None:
        begun = time.monotonic()
        counted = crowd.since(crowd.ask("load"))
        took = (time.monotonic() - begun) * 1000
        if counted["failed"]:
            raise WorldError(f"loading failed: {crowd.notes}")
        self.say(f"{RECORDS} records loaded by {CLIENTS} attested clients in {took:.0f} ms; now they read and write")
        self.result["requests"] = counted["requests"]

    def _reseal(self, crowd: Crowd) -> None:
        before = crowd.ask("billing")[0]
        crowd.ask("run")
        time.sleep(LOAD_S)
        self.say(f"── re-seal: the instance is destroyed and re-created with a new key ── $ reseal rotate {NAME}")
        code, told = self.world.told("rotate", NAME)
        summary = told if isinstance(told, dict) else {}
        self._phases(summary)
        if code != 0:
            self.faults.append(f"rotate ended with {code}: {told}")
        time.sleep(LOAD_S)
        paused = crowd.ask("pause")
        verified = crowd.ask("verify", 0)
        self._judge("re-seal", verified, crowd, planned=True)
        after = crowd.ask("billing")[0]
        self.result |= {
            "epoch": summary.get("epoch", 0),
            "key_generation": summary.get("key_generation", 0),
            "mrenclave_equal": bool(summary.get("mrenclave_equal")),
            "longest_gap_ms": round(max(each["slowest_ms"] for each in paused), 1),
        }
        if after.get("generation") != before.get("generation", 0) + 1:
            self.faults.append(f"the application signs in with {after} after {before}: no new key generation")
        self.operation = self._status()["op_id"] if not self.faults else ""

    def _kill(self, crowd: Crowd) -> None:
        self._covered(crowd)
        status = self._status()
        pid = serving(status)["pid"]
        crowd.ask("run")
        time.sleep(LOAD_S)
        self.say(f"── kill -9 {pid}: no goodbye; the authority lets nobody take over while its passport lives ──")
        supervisor = self.world.processes["supervisor"]
        told = len(supervisor.output())
        killed_at = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        epoch = status["epoch"]
        wait_for("a takeover", lambda: max(crowd.ask("newest_epoch")) > epoch, 40.0)
        time.sleep(LOAD_S)
        crowd.ask("pause")
        verified = crowd.ask("verify", epoch)
        self._judge("kill", verified, crowd, planned=False)
        answers = [each["first_answer"].get(str(epoch + 1)) for each in verified]
        first = [each for each in answers if each is not None]
        if not first:
            self.faults.append("no client was served after the takeover")
        recovery = (min(first) - killed_at) * 1000 if first else 0.0
        wait = sum(ms for phase, ms in phases_of(supervisor.output()[told:]) if phase == "PERMIT")
        now = self._status()
        self.result |= {
            "takeover_wait_ms": round(wait, 1),
            "recovery_ms": round(recovery, 1),
            "epoch": now["epoch"],
            "key_generation": now["key_generation"],
        }
        self.say(
            f"  a client was served again {recovery:.0f} ms after the kill; {wait:.0f} ms of it are the permit,"
            " which has to wait for the passport's end"
        )

    def _covered(self, crowd: Crowd) -> None:
        """Waits for a checkpoint that began after the newest write: what it covers, no kill may cost."""
        heads = {self._status()["head_body"]}
        while len(heads) < 3:
            wait_for("a checkpoint", lambda: self._status()["head_body"] not in heads, 40.0)
            heads.add(self._status()["head_body"])
        crowd.ask("cover")

    def _judge(self, act: str, answers: list[Any], crowd: Crowd, *, planned: bool) -> None:
        counted = crowd.since(answers)
        lost = sum(each["lost"] + each["wrong"] for each in answers)
        beyond = sum(each["beyond"] for each in answers)
        back = sum(each["read_back"] for each in answers)
        if not planned and beyond > RPO_UPDATES:
            lost += beyond - RPO_UPDATES
            beyond = RPO_UPDATES
        told = f": {'; '.join(crowd.notes)}" if crowd.notes else ""
        if planned and counted["failed"]:
            self.faults.append(f"{counted['failed']} requests failed during the {act}{told}")
        if lost:
            self.faults.append(f"{lost} acknowledged updates lost in the {act}{told}")
        if back != RECORDS:
            self.faults.append(f"{back} of {RECORDS} records read back after the {act}")
        self.result["requests"] += counted["requests"]
        self.result["retried"] += counted["retried"]
        self.result["lost"] += lost
        self.result["acknowledged"] = sum(each["acknowledged"] for each in answers)
        if planned:
            self.result["failed"] += counted["failed"]
        else:
            self.result |= {"beyond_rpo": beyond, "failed_by_kill": counted["failed"]}
        cost = "" if planned else f", {beyond} newer than the last checkpoint gone (at most {RPO_UPDATES} by policy)"
        self.say(
            f"  clients: {back} records read back, {counted['requests']} requests, {counted['failed']} failed, "
            f"{counted['retried']} retried, {lost} lost{cost}"
        )

    def _phases(self, summary: dict[str, Any]) -> None:
        for phase in summary.get("phases", ()):
            if phase["edge"] == "done":
                self.say(f"  {phase['phase'].lower():<10} {phase['ms']:9.1f} ms")
        if "gap_ms" in summary:
            self.say(f"  gap {summary['gap_ms']:.1f} ms, total {summary['total_ms']:.1f} ms")

    def _proof(self) -> None:
        if not self.operation:
            return
        proof = self.home / f"proof-{self.result['epoch'] - 1}.cbor"
        self._cli("proof", "show", NAME, "--op", self.operation, "--out", str(proof))
        public = self.home / "public"
        verdict = self.world.cli(
            "proof", "verify", str(proof),
            "--authority-spki", str(public / "authority.spki"), "--root", str(public / "platform-root.pem"),
        )  # fmt: skip
        self.say("  " + verdict.stdout.strip().splitlines()[-1])
        self.result["proof"] = str(proof)


def phases_of(log: str) -> list[tuple[str, float]]:
    """What a supervisor said of its phases, in milliseconds."""
    found = re.findall(rf"^reseal: {NAME} (\w+) +(?:done|failed) ([0-9.]+) ms", log, re.MULTILINE)
    return [(phase, float(ms)) for phase, ms in found]
