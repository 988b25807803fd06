"""Attacks on whole processes: one site with authority, platform, supervisor and application, made on demand."""

from __future__ import annotations

import contextlib
import functools
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import asking
import frames
import hygiene
from canary import Canary, Scanner
from ending import Ending, harmless, together, won
from services import Site
from world import WorldError, remove, wait_for

from reseal import cose
from reseal.errors import ResealError

NAME = "attacked"


class Place:
    """The site, with its secrets planted."""

    def __init__(self, kept: pathlib.Path | None) -> None:
        self._kept = kept is not None
        if kept is None:
            self.home = pathlib.Path(tempfile.mkdtemp(prefix="ra"))
        else:
            kept.mkdir()
            self.home = kept
        self.home.chmod(0o755)
        if os.getuid() == 0 and not hygiene.as_nobody(lambda: os.stat(self.home)).startswith("OK"):
            raise WorldError(f"what keeps others out must be the program's own directories, not one above {self.home}")
        self.site = Site(self.home)
        try:
            self.secrets = hygiene.plant(self.site, NAME)
        except BaseException:
            self.close()
            raise

    @property
    def socket(self) -> pathlib.Path:
        return self.home / "lineages" / NAME / "control.sock"

    def pids(self) -> dict[str, int]:
        return hygiene.pids(self.site, NAME)

    def record(self) -> bytes:
        with self.site.client(NAME) as client:
            return bytes(client.get("/secret").body)

    def intact(self) -> bool:
        with contextlib.suppress(ResealError):
            return self.record() == self.secrets.record.content
        return False

    def close(self) -> None:
        self.site.tidy()
        self.site.world.close()
        if not self._kept:
            remove(self.home)


_places: list[Place] = []
_keep: list[pathlib.Path] = []


def keep(home: pathlib.Path) -> None:
    """The site is made there, and stays."""
    _keep[:] = [home]


def place() -> Place:
    if not _places:
        _places.append(Place(_keep[0] if _keep else None))
    return _places[0]


def close() -> None:
    while _places:
        _places.pop().close()


NAIVE = """
import os, signal, socket, sys, time
key = sys.argv[1]
print("starting with", key, flush=True)
door = socket.socket(socket.AF_UNIX)
door.bind(sys.argv[2]); os.chmod(sys.argv[2], 0o777); door.listen()
print("ready", flush=True)
while True:
    peer, _ = door.accept()
    peer.sendall(b"rotated" if peer.recv(100) == b"rotate" else b"?")
"""


@contextlib.contextmanager
def naive_service(key: str) -> Iterator[tuple[subprocess.Popen[bytes], pathlib.Path]]:
    """A script that gets the key on its command line, prints what it does and listens to everybody."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rn"))
    folder.chmod(0o755)
    log = folder / "service.log"
    with log.open("wb") as out:
        command = [sys.executable, "-I", "-c", NAIVE, key, str(folder / "door")]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        wait_for("the naive service", lambda: b"ready" in log.read_bytes(), 20)
        yield process, folder
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def leaks_naive() -> Ending:
    """A23: the log of the naive service."""
    key = secrets.token_hex(32)
    with naive_service(key) as (_, folder):
        hits = list(Scanner([Canary("key", bytes.fromhex(key))]).tree(folder))
    return won(f"the key stands in {pathlib.Path(hits[0].place).name}") if hits else harmless("no file has it")


def leaks() -> Ending:
    """A23: every file that the whole site has written, and every temporary file."""
    if os.geteuid() != 0:
        raise WorldError("what this search must find is in an instance, which only root may look into: run it as root")
    here = place()
    hits = hygiene.files(here.site, here.secrets.all)
    if hits:
        return won(f"{hits[0].canary} stands in {hits[0].place} ({hits[0].form})")
    found = {hit.canary for hit in Scanner([here.secrets.operator]).file(here.home / "authority" / "keystore")}
    control = {hit.canary for hit in Scanner([here.secrets.record, here.secrets.key]).process(here.pids()["instance"])}
    if found or control != {"record", "key generation"}:
        return won(f"the scan proves nothing: it found {control} in the instance's own memory")
    size = sum(path.stat().st_size for path in here.home.rglob("*") if path.is_file())
    count = len(here.secrets.all)
    return harmless(f"{count} secrets in no file ({size >> 10} KiB); found where they belong, in the instance")


def dumped_naive() -> Ending:
    """A24: the memory of the host's own process."""
    key = secrets.token_hex(32)
    with naive_service(key) as (process, _):
        hits = list(Scanner([Canary("key", bytes.fromhex(key))]).process(process.pid))
    return won("a dump of the host process holds the key") if hits else harmless("the dump has no key")


