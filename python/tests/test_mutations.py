"""Every message that an instance reads, in every wrong form: refused by name, and nothing changes."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from driven import SPKI, World

from reseal import cbor, cose, messages
from reseal.errors import CODES, Refused
from reseal.fields import MESSAGE
from reseal.machine import State


class Reading(NamedTuple):
    """How one type is made and read."""

    kind: type[Any]
    state: State
    make: Callable[[World], bytes]
    read: Callable[[World, bytes], object]
    addressed: bool


def _ack(world: World) -> bytes:
    body = world.store("checkpoint")
    message, nonce = world.instance.checkpoint(body)
    world.sealed = body, nonce
    return world.authority.checkpoint(message)


def _read_ack(world: World, message: bytes) -> None:
    assert world.sealed is not None
    world.instance.acknowledged(message, *world.sealed)


READINGS = [
    Reading(
        messages.Challenge, State.BORN, lambda w: w.authority.challenge(), lambda w, m: w.instance.challenge(m), False
    ),
    Reading(messages.Grant, State.BORN, lambda w: w.authority.grant(w.request), lambda w, m: w.instance.grant(m), True),
    Reading(
        messages.Activation,
        State.STANDBY,
        lambda w: w.authority.activate(w.request),
        lambda w, m: w.instance.activation(m, lambda _: None),
        True,
    ),
    Reading(
        messages.Ticket, State.SERVING, lambda w: w.authority.prepare(True), lambda w, m: w.instance.finish(m), True
    ),
    Reading(
        messages.RekeyGrant,
        State.SERVING,
        lambda w: w.authority.rekey(),
        lambda w, m: w.instance.rekey(m, lambda _: None),
        True,
    ),
    Reading(
        messages.Passport,
        State.SERVING,
        lambda w: w.authority.passport(),
        lambda w, m: w.instance.accept_passport(m),
        True,
    ),
    Reading(messages.CheckpointAck, State.SERVING, _ack, _read_ack, False),
    Reading(messages.Retired, State.SERVING, lambda w: w.authority.retire(), lambda w, m: w.instance.retired(m), False),
    Reading(messages.Abort, State.LOCKED, lambda w: w.authority.abort(), lambda w, m: w.instance.abort(m), True),
]
each_type = pytest.mark.parametrize("reading", READINGS, ids=[messages.name_of(each.kind) for each in READINGS])


def test_every_type_that_the_specification_sends_to_an_instance_has_a_row() -> None:
    page = pathlib.Path(__file__).resolve().parents[2] / "spec" / "messages.md"
    rows = [[cell.strip() for cell in line.split("|")] for line in page.read_text().splitlines()]
    table = {row[2].strip("`"): row[3].partition("→")[2] for row in rows if len(row) > 5 and row[1].isdecimal()}
    assert len(table) > 14
    read = {name for name, readers in table.items() if "instance" in readers or "candidate" in readers}
    # A passport is for relying parties; the instance that carries it reads it too.
    assert {messages.name_of(each.kind) for each in READINGS} == read | {"passport"}


def start(reading: Reading) -> tuple[World, bytes, bytes]:
    """A world in the right state, the good message, and its payload."""
    world = World().to(reading.state)
    message = reading.make(world)
    return world, message, cose.parse(message, MESSAGE).payload


def refused(world: World, reading: Reading, message: bytes) -> str:
    before = world.seen()
    with pytest.raises(Refused) as refusal:
        reading.read(world, message)
    assert world.seen() == before
    assert refusal.value.code in CODES.values()
    return refusal.value.rule


@each_type
def test_the_good_message_is_obeyed(reading: Reading) -> None:
    world, message, _ = start(reading)
    reading.read(world, message)


@each_type
def test_a_message_of_another_lineage_is_refused(reading: Reading) -> None:
    world, message, payload = start(reading)
    found = messages.decode(reading.kind, payload)
    other = found._replace(head=found.head._replace(lineage=os.urandom(16)))
    assert refused(world, reading, world.authority.sign(other)) == "LINEAGE_MISMATCH"
    reading.read(world, message)


@each_type
def test_a_message_to_another_instance_is_refused(reading: Reading) -> None:
    if not reading.addressed:
        pytest.skip("this type is addressed by its nonce or to the whole lineage")
    world, message, payload = start(reading)
    other = messages.decode(reading.kind, payload)._replace(instance_id=os.urandom(32))
    rule = "FENCED" if reading.kind is messages.Abort else "BINDING_MISMATCH"
    assert refused(world, reading, world.authority.sign(other)) == rule
    reading.read(world, message)


HEADS = [
    (messages.Grant, {"op_id": bytes(16)}, "BINDING_MISMATCH"),
    (messages.Grant, {"fence": 0}, "BINDING_MISMATCH"),
    (messages.Grant, {"fence": 99}, "BINDING_MISMATCH"),
    (messages.Activation, {"op_id": bytes(16)}, "BINDING_MISMATCH"),
    (messages.Activation, {"fence": 0}, "FENCED"),
    (messages.Activation, {"fence": 99}, "FENCED"),
    (messages.Ticket, {"epoch": 0}, "BINDING_MISMATCH"),
    (messages.Ticket, {"epoch": 2}, "BINDING_MISMATCH"),
    (messages.Ticket, {"fence": 1}, "FENCED"),
    (messages.RekeyGrant, {"epoch": 0}, "BINDING_MISMATCH"),
    (messages.RekeyGrant, {"fence": 1}, "FENCED"),
    (messages.Passport, {"epoch": 0}, "BINDING_MISMATCH"),
    (messages.Passport, {"epoch": 2}, "BINDING_MISMATCH"),
    (messages.CheckpointAck, {"epoch": 0}, "BINDING_MISMATCH"),
    (messages.Abort, {"op_id": bytes(16)}, "FENCED"),
]


@pytest.mark.parametrize(("kind", "change", "rule"), HEADS, ids=[f"{k.__name__}-{c}" for k, c, _ in HEADS])
def test_another_operation_epoch_or_fence_is_refused_by_name(
    kind: type[Any], change: dict[str, Any], rule: str
) -> None:
    reading = next(each for each in READINGS if each.kind is kind)
    world, message, payload = start(reading)
    found = messages.decode(kind, payload)
    assert refused(world, reading, world.authority.sign(found._replace(head=found.head._replace(**change)))) == rule
    reading.read(world, message)


FIELDS: list[tuple[type[Any], dict[str, Any], str]] = [
    (messages.Grant, {"early": True}, "WRONG_STATE"),
    (messages.Grant, {"body_id": bytes(32)}, "BINDING_MISMATCH"),
    (messages.Grant, {"policy": b"\xa0"}, "FIELD"),
    (messages.Grant, {"log_head": b"\xa0"}, "TYPE"),
    (messages.Activation, {"epoch": 7}, "FENCED"),
    (messages.Activation, {"gen": 7}, "HPKE"),
    (messages.Activation, {"state_head": bytes(32)}, "BINDING_MISMATCH"),
    (messages.Activation, {"enc": bytes(32)}, "KEY"),
    (messages.Activation, {"ct": bytes(64)}, "HPKE"),
    (messages.Activation, {"passport": b"\xa0"}, "TYPE"),
    (messages.Activation, {"policy": b"\xa0"}, "POLICY_REFUSED"),
    (messages.RekeyGrant, {"gen": 1}, "FENCED"),
    (messages.RekeyGrant, {"gen": 3}, "HPKE"),
    (messages.Passport, {"nonce": bytes(32)}, "BINDING_MISMATCH"),
    (messages.Passport, {"pk_sig": SPKI}, "BINDING_MISMATCH"),
    (messages.CheckpointAck, {"body_id": bytes(32)}, "BINDING_MISMATCH"),
    (messages.CheckpointAck, {"nonce": bytes(32)}, "BINDING_MISMATCH"),
    (messages.Retired, {"log_head": b"\xa0"}, "TYPE"),
    (messages.Challenge, {"log_head": b"\xa0"}, "TYPE"),
]


@pytest.mark.parametrize(
    ("kind", "change", "rule"), FIELDS, ids=[f"{k.__name__}-{next(iter(c))}" for k, c, _ in FIELDS]
)
def test_another_value_of_a_field_is_refused_by_name(kind: type[Any], change: dict[str, Any], rule: str) -> None:
    reading = next(each for each in READINGS if each.kind is kind)
    world, message, payload = start(reading)
    other = messages.decode(kind, payload)._replace(**change)
    assert refused(world, reading, world.authority.sign(other)) == rule
    reading.read(world, message)


@each_type
def test_another_signer_type_or_signature_is_refused(reading: Reading) -> None:
    world, message, payload = start(reading)
    name = messages.name_of(reading.kind)
    stranger = cose.SigningKey.generate()
    assert refused(world, reading, cose.sign(name, payload, stranger)) == "SIGNER"
    assert refused(world, reading, cose.sign("log-entry", payload, world.authority.key)) == "SIGNATURE"
    flipped = message[:-1] + bytes((message[-1] ^ 1,))
    assert refused(world, reading, flipped) == "SIGNATURE"
    reading.read(world, message)


@each_type
def test_a_message_of_every_other_type_is_refused(reading: Reading) -> None:
    world, message, _ = start(reading)
    for other in READINGS:
        if other.kind is not reading.kind:
            theirs, foreign, payload = start(other)
            assert refused(world, reading, foreign) == "SIGNER"
            assert refused(world, reading, cose.sign(messages.name_of(other.kind), payload, world.authority.key)) in (
                "SIGNATURE",
            )
            assert refused(world, reading, cose.sign(messages.name_of(reading.kind), payload, world.authority.key)) in (
                "FIELD",
                "SIZE",
                "TYPE",
            )
            del theirs
    reading.read(world, message)


def cuts(message: bytes) -> Iterator[bytes]:
    step = max(1, len(message) // 97)
    for size in range(0, len(message), step):
        yield message[:size]


@each_type
def test_a_message_that_is_cut_or_too_long_is_refused(reading: Reading) -> None:
    world, message, _ = start(reading)
    for cut in cuts(message):
        assert refused(world, reading, cut) == "TRUNCATED"
    assert refused(world, reading, message + b"\0") == "TRAILING"
    assert refused(world, reading, message + bytes(MESSAGE)) == "SIZE"
    reading.read(world, message)


@each_type
def test_a_payload_that_is_not_canonical_or_not_whole_is_refused(reading: Reading) -> None:
    world, message, payload = start(reading)
    name = messages.name_of(reading.kind)
    fields = cbor.decode(payload)

    def attempt(content: bytes) -> str:
        return refused(world, reading, cose.sign(name, content, world.authority.key))

    head = payload[0]
    count = head & 31
    assert head >> 5 == 5
    assert count < 23
    assert attempt(b"\xb8" + bytes((count,)) + payload[1:]) == "NOT_SHORTEST"
    assert attempt(b"\xbf" + payload[1:] + b"\xff") == "INDEFINITE"
    assert attempt(payload[:1] + b"\x18\x01" + payload[2:]) == "NOT_SHORTEST"
    assert attempt(bytes((head + 1,)) + payload[1:3] + b"\x01" + payload[2:]) in ("KEY_ORDER", "TYPE")
    assert attempt(payload + b"\xf6") == "TRAILING"
    assert attempt(cbor.encode({**fields, 99: 1})) == "FIELD"
    assert attempt(cbor.encode({**fields, 1: 2})) == "FIELD"
    assert attempt(cbor.encode({**fields, 2: fields[2] + 1})) == "FIELD"
    for key in fields:
        assert attempt(cbor.encode({other: value for other, value in fields.items() if other != key})) == "FIELD"
        assert attempt(cbor.encode({**fields, key: {}})) == "TYPE"
    reading.read(world, message)
