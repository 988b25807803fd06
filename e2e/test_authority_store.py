"""The authority's store with real processes: an older copy, a changed row, a second writer, keys that are not in the database."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import sqlite3
import sys
from collections.abc import Iterator

import pytest
from planted import key_store
from world import ROOT, World

APP = ROOT / "e2e" / "chain" / "app.py"
QUARANTINED, BLOCKED = 46, 20


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


def test_an_older_or_changed_register_is_refused_by_name_and_the_newest_one_serves(
    world: World, tmp_path: pathlib.Path
) -> None:
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
    with contextlib.closing(sqlite3.connect(database)) as rows, rows:
        (row,) = rows.execute("select row from lineage where name = 'second'").fetchone()
        rows.execute("update lineage set row = ? where name = 'second'", (row[:-1] + bytes([row[-1] ^ 1]),))
    damaged = world.cli("authority", "start", check=False)
    assert damaged.returncode == BLOCKED, damaged
    assert "lineage" in damaged.stderr, damaged

    put_back(database, today)
    with authority(world):
        born(world, "fourth")


def test_no_key_of_the_key_store_is_in_the_register(world: World) -> None:
    home = world.home / "authority"
    keys = key_store(world.home)
    assert "authority" in keys, keys.keys()
    register = b"".join(each.read_bytes() for each in home.glob("register.db*"))
    assert b"first" in register
    assert not [name for name, key in keys.items() if key[-16:] in register]
