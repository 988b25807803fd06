"""``spec/mutations.vec``: every message that an instance reads, wrong in every way; and their other fields."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from driven import SPKI, World
from mutations import HEADER, NOTES, ROWS, Good, Scene, cells, over, row_of, trial

from reseal import cbor, messages
from reseal.errors import CODES, Refused


class Reading(NamedTuple):
    """How one type comes about and is read by the instance of epoch 2, and how it could be read again later."""

    kind: type[Any]
    come: Callable[[World], World]
    make: Callable[[World], bytes]
    read: Callable[[World, bytes], object]
    later: Callable[[World], object]
    addressed: bool


def _activate(world: World, message: bytes) -> None:
    world.instance.activation(message, lambda *_: None)


def _aborted(world: World) -> None:
    world.instance.drained()
    world.instance.abort(world.authority.abort())


def _ack(world: World) -> bytes:
    return world.authority.checkpoint(world.instance.checkpoint(world.store("checkpoint")))


def _locked(world: World) -> World:
    world.succeeded().lock()
    return world


def _another(world: World) -> World:
    """Another candidate, of the next operation."""
    world.authority.begin()
    return world.attested()


def _another_restored(world: World) -> World:
    world.authority.begin()
    return world.restored()


def _rekey(world: World, message: bytes) -> None:
    world.instance.rekey(message)
    world.instance.rekeyed(done=True)


def _newer_passport(world: World) -> None:
    world.authority.life_ms += 60_000
    world.instance.accept_passport(world.authority.passport())
    world.authority.life_ms += 60_000


def _retired(world: World, log_head: bytes) -> bytes:
    return world.authority.sign(messages.Retired(world.authority.head(), (), (1,), log_head, 0))


def _learn(world: World, log_head: bytes) -> None:
    """Inside a message that is right otherwise."""
    world.instance.retired(_retired(world, log_head))


def _nothing(_: World) -> None: ...


READINGS = [
    Reading(
        messages.Challenge,
        World.restored,
        lambda w: w.authority.challenge(),
        lambda w, m: w.instance.challenge(m),
        _nothing,
        False,
    ),
    Reading(
        messages.Grant,
        World.attested,
        lambda w: w.authority.grant(w.request),
        lambda w, m: w.instance.grant(m),
        _another,
        True,
    ),
    Reading(
        messages.Activation,
        World.restored,
        lambda w: w.authority.activate(w.request),
        _activate,
        _another_restored,
        True,
    ),
    Reading(
        messages.Ticket,
        World.succeeded,
        lambda w: w.authority.prepare(True),
        lambda w, m: w.instance.finish(m),
        _aborted,
        True,
    ),
    Reading(messages.RekeyGrant, World.succeeded, lambda w: w.authority.rekey(), _rekey, _nothing, True),
    Reading(
        messages.Passport,
        World.succeeded,
        lambda w: w.authority.passport(),
        lambda w, m: w.instance.accept_passport(m),
        _newer_passport,
        True,
    ),
    Reading(messages.CheckpointAck, World.succeeded, _ack, lambda w, m: w.instance.acknowledged(m), _nothing, False),
    Reading(
        messages.Retired,
        World.succeeded,
        lambda w: _retired(w, w.authority.log_head()),
        lambda w, m: w.instance.retired(m),
        _nothing,
        False,
    ),
    Reading(messages.Abort, _locked, lambda w: w.authority.abort(), lambda w, m: w.instance.abort(m), World.lock, True),
    Reading(
        messages.LogHead,
        World.succeeded,
        lambda w: w.authority.log_head(),
        _learn,
        lambda w: _learn(w, w.authority.log_head()),
        False,
    ),
]
each_type = pytest.mark.parametrize("reading", READINGS, ids=[messages.name_of(each.kind) for each in READINGS])


def scene(reading: Reading) -> Scene:
    world = reading.come(World().sealed())

    def now(later: Callable[[], Scene]) -> Scene:
        good = Good(reading.make(world), reading.kind, world.authority.key, world.former, 1)
        return Scene(lambda message: reading.read(world, message), world.seen, good, later)

    def afterwards() -> Scene:
        reading.later(world)
        return now(over)

    return now(afterwards)


SCENES = {messages.name_of(each.kind): each for each in READINGS}


@pytest.mark.parametrize(("message", "mutation"), cells("instance", dict.fromkeys(SCENES, scene)))
def test_every_cell_holds(message: str, mutation: str) -> None:
    trial(row_of("instance", message), mutation, scene(SCENES[message]))


def test_the_table_has_no_hole_and_every_note_is_used() -> None:
    assert all(len(row) == len(HEADER) for row in ROWS)
    assert len({(row[0], row[1]) for row in ROWS}) == len(ROWS)
    assert {cell[1:] for row in ROWS for cell in row[2:] if not cell.startswith("-")} == NOTES


def test_every_type_that_exists_has_a_row_and_so_has_every_one_that_the_specification_sends_to_an_instance() -> None:
    assert {row[1] for row in ROWS} == {kind.name for kind in messages.KINDS.values()}
    page = pathlib.Path(__file__).resolve().parents[2] / "spec" / "messages.md"
    rows = [[cell.strip() for cell in line.split("|")] for line in page.read_text().splitlines()]
    table = {row[2].strip("`"): row[3].partition("→")[2] for row in rows if len(row) > 5 and row[1].isdecimal()}
    assert len(table) > 14
    read = {name for name, readers in table.items() if "instance" in readers or "candidate" in readers}
    # A passport is for relying parties, and log heads are in other messages; instances read both.
    assert SCENES.keys() == read | {"passport", "log-head"}


def refused(scene: Scene, message: bytes) -> str:
    before = scene.whole()
    with pytest.raises(Refused) as refusal:
        scene.read(message)
    assert scene.whole() == before
    assert refusal.value.code in CODES.values()
    return refusal.value.rule


@each_type
def test_a_message_to_another_instance_is_refused(reading: Reading) -> None:
    if not reading.addressed:
        pytest.skip("this type is addressed by its nonce or to the whole lineage")
    found = scene(reading)
    other = messages.decode(reading.kind, found.good.payload)._replace(instance_id=os.urandom(32))
    rule = "FENCED" if reading.kind is messages.Abort else "BINDING_MISMATCH"
    assert refused(found, found.good.signed(messages.encode(other))) == rule
    found.read(found.good.message)


FIELDS: list[tuple[type[Any], dict[str, Any], str]] = [
    (messages.Grant, {"early": True}, "WRONG_STATE"),
    (messages.Grant, {"body_id": None}, "BINDING_MISMATCH"),
    (messages.Grant, {"policy": b"\xa0"}, "FIELD"),
    (messages.Grant, {"log_head": b"\xa0"}, "TYPE"),
    (messages.Activation, {"epoch": 7}, "FENCED"),
    (messages.Activation, {"gen": 7}, "HPKE"),
    (messages.Activation, {"state_head": bytes(32)}, "BINDING_MISMATCH"),
    (messages.Activation, {"enc": bytes(32)}, "KEY"),
    (messages.Activation, {"ct": bytes(64)}, "HPKE"),
    (messages.Activation, {"passport": b"\xa0"}, "TYPE"),
    (messages.Activation, {"policy": b"\xa0"}, "POLICY_REFUSED"),
    (messages.RekeyGrant, {"gen": 2}, "FENCED"),
    (messages.RekeyGrant, {"gen": 4}, "HPKE"),
    (messages.Passport, {"nonce": bytes(32)}, "BINDING_MISMATCH"),
    (messages.Passport, {"pk_sig": SPKI}, "BINDING_MISMATCH"),
    (messages.Passport, {"tls_digest": bytes(32)}, "BINDING_MISMATCH"),
    (messages.CheckpointAck, {"body_id": bytes(32)}, "BINDING_MISMATCH"),
    (messages.CheckpointAck, {"nonce": bytes(32)}, "BINDING_MISMATCH"),
    (messages.Retired, {"log_head": b"\xa0"}, "TYPE"),
    (messages.Challenge, {"log_head": b"\xa0"}, "TYPE"),
]


@pytest.mark.parametrize(
    ("kind", "change", "rule"), FIELDS, ids=[f"{k.__name__}-{next(iter(c))}" for k, c, _ in FIELDS]
)
def test_another_value_of_a_field_is_refused_by_name(kind: type[Any], change: dict[str, Any], rule: str) -> None:
    found = scene(SCENES[messages.name_of(kind)])
    other = messages.decode(kind, found.good.payload)._replace(**change)
    assert refused(found, found.good.signed(messages.encode(other))) == rule
    found.read(found.good.message)


@each_type
def test_a_payload_of_another_form_or_that_is_not_whole_is_refused(reading: Reading) -> None:
    found = scene(reading)
    payload = found.good.payload
    fields = cbor.decode(payload)

    def attempt(content: bytes) -> str:
        return refused(found, found.good.signed(content))

    head = payload[0]
    assert head >> 5 == 5
    assert head & 31 < 23
    assert attempt(b"\xbf" + payload[1:] + b"\xff") == "INDEFINITE"
    assert attempt(bytes((head + 1,)) + payload[1:3] + b"\x01" + payload[2:]) in ("KEY_ORDER", "TYPE")
    assert attempt(payload + b"\xf6") == "TRAILING"
    assert attempt(cbor.encode({**fields, 99: 1})) == "FIELD"
    assert attempt(cbor.encode({**fields, 1: 2})) == "FIELD"
    assert attempt(cbor.encode({**fields, 2: fields[2] + 1})) == "FIELD"
    for key in fields:
        assert attempt(cbor.encode({other: value for other, value in fields.items() if other != key})) == "FIELD"
        assert attempt(cbor.encode({**fields, key: {}})) == "TYPE"
    found.read(found.good.message)
