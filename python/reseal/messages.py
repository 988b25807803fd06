"""The messages that an instance and a relying party read or sign (protocol 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from reseal import cbor, cose
from reseal.errors import Refused
from reseal.essentials import (
    APP_QUOTE,
    BINDING_ENCLAVE,
    BINDING_NONE,
    BINDING_SIGNER,
    EVIDENCE,
    RECOVERY_AUTHORITY,
    RECOVERY_NONE,
    Generation,
    Policy,
    app_report_data,
    claims,
    evidence_report_data,
    keyset,
    report_data,
    shares,
)
from reseal.fields import CORE, FOOTER, blob, fields_of
from reseal.message_kinds import HEADER, KINDS, LOG, TARGET, Kind
from reseal.message_types import (
    FLAG_DEMO_POLICY,
    FLAG_GENERATION_LAGGING,
    FLAG_RECOVERED,
    FLAG_RELAXED_TCB,
    FLAG_TAKEOVER,
    ZERO16,
    ZERO32,
    Abort,
    Activation,
    Challenge,
    Checkpoint,
    CheckpointAck,
    Grant,
    GrantRequest,
    Head,
    LogEntry,
    LogHead,
    Open,
    Passport,
    Proof,
    Ready,
    RekeyGrant,
    Renew,
    Request,
    Retired,
    SealReceipt,
    Ticket,
)

__all__ = [
    "APP_QUOTE",
    "BINDING_ENCLAVE",
    "BINDING_NONE",
    "BINDING_SIGNER",
    "EVIDENCE",
    "FLAG_DEMO_POLICY",
    "FLAG_GENERATION_LAGGING",
    "FLAG_RECOVERED",
    "FLAG_RELAXED_TCB",
    "FLAG_TAKEOVER",
    "KINDS",
    "LOG",
    "RECOVERY_AUTHORITY",
    "RECOVERY_NONE",
    "TARGET",
    "ZERO16",
    "ZERO32",
    "Abort",
    "Activation",
    "Challenge",
    "Checkpoint",
    "CheckpointAck",
    "Generation",
    "Grant",
    "GrantRequest",
    "Head",
    "Kind",
    "LogEntry",
    "LogHead",
    "M",
    "Open",
    "Passport",
    "Policy",
    "Proof",
    "Ready",
    "RekeyGrant",
    "Renew",
    "Request",
    "Retired",
    "SealReceipt",
    "Ticket",
    "app_report_data",
    "claims",
    "decode",
    "encode",
    "evidence_report_data",
    "keyset",
    "name_of",
    "report_data",
    "shares",
    "sign",
    "verify",
]

M = TypeVar("M")


def name_of(kind: type[Any]) -> str:
    return KINDS[kind].name


def encode(message: Any) -> bytes:
    """The payload of a message."""
    kind = KINDS[type(message)]
    head: Head = message.head
    fields: dict[int, Any] = {1: 1, 2: kind.number, 3: head.lineage, 4: head.op_id, 5: head.fence, 6: head.epoch}
    for (key, _, _), content in zip(kind.shape, message[1:], strict=False):
        fields[key] = content
    if type(message) is Ready and message.genesis is not None:
        fields[14], fields[15] = message.genesis
    return cbor.encode(fields)


def decode(kind: type[M], payload: bytes) -> M:
    """A payload whose signature was checked; refused with the rule that it breaks."""
    spec = KINDS[kind]
    item = cbor.decode(payload)
    if type(item) is not dict:
        raise Refused("TYPE", f"{spec.name} is not a map")
    shape = HEADER + spec.shape
    genesis = kind is Ready and (14 in item or 15 in item)
    if genesis:
        shape += ((14, "core", blob(CORE)), (15, "footer", blob(FOOTER)))
    found = fields_of(item, spec.name, shape)
    if found[1] != spec.number:
        raise Refused("FIELD", f"{spec.name} field 2 is {found[1]}, not {spec.number}")
    head = Head(*found[2:6])
    if kind in (LogEntry, LogHead) and head != LOG:
        raise Refused("FIELD", f"a {spec.name} about a lineage: {head}")
    rest = [*found[6:-2], (found[-2], found[-1])] if genesis else found[6:]
    make: Callable[..., M] = kind
    return make(head, *rest)


def sign(message: Any, key: cose.SigningKey) -> bytes:
    """The whole COSE message."""
    return cose.sign(name_of(type(message)), encode(message), key)


def verify(kind: type[M], message: bytes, keys: Iterable[cose.VerifyKey]) -> M:
    """The message, if one of ``keys`` signed these very bytes as this type."""
    spec = KINDS[kind]
    return decode(kind, cose.verify(spec.name, message, spec.most, keys))
