"""Attacks on what a supervisor lives on: its notes, its memory, its verifier; on the site of ``processes``."""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import frames
import hygiene
import naive
from asking import RESEAL
from crash_eyes import Asked, Row
from crash_world import CrashWorld
from ending import Ending, harmless, together, won
from journals import DONE, FAILED, INTENT, Entry, Phase, entries
from processes import NAME, Place, place
from world import WorldError, wait_for

from reseal.errors import ResealError

ALL_PAGES = 1 << 20
SETTLE_S = 120.0
STORM = 100


class Host:
    """The host of one lineage: it has the supervisor's files, the platform's socket, and signals."""

    def __init__(self, here: Place) -> None:
        self.here = here
        self.journal = here.home / "lineages" / NAME / "journal"
        status = here.site.status(NAME)
        self.eyes = CrashWorld(here.home, 64, 0)
        self.eyes.lineages = {NAME: status["lineage_id"]}
        self.eyes.mrenclave = status["mrenclave"]
        self.eyes.world = here.site.world
        self._writes = 0

    def row(self) -> Row:
        return self.eyes.row(NAME)

    def reseal(self) -> Asked:
        """One that keeps the key generation, which other attacks look for."""
        return Asked(self.here.socket, "operate", self.eyes.request(NAME, RESEAL, self.row(), rotate=False))

    def write(self) -> str:
        """An update that is acknowledged to a customer."""
        self._writes += 1
        value = f"update {self._writes}"
        with self.eyes.attested(NAME, 30.0) as customer:
            assert customer.put("/update", value.encode()).status == 200
        return value

    def notes(self) -> list[Entry]:
        return list(entries(self.journal))

    def await_note(self, since: int, phase: Phase, edge: int = INTENT) -> Entry:
        """The first such entry after the first ``since``."""

        def seen() -> list[Entry]:
            return [each for each in self.notes()[since:] if (each.phase, each.edge) == (phase, edge)]

        wait_for(f"the note of {phase.name}, edge {edge}", lambda: bool(seen()), SETTLE_S)
        return seen()[0]

    def without_supervisor(self, meanwhile: Callable[[], object]) -> None:
        self.here.site.world.processes[NAME].kill()
        meanwhile()
        hygiene.start(self.here.site, NAME, self.here.home / "apps" / NAME / "app.py")

    def cut(self, size: int) -> None:
        with self.journal.open("r+b") as file:
            file.truncate(size)

    def strike(self, fault: str, amount: int = 0) -> None:
        answer = frames.ask(self.here.home / "platform" / "host.sock", "fault", fault, amount)
        if answer[0] != 0:
            raise WorldError(f"the platform has no {fault}: {answer!r}")

    def serves(self) -> bool:
        return "SERVING" in [state for _, state, _ in self.eyes.local(NAME).instances]

    def broken(self, value: str, epoch: int, most: int) -> str:
        """What is not as it must be once all is quiet again: one owner, the epoch, the newest update; or nothing."""
        try:
            wait_for("one serving instance", lambda: self.eyes.settled(NAME), SETTLE_S)
        except WorldError as fault:
            return f"{fault}: {self.eyes.describe(NAME)}"
        now = self.row().epoch
        if not epoch <= now <= most:
            return f"epoch {now} after {epoch}"
        with contextlib.suppress(ResealError), self.eyes.attested(NAME, 30.0) as customer:
            if (found := customer.get("/update").body.decode()) != value:
                return f"'{found}' after '{value}' was acknowledged"
            if self.here.intact():
                return ""
        return "the records cannot be read"


_hosts: list[Host] = []


def host() -> Host:
    if not _hosts or _hosts[0].here is not place():
        _hosts[:] = [Host(place())]
    return _hosts[0]


def notes_cut_naive() -> Ending:
    """A4: the script goes on with what its notes say; the host puts older ones back."""
    key = b"k" * 32
    enclave = naive.Enclave(key)
    enclave.state = {"balance": 17}
    blob = enclave.seal()
    notes = ["sealed", "destroyed"]
    older = list(notes)
    enclave = naive.Enclave(key, blob)
    notes.append("created")
    enclave.state["balance"] = 19
    notes = older
    if notes[-1] == "destroyed":
        enclave = naive.Enclave(key, blob)
    return (
        won("by its notes the script still had to create: balance 17 after 19 was acknowledged")
        if enclave.state["balance"] == 17
        else harmless("it has the newest balance")
    )


def notes_cut() -> Ending:
    """A4: the journal ends where the host likes, at rest and in the middle of a re-seal."""
    world = host()
    begun = len(world.notes())
    world.reseal()
    world.await_note(begun, Phase.COMMIT)
    wait_for("the end of the re-seal", lambda: world.eyes.settled(NAME), SETTLE_S)
    value, epoch = world.write(), world.row().epoch
    ends = {each.phase: each.end for each in reversed(world.notes()[begun:]) if each.edge == INTENT}
    world.without_supervisor(lambda: world.cut(ends[Phase.DESTROY] + 5))
    if fault := world.broken(value, epoch, epoch):
        return won(f"notes that end in DESTROY of a re-seal that is over: {fault}")
    begun = len(world.notes())
    world.reseal()
    world.await_note(begun, Phase.DESTROY)
    world.without_supervisor(lambda: world.cut(0))
    if fault := world.broken(value, epoch, epoch + 1):
        return won(f"no notes in the middle of a re-seal: {fault}")
    return harmless("2 cuts, one in the middle of a re-seal: one instance each time, every acknowledged update there")


