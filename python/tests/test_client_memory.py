"""What a relying party remembers, and that it trusts nobody whom it could not remember."""

from __future__ import annotations

import errno
import os
import pathlib
import stat
import time
import types
from collections.abc import Callable

import pytest
from stand_ins import LINEAGE, Authority, Start, connect

from reseal import cbor, client
from reseal.client import Memory, Refused, Unknown
from reseal.client_checks import Floor


def test_memory_rises_only_and_outlives_the_process(authority: Authority, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "seen"
    first, second = Memory(path), Memory(path)
    first.saw(LINEAGE, Floor(5, 9, 2, authority.log_head(7)))
    second.saw(LINEAGE, Floor(4, 8, 3, authority.log_head(6)))
    assert Memory(path).floor(LINEAGE) == Floor(5, 9, 3, first.floor(LINEAGE).log_head)
    assert Memory(path).floor(bytes(16)) == Floor()
    for cut in range(path.stat().st_size):
        (tmp_path / "torn").write_bytes(path.read_bytes()[:cut])
        with pytest.raises(Refused, match="MEMORY"):
            Memory(tmp_path / "torn")


def test_a_memory_that_cannot_be_read_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(Refused, match="MEMORY"):
        Memory(tmp_path)


@pytest.mark.parametrize("full", [stat.S_ISREG, stat.S_ISDIR])
def test_nobody_is_trusted_before_he_is_remembered_on_disk(
    start: Start,
    authority: Authority,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    full: Callable[[int], bool],
) -> None:
    instance, path, sync = start(), tmp_path / "seen", os.fsync

    def no_room(file: int) -> None:
        if full(os.fstat(file).st_mode):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(file)

    with connect(instance, authority, Memory(path)) as peer:
        monkeypatch.setattr(os, "fsync", no_room)
        for _ in range(2):
            with pytest.raises(Refused, match="No space left") as refused:
                peer.get("/")
            assert refused.value.rule == "MEMORY"
        assert instance.calls == []
        monkeypatch.undo()
        assert peer.get("/").status == 200
    assert Memory(path).floor(LINEAGE).epoch == 2


def test_a_passport_ends_in_time_though_it_took_long_to_remember_it(
    start: Start, authority: Authority, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, sync = start(life=400), os.fsync

    def slow(file: int) -> None:
        time.sleep(0.3)
        sync(file)

    stopped = types.SimpleNamespace(time_ns=time.time_ns().__int__, monotonic=time.monotonic, sleep=time.sleep)
    monkeypatch.setattr(os, "fsync", slow)
    monkeypatch.setattr(client, "time", stopped)
    with connect(instance, authority, Memory(tmp_path / "seen")) as peer:
        with pytest.raises(Unknown, match="PASSPORT_EXPIRED"):
            peer.post("/pay", b"5")


def test_what_another_process_saw_is_known_before_anybody_is_asked(
    start: Start, authority: Authority, tmp_path: pathlib.Path
) -> None:
    here, elsewhere = Memory(tmp_path / "seen"), Memory(tmp_path / "seen")
    elsewhere.saw(LINEAGE, Floor(3, 3, 4))
    with connect(start(), authority, here) as peer, pytest.raises(Refused) as refused:
        peer.get("/")
    assert refused.value.rule == "EPOCH_SUPERSEDED"


@pytest.mark.parametrize("shared", [True, False])
def test_what_another_client_saw_during_the_exchange_counts(
    start: Start, authority: Authority, tmp_path: pathlib.Path, shared: bool
) -> None:
    here = Memory() if shared else Memory(tmp_path / "seen")
    elsewhere = here if shared else Memory(tmp_path / "seen")
    instance, epochs = start(), [2, 3]

    def give() -> bytes:
        elsewhere.saw(LINEAGE, Floor(3, 3, 4))
        return authority.passport(instance, epoch=epochs.pop(0))

    instance.give = give
    with connect(instance, authority, here) as peer:
        assert peer.get("/").status == 200
    assert len(instance.hellos) == 2


def test_an_older_owner_than_another_client_saw_during_the_exchange_is_refused(
    start: Start, authority: Authority
) -> None:
    instance, memory = start(), Memory()

    def give() -> bytes:
        memory.saw(LINEAGE, Floor(3, 3, 4))
        return authority.passport(instance)

    instance.give = give
    with connect(instance, authority, memory) as peer, pytest.raises(Refused) as refused:
        peer.get("/")
    assert refused.value.rule == "EPOCH_SUPERSEDED"
    assert instance.calls == []


def test_what_could_not_be_read_again_is_not_written(tmp_path: pathlib.Path) -> None:
    path, most = tmp_path / "seen", 1024
    path.write_bytes(cbor.encode([[n.to_bytes(16, "big"), 1, 1, 1, None] for n in range(most)]))
    memory = Memory(path)
    with pytest.raises(Refused, match=r"MEMORY.*1025 items"):
        memory.saw(LINEAGE, Floor(1, 1, 1))
    assert memory.saw(bytes(16), Floor(2, 2, 2)) == Floor(2, 2, 2)
    assert Memory(path).floor(bytes(16)).epoch == 2