def dumped() -> Ending:
    """A24: memory, cores and attach of what is untrusted; cores and attach of the authority."""
    here = place()
    if not here.intact():  # so that a record has just passed through what is searched
        return won("the service is gone")
    pids = here.pids()
    image = Canary("measurement", bytes.fromhex(str(here.site.status(NAME)["mrenclave"])))
    for name, own, control in ((NAME, "K_S", here.secrets.supervisor), ("platform", "S_plat", image)):
        found = {hit.canary: hit for hit in Scanner([*here.secrets.but(own), control]).process(pids[name])}
        if found.pop(control.name, None) is None:
            return won(f"the scan proves nothing: it does not find {control.name} in {name}, which has it by right")
        for hit in found.values():
            return won(f"{hit.canary} is in {hit.place} of {name}")
    for name in (NAME, "platform", "authority"):
        if hygiene.core_limits(pids[name]) != ("0", "0"):
            return won(f"{name} may write a core: {hygiene.core_limits(pids[name])}")
    hygiene.attaches_elsewhere()
    said = hygiene.attach_refusal(pids["authority"])
    if "does not support the attach mechanism" not in said:
        return won(f"a debugger attaches to the authority, or fails for another reason: {said or 'done'}")
    if not here.intact():
        return won("the service is gone")
    count = len(here.secrets.all) - 1
    return harmless(f"{count} secrets in no byte of supervisor and platform; no cores; attaching is refused")


def listed_naive() -> Ending:
    """A25: what any user sees of a process."""
    key = secrets.token_hex(32)
    with naive_service(key) as (process, _):
        line = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
    return won("the key stands in the process list") if key.encode() in line else harmless("it does not")


def _first_byte(path: pathlib.Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(1)


def listed() -> Ending:
    """A25: arguments for everybody; environment and memory for another user."""
    here = place()
    for name, pid in here.pids().items():
        proc = pathlib.Path(f"/proc/{pid}")
        seen = [(proc / "cmdline").read_bytes(), (proc / "environ").read_bytes()]
        for hit in Scanner(here.secrets.all).blocks(seen, name):
            return won(f"{hit.canary} stands in arguments or environment of {name}")
        if os.getuid() == 0:
            for what in ("environ", "mem", "maps"):
                got = hygiene.as_nobody(functools.partial(_first_byte, proc / what))
                if got != "PermissionError":
                    return won(f"another user reads {what} of {name}: {got}")
    if os.getuid() != 0:
        print("attack A25: not root, so nothing was tried as another user", file=sys.stderr)
    count = len(here.secrets.all)
    return harmless(
        f"{count} secrets in no arguments and no environment; another user is refused environment and memory"
    )


def door_naive() -> Ending:
    """A26: anybody says rotate."""
    with naive_service("k") as (_, folder), socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(folder / "door"))
        peer.sendall(b"rotate")
        answer = peer.recv(100)
    return won("whoever reaches the socket rotates the service") if answer == b"rotated" else harmless(repr(answer))


def door() -> Ending:
    """A26: another user connects; our own user asks without an operator's key."""
    here = place()
    endings = []
    if os.getuid() == 0:
        for path in (here.socket, *(here.home / "platform" / name for name in ("host.sock", "device.sock"))):
            got = hygiene.as_nobody(functools.partial(frames.ask, path, "status"))
            if got != "PermissionError":
                return won(f"another user reaches {path.name}: {got}")
    else:
        print("attack A26: not root, so nothing was tried as another user", file=sys.stderr)
    before = here.site.status(NAME)
    for key in (cose.SigningKey.generate(), asking.signer(here.home / "lineages" / NAME / "supervisor.pem")):
        answer = frames.ask(here.socket, "operate", _reseal_request(before, key))
        if answer[0] == 0:
            return won("a re-seal began without an operator's key")
        endings.append(Ending("refused", answer[1], answer[2]))
    return together(endings) if here.intact() else won("the service is gone")


def _reseal_request(status: dict[str, Any], key: cose.SigningKey) -> bytes:
    lineage, target = bytes.fromhex(status["lineage_id"]), [bytes.fromhex(status["mrenclave"]), 0, 0, 2, bytes(32)]
    return asking.request(key, asking.RESEAL, lineage, status["fence"], status["epoch"], [target], rotate=True)


ATTACKS: dict[str, dict[str, Callable[[], Ending]]] = {
    "A23": {"naive": leaks_naive, "reseal": leaks},
    "A24": {"naive": dumped_naive, "reseal": dumped},
    "A25": {"naive": listed_naive, "reseal": listed},
    "A26": {"naive": door_naive, "reseal": door},
}
