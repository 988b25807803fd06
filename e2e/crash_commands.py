"""What an operator asks of the authority in a cell of the crash matrix, with ``./reseal``, while a service runs."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import secrets
import subprocess

from asking import REKEY
from crash_cells import Point
from crash_operations import WITHIN_S, Operation, answers
from crash_world import STATE_MAX, CrashWorld
from planted import key_store
from reseal.errors import ResealError
from world import RESEAL, WorldError, wait_for

PURPOSE = "billing-token"


class Command:
    """A verb of ``./reseal`` that an operator runs."""

    def __init__(self, *words: str) -> None:
        self._words = [str(RESEAL), *words]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)

    def answered(self) -> bool:
        return self._process.poll() is not None

    @property
    def done(self) -> bool:
        return self._process.wait() == 0

    @property
    def end(self) -> str:
        out, err = self._process.communicate()
        return f"{' '.join(self._words[1:3])} {self._process.returncode}: {(out + err).strip()[-200:]}"


class Commanded(Operation):
    """The operator's command goes to the authority, and is given again until it is done."""

    def command(self) -> Command:
        raise NotImplementedError

    def begin(self) -> None:
        self.asked.append(self.command())

    def repeated(self) -> list[str]:
        if all(each.done for each in self.asked):
            return []
        again = self.command()
        return [] if again.done else [f"refused when it was given again: {again.end}"]


class Policy(Commanded):
    """Policy changes while the service runs: the state may be a little smaller, or again a little larger."""

    def __init__(self, world: CrashWorld) -> None:
        super().__init__(world)
        content = json.loads(world.policy.read_text())
        self._before = self.row().policy
        content["lineages"][0]["state_max"] = 2 * STATE_MAX - 1 - content["lineages"][0]["state_max"]
        world.policy.write_text(json.dumps(content))

    def command(self) -> Command:
        return Command("authority", "policy", "apply", str(self.world.policy), "--home", str(self.world.home))

    def end(self, committed: bool) -> list[str]:
        """Either the old policy or the new one counts after the crash, which the digest says; then the new one."""
        found = self.row().policy
        wrong = self.repeated()
        after = self.row().policy
        if after == self._before:
            wrong.append("the new policy does not count")
        if found not in (self._before, after):
            wrong.append(f"after the crash a third policy counted: {found.hex()}")
        return wrong


class KeyAdd(Commanded):
    """The operator gives the bytes of the next generation, in place of others that were given before."""

    def __init__(self, world: CrashWorld) -> None:
        super().__init__(world)
        self._first, self._second = secrets.token_bytes(32), secrets.token_bytes(32)
        self._file = world.home / "operator" / "given.key"

    def prepare(self) -> None:
        given = self._given(self._first)
        if not given.done:
            raise WorldError(f"the first key was refused: {given.end}")

    def command(self) -> Command:
        return self._given(self._second)

    def _given(self, key: bytes) -> Command:
        self._file.write_bytes(key)
        words = ["authority", "keys", "add", self.lineage, "--purpose", PURPOSE, "--file", str(self._file)]
        return Command(*words, "--home", str(self.world.home))

    def end(self, committed: bool) -> list[str]:
        """What was acknowledged before is there until its successor is; then a rekey brings the successor."""
        held = key_store(self.world.home).get(f"add/{self.world.lineages[self.lineage]}/{PURPOSE}")
        wrong = self.repeated()
        if held not in (self._first, self._second):
            wrong.append("after the crash the key store has neither the key that was given first nor the second")
        self.asked.clear()
        self.ask(REKEY)
        self.settle("the rekey")
        with self.world.attested(self.lineage, 5.0) as client:
            installed = json.loads(client.get("/key").body)["sha256"]
        if installed != hashlib.sha256(self._second).hexdigest():
            wrong.append("the next generation is not the bytes that the operator gave")
        return wrong


class Close(Commanded):
    """The operator ends the lineage; the authority erases its keys once the last passport has ended."""

    def prepare(self) -> None:
        self.world.launch(self.lineage).await_line("serving", WITHIN_S)
        with self.world.attested(self.lineage, 5.0) as client:
            wait_for("an attested answer", lambda: answers(client), WITHIN_S)

    def command(self) -> Command:
        words = ["authority", "close", self.lineage, "--confirm", self.lineage]
        return Command(*words, "--home", str(self.world.home))

    def counted(self, points: list[Point]) -> list[Point]:
        return [each for each in points if each.store]

    def settled(self) -> bool:
        """The operator was answered, and a closed lineage has no keys any more."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.over() and (self.row().state != "CLOSED" or not self._keys())
        return False

    def _keys(self) -> set[str]:
        return {name for name in key_store(self.world.home) if self.world.lineages[self.lineage] in name}

    def end(self, committed: bool) -> list[str]:
        """It is closed if that was acknowledged; if not, when it is asked for again; then nobody is served."""
        closed = self.row().state == "CLOSED"
        wrong = [] if closed or not self.asked[0].done else ["a lineage is open that the operator was told is closed"]
        if not closed:
            wrong += self.repeated()
        wait_for(
            "the end of a closed lineage's keys", lambda: self.row().state == "CLOSED" and self.settled(), WITHIN_S
        )
        with contextlib.suppress(OSError, ResealError), self.world.attested(self.lineage, 2.0) as client:
            if answers(client):
                wrong.append("a closed lineage is served")
        return wrong