def epc_taken() -> Ending:
    """A33: a neighbour takes every page that is free, from the beginning of the re-seal until after the destroy."""
    world = host()
    value, epoch = world.write(), world.row().epoch
    begun = len(world.notes())
    stop = threading.Event()

    def neighbour() -> None:
        while not stop.is_set():
            world.strike("pages-taken", ALL_PAGES)

    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        taking = threads.submit(neighbour)
        try:
            world.reseal()
            waiting = world.await_note(begun, Phase.DESTROY, DONE)
            time.sleep(0.5)
            late = [each for each in world.notes()[begun:] if each.end > waiting.end and each.phase > Phase.CREATE]
            row = world.row()
        finally:
            stop.set()
            taking.result()
            world.strike("pages-returned")
    if late or row.state != "SEALED" or row.epoch != epoch:
        return won(f"the attack missed: {row}, {late}")
    if fault := world.broken(value, epoch + 1, epoch + 1):
        return won(fault)
    return harmless("the re-seal waits SEALED while there are no pages and ends by itself: 1 owner, 0 updates lost")


def epc_leaks() -> Ending:
    """A34: a forked child keeps the pages of the destroyed instance; nothing else is free."""
    world = host()
    value, epoch = world.write(), world.row().epoch
    begun = len(world.notes())
    world.strike("pages-taken", ALL_PAGES)
    world.strike("forked-child")
    try:
        world.reseal()
        refused = world.await_note(begun, Phase.CREATE, FAILED)
        row, serves = world.row(), world.serves()
    finally:
        world.strike("children-exit")
        world.strike("pages-returned")
    if row.state != "SEALED" or row.epoch != epoch or serves:
        return won(f"an instance without pages: {row}")
    if "EPC pages of the old instance are not back" not in world.here.site.world.processes[NAME].output():
        return won("nobody is told where the pages went")
    if fault := world.broken(value, epoch + 1, epoch + 1):
        return won(fault)
    rule, _, detail = refused.error.partition(": ")
    return Ending("refused", rule, f"{detail}; the state stays SEALED and is served once the pages are back")


def storm() -> Ending:
    """A35: every enclave is lost; a hundred callers ask for another one at once."""
    world = host()
    record, before = world.here.intact(), world.row()
    begun = len(world.notes())
    world.strike("power-transition")
    wait_for("the loss to be seen", lambda: world.eyes.local(NAME).situation == "RUNNING", SETTLE_S)
    requests = [world.eyes.request(NAME, RESEAL, before, rotate=False) for _ in range(STORM)]
    with concurrent.futures.ThreadPoolExecutor(STORM) as threads:
        answers = list(threads.map(lambda each: _asked(world, each), requests))
    try:
        wait_for("one serving instance", lambda: world.eyes.settled(NAME), SETTLE_S)
    except WorldError as fault:
        return won(f"{fault}: {world.eyes.describe(NAME)}")
    creates = [each for each in world.notes()[begun:] if (each.phase, each.edge) == (Phase.CREATE, INTENT)]
    if len(creates) != 1 or world.row().epoch != before.epoch + 1 or not (record and world.here.intact()):
        return won(f"{len(creates)} creates, epoch {world.row().epoch} after {before.epoch}")
    ending = together(answers)
    return ending._replace(detail=f"all {len(answers)}: {answers[0].detail}; one create, one epoch")


def _asked(world: Host, request: bytes) -> Ending:
    answers: list[Any] = []

    def heard() -> bool:
        with contextlib.suppress(BlockingIOError):  # more callers at once than the socket queues
            answers.append(frames.ask(world.here.socket, "operate", request))
        return bool(answers)

    wait_for("an answer of the supervisor", heard, SETTLE_S)
    code, word, *rest = answers[0]
    if code == 0 and word == "done" and rest[0][2] == "BLOCKED":
        return Ending("refused", rest[0][3], rest[0][4])
    return won(f"an operation began: {word} {rest}")


def verifier_down() -> Ending:
    """A38: the authority, which verifies, dies when the old instance is gone; it comes back later."""
    world = host()
    value, epoch = world.write(), world.row().epoch
    begun = len(world.notes())
    asked = world.reseal()
    world.await_note(begun, Phase.DESTROY)
    with _down(world):
        time.sleep(1.0)
        states = [state for _, state, _ in world.eyes.local(NAME).instances]
        answered = asked.answered()
    if "SERVING" in states or answered:
        return won(f"it went on without a verifier: {states}, {asked.end}")
    if fault := world.broken(value, epoch + 1, epoch + 1):
        return won(fault)
    return harmless("nothing serves without a verifier; once it is back the re-seal ends by itself, 0 updates lost")


@contextlib.contextmanager
def _down(world: Host) -> Iterator[None]:
    site = world.here.site.world
    site.processes["authority"].kill()
    try:
        yield
    finally:
        site.start("authority", "authority", "start", ready="ready", within_s=600)


ATTACKS: dict[str, dict[str, Callable[[], Ending]]] = {
    "A4": {"naive": notes_cut_naive, "reseal": notes_cut},
    "A33": {"reseal": epc_taken},
    "A34": {"reseal": epc_leaks},
    "A35": {"reseal": storm},
    "A38": {"reseal": verifier_down},
}
