"""The authority's store with real processes: an older copy, whatever was changed, a second writer, SIGKILL at any moment."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import pathlib
import random
import shutil
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator

import asking
import pytest
from asking import connection, row
from planted import key_store
from world import ROOT, World

APP = ROOT / "e2e" / "chain" / "app.py"
QUARANTINED, BLOCKED = 46, 20
KILLS = 6


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("store")) as made:
        made.cli("authority", "init")
        made.cli("platform", "init")
        made.start("platform", "platform", "start", ready="ready", within_s=60)
        yield made


@contextlib.contextmanager
def authority(world: World) -> Iterator[None]:
    world.start("authority", "authority", "start", ready="ready", within_s=60)
    try:
        yield
    finally:
        world.processes.pop("authority").stop()


def born(world: World, name: str) -> None:
    """A lineage of that name is known to the register."""
    policy = world.home / f"{name}.json"
    words = ["draft", "--lineage", name, "--purpose", "billing-token", "--", sys.executable, str(APP)]
    policy.write_text(world.cli(*words).stdout)
    world.cli("authority", "policy", "apply", str(policy))


def copy(database: pathlib.Path, to: pathlib.Path) -> None:
    for each in database.parent.glob(database.name + "*"):
        shutil.copy2(each, to / each.name)


def put_back(database: pathlib.Path, of: pathlib.Path) -> None:
    for each in database.parent.glob(database.name + "*"):
        each.unlink()
    copy(of / database.name, database.parent)


def test_an_older_register_is_refused_by_name_and_the_newest_one_serves(world: World, tmp_path: pathlib.Path) -> None:
    database = world.home / "authority" / "register.db"
    yesterday, today = tmp_path / "yesterday", tmp_path / "today"
    yesterday.mkdir()
    today.mkdir()
    with authority(world):
        born(world, "first")
        second = world.cli("authority", "start", check=False)
        assert second.returncode == BLOCKED, second
    copy(database, yesterday)
    with authority(world):
        born(world, "second")
        born(world, "third")
    copy(database, today)

    put_back(database, yesterday)
    rolled = world.cli("authority", "start", check=False)
    assert rolled.returncode == QUARANTINED, rolled
    assert "AUTHORITY_ROLLBACK" in rolled.stderr, rolled

    put_back(database, today)
    with authority(world):
        born(world, "fourth")


def test_a_port_in_use_is_named_in_a_line_and_the_authority_starts_once_it_has_one(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = world.cli("authority", "start", "--port", str(port), check=False)
    assert done.returncode == BLOCKED
    assert "PORT_IN_USE" in done.stderr and f"127.0.0.1:{port}" in done.stderr
    assert "\tat " not in done.stderr, "a stack trace is no message"
    with authority(world):
        pass


CHANGES = {
    "lineage": "update lineage set name = name || 'x' where name = 'second'",
    "log": "update log set hash = zeroblob(32) where seq = 1",
    "answer": "update answer set answer = zeroblob(1) where rowid = (select min(rowid) from answer)",
}


def newest(anchor: bytes) -> tuple[int, bytes]:
    """The newest mark of an anchor, one further."""
    lines = [line.split() for line in anchor.split(b"\n") if line.strip(b"\0")]
    number, digest = max((int(line[0]), line[1]) for line in lines)
    return number + 1, digest


def mark(number: int, digest: bytes) -> bytes:
    """A line as the authority writes them."""
    said = b"%d %b" % (number, digest)
    return (said + b" " + hashlib.sha256(said).hexdigest().encode()).ljust(4095) + b"\n"


DAMAGES: list[tuple[str, Callable[[bytes], bytes], int, str]] = [
    ("anchor", lambda whole: whole[:-9], BLOCKED, "the anchor"),
    ("anchor", lambda whole: mark(*newest(whole)) * 2, QUARANTINED, "AUTHORITY_ROLLBACK"),
    ("keystore", lambda whole: whole[:20] + bytes([whole[20] ^ 1]) + whole[21:], BLOCKED, "damaged at offset 16"),
    ("keystore", lambda whole: whole[:-9], BLOCKED, "damaged at offset"),
]


def refused(world: World, code: int, *said: str) -> None:
    done = world.cli("authority", "start", check=False)
    assert done.returncode == code and all(each in done.stderr for each in said), done


def test_whatever_is_changed_in_the_store_is_named_and_nothing_of_it_is_served(
    world: World, tmp_path: pathlib.Path
) -> None:
    database = world.home / "authority" / "register.db"
    copy(database, tmp_path)
    for table, change in CHANGES.items():
        with contextlib.closing(sqlite3.connect(database)) as rows, rows:
            assert rows.execute(change).rowcount == 1
        refused(world, BLOCKED, "AUTHORITY_START", f"table {table}")
        put_back(database, tmp_path)
    for name, damage, code, said in DAMAGES:
        path = world.home / "authority" / name
        whole = path.read_bytes()
        path.write_bytes(damage(whole))
        refused(world, code, said)
        path.write_bytes(whole)
    with authority(world):
        born(world, "fifth")


class Operator:
    """Begins the birth of a lineage and gives it up, again and again; knows what was answered."""

    def __init__(self, home: pathlib.Path, name: str) -> None:
        self._home, self._key = home, asking.signer(home / "operator" / "operator.pem")
        found = row(home, name)
        self._lineage, self._targets = found[1], [[*found[31][0], 2, None]]
        self.state, self.fence = found[2], found[4]
        self.pending = b""

    def operate(self, until: float) -> int:
        """How many were answered before the authority died."""
        count = 0
        with contextlib.suppress(OSError, http.client.HTTPException):
            while time.monotonic() < until:
                begins = self.state == "EMPTY"
                kind, targets = (asking.GENESIS, self._targets) if begins else (asking.ABORT, [])
                self.pending = asking.request(self._key, kind, self._lineage, self.fence, 0, targets, begins)
                self.answered()
                count += 1
        return count

    def answered(self) -> None:
        """Sends what was not answered, once more if need be."""
        with contextlib.closing(connection(self._home)) as peer:
            peer.request("POST", "/v1/request", body=self.pending)
            with peer.getresponse() as answer:
                assert answer.status == 200, answer.read()
                answer.read()
        self.pending = b""
        self.state, self.fence = ("SEALED", self.fence + 1) if self.state == "EMPTY" else ("EMPTY", self.fence)


def test_an_authority_that_is_killed_at_any_moment_forgets_nothing_that_it_answered(world: World) -> None:
    seeded, kills, answered = random.Random(29), 0, 0
    with authority(world):
        born(world, "killed")
        operator = Operator(world.home, "killed")
    while kills < KILLS or answered <= KILLS:  # on a busy machine little is answered between two kills
        kills += 1
        assert kills < 10 * KILLS, answered
        world.start("authority", "authority", "start", ready="ready", within_s=60)
        if operator.pending:
            operator.answered()
        found = row(world.home, "killed")
        assert (found[2], found[4]) == (operator.state, operator.fence)
        mine = [name for name in key_store(world.home) if found[1].hex() in name]
        assert len(mine) == (2 if operator.state == "SEALED" else 0), mine
        killer = threading.Timer(seeded.uniform(0.05, 1.5), world.processes.pop("authority").kill)
        killer.start()
        answered += operator.operate(time.monotonic() + 30)
        killer.join()
    with authority(world):
        assert row(world.home, "killed")[1]


def test_no_key_of_the_key_store_is_in_the_register(world: World) -> None:
    home = world.home / "authority"
    keys = key_store(world.home)
    assert "authority" in keys, keys.keys()
    register = b"".join(each.read_bytes() for each in home.glob("register.db*"))
    assert b"first" in register
    assert not [name for name, key in keys.items() if key[-16:] in register]
