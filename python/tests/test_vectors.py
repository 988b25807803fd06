"""Every vector of ``spec/vectors`` outside ``rsc1`` does here what it does in every other implementation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from vector_files import Case, parametrized

from reseal import cbor, cose, hpke, messages, rsc1, slots
from reseal.errors import Refused
from reseal.fields import (
    CORE,
    LIST,
    MESSAGE,
    SLOTS,
    Shape,
    blob,
    boolean,
    fixed,
    listed,
    map_of,
    nullable,
    number,
    row,
    text,
)
from reseal.hashes import body_id, head_digest, instance_id, labelled, policy_digest, raw_public, sha256, slot_digest


@parametrized("cbor.vec", "profile bytes expect")
def test_cbor(case: Case) -> None:
    fields = dict(case)
    read, write = {
        "structure": (cbor.decode, cbor.encode),
        "values": (cbor.decode_value, cbor.encode_value),
    }[fields["profile"]]
    data = bytes.fromhex(fields["bytes"])
    if fields["expect"] == "ok":
        assert write(read(data)) == data
    else:
        with pytest.raises(Refused) as refused:
            read(data)
        assert refused.value.rule == fields["expect"]


@parametrized(
    "hpke.vec", "title recipient ephemeral info plaintext enc ct key nonce purpose lineage op fence to context"
)
def test_hpke(case: Case) -> None:
    fields = dict(case)
    raw = {key: bytes.fromhex(value) for key, value in fields.items() if key not in ("title", "purpose", "fence")}
    secret = X25519PrivateKey.from_private_bytes(raw["recipient"])
    if "purpose" in fields:
        context = raw["context"]
        made = hpke.info(
            fields["purpose"],
            raw["lineage"],
            raw["op"],
            int(fields["fence"]),
            raw["to"],
            context[: len(context) // 2],
            context[len(context) // 2 :],
        )
        assert made == raw["info"]
        assert fields["purpose"] in ("share", "grant", "open", "keyset", "rekey")
    if "ct" in raw:
        ephemeral = X25519PrivateKey.from_private_bytes(raw["ephemeral"])
        assert hpke.seal_box(raw_public(secret), raw["info"], raw["plaintext"], ephemeral) == (raw["enc"], raw["ct"])
        assert hpke.open_box(secret, raw["info"], raw["enc"], raw["ct"]) == raw["plaintext"]
    if "key" in raw:
        assert hpke.receive(secret, raw["info"], raw["enc"]) == (raw["key"], raw["nonce"])


@parametrized("cose.vec", "type spki message expect payload")
def test_cose(case: Case) -> None:
    fields = dict(case)
    key = cose.VerifyKey(bytes.fromhex(fields["spki"]))
    message = bytes.fromhex(fields["message"])
    if fields["expect"] == "ok":
        assert cose.verify(fields["type"], message, MESSAGE, [key]).hex() == fields["payload"]
        return
    with pytest.raises(Refused) as refused:
        cose.verify(fields["type"], message, MESSAGE, [key])
    found = refused.value.rule if refused.value.rule in ("SIGNER", "SIGNATURE") else "FORM"
    assert found == fields["expect"]


_D = fixed(32)
_N = number()
_ASK: Shape = (
    (1, "lineage", fixed(16)),
    (2, "op_id", fixed(16)),
    (3, "fence", _N),
    (4, "epoch", _N),
    (5, "kind", number(1, 11)),
    (6, "mode", nullable(number(1, 2))),
    (7, "targets", listed(messages.TARGET)),
    (8, "rotate", boolean),
    (9, "extra", lambda item, _: item),
)
_ERROR: Shape = (
    (1, "code", _N),
    (2, "rule", text),
    (3, "detail", text),
    (4, "number", nullable(_N)),
    (5, "allow", nullable(text)),
)
_U16 = number(0, 0xFFFF)
_STATUS: Shape = (
    (1, "lineage", fixed(16)),
    (2, "state", text),
    (3, "epoch", _N),
    (4, "fence", _N),
    (5, "gen", _N),
    (6, "kind", _N),
    (7, "op_id", fixed(16)),
    (8, "instance_id", nullable(_D)),
    (9, "MRENCLAVE", nullable(_D)),
    (10, "body_id", nullable(_D)),
    (11, "slots", nullable(blob(SLOTS))),
    (12, "lease_until", _N),
    (13, "passport", nullable(blob(CORE))),
    (14, "log head", blob(CORE)),
    (15, "next gen", nullable(_N)),
    (16, "policy digest", _D),
    (17, "essentials", blob(CORE)),
    (18, "rpo", nullable(_N)),
    (19, "wait", _N),
    (20, "core", nullable(blob(CORE))),
    (21, "gen_floor", _N),
    (22, "name", text),
    (23, "lowered", listed(text)),
    (24, "sealed by active", boolean),
    (25, "wrap_ids", listed(_D)),
    (26, "gens", listed(_N)),
    (27, "platform id", nullable(_D)),
    (28, "ISVPRODID", _N),
    (29, "ISVSVN", _N),
    (30, "platform kind", _N),
    (31, "allowed", listed(row(_D, _U16, _U16), 0, LIST)),
    (32, "policy file", _D),
)


def _ask(payload: bytes) -> None:
    fields = map_of(payload, "ask", _ASK)
    if fields[4] == 11:
        row(blob(MESSAGE), nullable(_D))(fields[8], "policy file")
    elif fields[4] == 9:
        row(listed(_D), listed(_N))(fields[8], "keys")
    elif fields[8] is not None:
        raise Refused("FIELD", "ask field 9")


_CLAIMS: Shape = (
    (1, "label", text),
    (2, "lineage", fixed(16)),
    (3, "op_id", fixed(16)),
    (4, "fence", _N),
    (5, "nonce", _D),
    (6, "pk_sig", fixed(91)),
    (7, "pk_kem", _D),
    (8, "pk_tls", fixed(91)),
)


def _claims(payload: bytes) -> None:
    found = map_of(payload, "claims", _CLAIMS)
    assert found[0] == messages.EVIDENCE
    assert messages.claims(messages.Head(found[1], found[2], found[3], 0), *found[4:]) == payload


def _policy(payload: bytes) -> None:
    assert messages.Policy.decode(payload).encode() == payload


def _core(payload: bytes) -> None:
    assert rsc1.Core.decode(payload).encode() == payload


def _footer(payload: bytes) -> None:
    assert rsc1.Footer.decode(payload).encode() == payload


STRUCTURES: dict[str, Callable[[bytes], Any]] = {
    "ask": _ask,
    "claims": _claims,
    "policy": _policy,
    "keyset": messages.keyset,
    "shares": messages.shares,
    "status": lambda payload: map_of(payload, "status", _STATUS),
    "error": lambda payload: map_of(payload, "error", _ERROR),
    "core": _core,
    "footer": _footer,
    "slots": slots.decode,
}
MESSAGES = {spec.name: kind for kind, spec in messages.KINDS.items()}


def read_message(name: str, payload: bytes) -> None:
    if name in STRUCTURES:
        STRUCTURES[name](payload)
        return
    found: Any = messages.decode(MESSAGES[name], payload)
    assert messages.encode(found) == payload
    if name == "passport":
        cose.VerifyKey(found.pk_sig)


@parametrized("messages.vec", "type payload expect")
def test_messages(case: Case) -> None:
    fields = dict(case)
    payload = bytes.fromhex(fields["payload"])
    if fields["expect"] == "ok":
        read_message(fields["type"], payload)
    else:
        assert fields["expect"] == "FORM"
        with pytest.raises(Refused):
            read_message(fields["type"], payload)


@parametrized("digests.vec", "name input output")
def test_digests(case: Case) -> None:
    inputs = [bytes.fromhex(value) for key, value in case if key == "input"]
    made: dict[str, Callable[..., bytes]] = {
        "instance_id": instance_id,
        "slot_digest": slot_digest,
        "body_id": body_id,
        "head": head_digest,
        "log": lambda previous, entry: labelled("reseal/v1/log", previous, sha256(entry)),
        "policy": policy_digest,
        "opened": lambda *parts: labelled("reseal/v1/opened", *parts),
        "reportdata": messages.evidence_report_data,
        "app-reportdata": messages.app_report_data,
    }
    assert made[dict(case)["name"]](*inputs).hex() == dict(case)["output"]
