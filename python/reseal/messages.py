"""The messages that an instance and a relying party read or sign (protocol 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from reseal import cbor, cose
from reseal.errors import Refused
from reseal.fields import (
    CORE,
    FOOTER,
    GRANT_REQUEST,
    KEYSET,
    MESSAGE,
    SLOTS,
    Shape,
    blob,
    boolean,
    fields_of,
    fixed,
    listed,
    map_of,
    nullable,
    number,
    row,
    text,
)
from reseal.hashes import labelled, sha256

ZERO16 = bytes(16)
ZERO32 = bytes(32)

FLAG_TAKEOVER = 1
FLAG_RECOVERED = 2
FLAG_GENERATION_LAGGING = 4
FLAG_RELAXED_TCB = 8
FLAG_DEMO_POLICY = 16

BINDING_ENCLAVE, BINDING_SIGNER, BINDING_NONE = 1, 2, 3
RECOVERY_NONE, RECOVERY_AUTHORITY = 1, 2

_D = fixed(32)
_N = number()


class Head(NamedTuple):
    """Lineage, op_id, fence and the epoch that the sender believes current (protocol 6.1)."""

    lineage: bytes
    op_id: bytes
    fence: int
    epoch: int


class Ticket(NamedTuple):
    head: Head
    instance_id: bytes
    kind: int
    mode: int
    targets: tuple[Any, ...]
    transfer_key: bytes | None
    permit_until: int
    collateral_id: bytes


class SealReceipt(NamedTuple):
    head: Head
    core: bytes
    slots: bytes
    footer: bytes
    ticket_digest: bytes


class Open(NamedTuple):
    head: Head
    core: bytes
    slots: bytes
    ticket_digest: bytes


class Checkpoint(NamedTuple):
    head: Head
    core: bytes
    slots: bytes
    footer: bytes
    nonce: bytes


class CheckpointAck(NamedTuple):
    head: Head
    body_id: bytes
    nonce: bytes
    log_head: bytes


class Challenge(NamedTuple):
    head: Head
    nonce: bytes
    log_head: bytes


class GrantRequest(NamedTuple):
    head: Head
    claims: bytes
    evidence: bytes
    core_digest: bytes | None


class Grant(NamedTuple):
    head: Head
    instance_id: bytes
    early: bool
    core_digest: bytes
    body_id: bytes | None
    slots: bytes
    enc: bytes
    ct: bytes
    next_wrap_key: bytes
    next_epoch: int
    log_head: bytes
    opening: bytes | None
    policy: bytes

    @property
    def genesis(self) -> bool:
        """Whether there is no state to open: the first activation of a lineage."""
        return not self.slots


class Ready(NamedTuple):
    """``genesis`` is core and footer of the first container of a lineage."""

    head: Head
    instance_id: bytes
    body_id: bytes
    core_digest: bytes
    slots: bytes
    opening_proof: bytes | None
    genesis: tuple[bytes, bytes] | None = None


class Activation(NamedTuple):
    head: Head
    instance_id: bytes
    epoch: int
    gen: int
    enc: bytes
    ct: bytes
    state_head: bytes
    passport: bytes
    log_head: bytes
    policy: bytes


class Abort(NamedTuple):
    head: Head
    instance_id: bytes


class RekeyGrant(NamedTuple):
    head: Head
    instance_id: bytes
    gen: int
    enc: bytes
    ct: bytes


class Renew(NamedTuple):
    head: Head
    nonce: bytes
    gen: int
    log_head: bytes | None
    passport_digest: bytes


class Passport(NamedTuple):
    """Times are milliseconds since 1970; ``platform_kind`` is 1 SGX, 2 emulated (protocol 6.4)."""

    head: Head
    instance_id: bytes
    pk_sig: bytes
    tls_digest: bytes
    gen: int
    state_head: bytes
    mrenclave: bytes
    platform_kind: int
    not_before: int
    not_after: int
    flags: int
    log_head: bytes
    nonce: bytes | None


class Retired(NamedTuple):
    head: Head
    wrap_ids: tuple[bytes, ...]
    gens: tuple[int, ...]
    log_head: bytes
    backup_until: int


class Request(NamedTuple):
    """``ask`` is encoded, as approvals signed it."""

    head: Head
    ask: bytes
    approvals: tuple[bytes, ...]


class LogEntry(NamedTuple):
    head: Head
    seq: int
    previous: bytes
    event: bytes
    row_digest: bytes
    wall_time: int


class Proof(NamedTuple):
    head: Head
    digest: bytes


class LogHead(NamedTuple):
    head: Head
    seq: int
    hash: bytes


class Kind(NamedTuple):
    number: int
    name: str
    most: int
    shape: Shape


_TARGET = row(_D, _N, _N, _N, nullable(_D))
_BODY: Shape = ((10, "core", blob(CORE)), (11, "slots", blob(SLOTS)), (12, "footer", blob(FOOTER)))
_HEAD: Shape = (
    (1, "version", number(1, 1)),
    (2, "type", _N),
    (3, "lineage", fixed(16)),
    (4, "op_id", fixed(16)),
    (5, "fence", _N),
    (6, "epoch", _N),
)

KINDS: dict[type[Any], Kind] = {
    Request: Kind(1, "request", MESSAGE, ((10, "ask", blob(MESSAGE)), (15, "approvals", listed(blob(1024), 0, 64)))),
    Ticket: Kind(
        2,
        "ticket",
        MESSAGE,
        (
            (10, "instance_id", _D),
            (11, "kind", number(1, 11)),
            (12, "mode", number(1, 2)),
            (13, "targets", listed(_TARGET, 1)),
            (14, "PK_x", nullable(_D)),
            (16, "permit_until", _N),
            (17, "collateral id", _D),
        ),
    ),
    Open: Kind(3, "open", MESSAGE, (*_BODY[:2], (12, "ticket digest", _D))),
    SealReceipt: Kind(4, "seal-receipt", MESSAGE, (*_BODY, (13, "ticket digest", _D))),
    Checkpoint: Kind(5, "checkpoint", MESSAGE, (*_BODY, (13, "nonce", _D))),
    CheckpointAck: Kind(
        6, "checkpoint-ack", MESSAGE, ((10, "body_id", _D), (11, "nonce", _D), (12, "log head", blob(CORE)))
    ),
    Challenge: Kind(7, "challenge", MESSAGE, ((10, "nonce", _D), (11, "log head", blob(CORE)))),
    GrantRequest: Kind(
        8,
        "grant-request",
        GRANT_REQUEST,
        ((10, "claims", blob(CORE)), (11, "evidence", blob(GRANT_REQUEST)), (12, "core digest", nullable(_D))),
    ),
    Grant: Kind(
        9,
        "grant",
        MESSAGE,
        (
            (10, "instance_id", _D),
            (11, "early", boolean),
            (12, "core digest", _D),
            (13, "body_id", nullable(_D)),
            (14, "slots", blob(SLOTS)),
            (15, "enc", _D),
            (16, "ct", blob(256)),
            (17, "next PK_w", _D),
            (18, "next epoch", _N),
            (20, "log head", blob(CORE)),
            (21, "z", nullable(fixed(80))),
            (22, "policy", blob(CORE)),
        ),
    ),
    Ready: Kind(
        10,
        "ready",
        MESSAGE,
        (
            (10, "instance_id", _D),
            (11, "body_id", _D),
            (12, "core digest", _D),
            (13, "new slots", blob(SLOTS)),
            (16, "opening proof", nullable(_D)),
        ),
    ),
    Activation: Kind(
        11,
        "activation",
        MESSAGE,
        (
            (10, "instance_id", _D),
            (11, "epoch", _N),
            (12, "gen", _N),
            (13, "enc", _D),
            (14, "ct", blob(KEYSET + 16)),
            (15, "head", _D),
            (16, "passport", blob(CORE)),
            (17, "log head", blob(CORE)),
            (22, "policy", blob(CORE)),
        ),
    ),
    Abort: Kind(12, "abort", MESSAGE, ((10, "instance_id", _D),)),
    RekeyGrant: Kind(
        13,
        "rekey-grant",
        MESSAGE,
        ((10, "instance_id", _D), (11, "gen", _N), (12, "enc", _D), (13, "ct", blob(KEYSET + 16))),
    ),
    Renew: Kind(
        14,
        "renew",
        MESSAGE,
        (
            (10, "nonce", _D),
            (11, "gen installed", _N),
            (12, "log head", nullable(blob(CORE))),
            (13, "passport digest", _D),
        ),
    ),
    Passport: Kind(
        15,
        "passport",
        MESSAGE,
        (
            (10, "instance_id", _D),
            (11, "pk_sig", fixed(cose.SPKI_SIZE)),
            (12, "pk_tls digest", _D),
            (13, "gen", _N),
            (14, "head", _D),
            (15, "MRENCLAVE", _D),
            (16, "platform kind", number(1, 2)),
            (17, "not_before", _N),
            (18, "not_after", _N),
            (19, "flags", number(0, 31)),
            (20, "log head", blob(CORE)),
            (21, "nonce", nullable(_D)),
        ),
    ),
    Retired: Kind(
        16,
        "retired",
        MESSAGE,
        (
            (10, "wrap_ids", listed(_D)),
            (11, "gens", listed(_N)),
            (12, "log head", blob(CORE)),
            (13, "backup_until", _N),
        ),
    ),
    LogEntry: Kind(
        17,
        "log-entry",
        MESSAGE,
        (
            (10, "seq", _N),
            (11, "previous", _D),
            (12, "event", blob(MESSAGE)),
            (13, "row digest", _D),
            (14, "wall time", _N),
        ),
    ),
    Proof: Kind(19, "proof", MESSAGE, ((10, "digest", _D),)),
    LogHead: Kind(18, "log-head", MESSAGE, ((10, "seq", _N), (11, "hash", _D))),
}
"""Number, name, largest size and fields of every type."""

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
    shape = _HEAD + spec.shape
    genesis = kind is Ready and (14 in item or 15 in item)
    if genesis:
        shape += ((14, "core", blob(CORE)), (15, "footer", blob(FOOTER)))
    found = fields_of(item, spec.name, shape)
    if found[1] != spec.number:
        raise Refused("FIELD", f"{spec.name} field 2 is {found[1]}, not {spec.number}")
    rest = [*found[6:-2], (found[-2], found[-1])] if genesis else found[6:]
    make: Callable[..., M] = kind
    return make(Head(*found[2:6]), *rest)


def sign(message: Any, key: cose.SigningKey) -> bytes:
    """The whole COSE message."""
    return cose.sign(name_of(type(message)), encode(message), key)


def verify(kind: type[M], message: bytes, keys: Iterable[cose.VerifyKey]) -> M:
    """The message, if one of ``keys`` signed these very bytes as this type."""
    spec = KINDS[kind]
    return decode(kind, cose.verify(spec.name, message, spec.most, keys))


class Policy(NamedTuple):
    """The essentials that instances obey (protocol 23.2); ``rpo_updates`` null means unbounded."""

    lineage: bytes
    env: int
    binding: int
    recovery: int
    rpo_updates: int | None
    state_max: int
    purposes: tuple[str, ...]
    attribute_mask: bytes
    misc_mask: int

    def encode(self) -> bytes:
        masks = [self.attribute_mask, self.misc_mask]
        purposes = list(self.purposes)
        return cbor.encode(dict(zip(range(1, 10), (1, *self[:6], purposes, masks), strict=True)))

    @staticmethod
    def decode(encoded: bytes) -> Policy:
        found = map_of(encoded, "policy", _POLICY)
        return Policy(*found[1:8], *found[8])


TARGET = _TARGET
"""[MRENCLAVE, ISVPRODID, least ISVSVN, platform kind, platform id or null]."""

_POLICY: Shape = (
    (1, "version", number(1, 1)),
    (2, "lineage", fixed(16)),
    (3, "env", number(1, 2)),
    (4, "binding", number(1, 3)),
    (5, "recovery", number(1, 2)),
    (6, "rpo_updates", nullable(_N)),
    (7, "state_max", _N),
    (8, "purposes", listed(text, 1, 64)),
    (9, "masks", row(fixed(16), number(0, 2**32 - 1))),
)

EVIDENCE = "reseal/v1/evidence"
APP_QUOTE = "reseal/v1/app-quote"


def claims(head: Head, nonce: bytes, pk_sig: bytes, pk_kem: bytes, pk_tls: bytes) -> bytes:
    """What a quote of an instance stands for (protocol 6.2)."""
    return cbor.encode(
        {1: EVIDENCE, 2: head.lineage, 3: head.op_id, 4: head.fence, 5: nonce, 6: pk_sig, 7: pk_kem, 8: pk_tls}
    )


def report_data(digest: bytes, label: str) -> bytes:
    """The 64 bytes of REPORTDATA; only the SDK makes them."""
    return digest + label.encode("ascii").ljust(32, b"\0")


def evidence_report_data(encoded_claims: bytes) -> bytes:
    return report_data(sha256(encoded_claims), EVIDENCE)


def app_report_data(data: bytes) -> bytes:
    """For a quote that an application asks for: never passes as evidence."""
    return report_data(labelled(APP_QUOTE, data), APP_QUOTE)


class Generation(NamedTuple):
    """One key generation; ``state`` is 2 active, 3 deactivated, 4 compromised. Holds secrets."""

    gen: int
    state: int
    keys: dict[str, bytes]

    def __repr__(self) -> str:
        return f"<Generation {self.gen}>"


_PAIR = row(text, blob(4096))
_GENERATION = row(_N, number(2, 4), listed(_PAIR, 1, 64))


def keyset(plaintext: bytes) -> list[Generation]:
    """The generations of an activation or rekey-grant, oldest first, exactly one of them active."""
    if len(plaintext) > KEYSET:
        raise Refused("SIZE", f"a keyset of {len(plaintext)} bytes")
    found = listed(_GENERATION, 1, 16)(cbor.decode(plaintext), "keyset")
    generations = [Generation(gen, state, dict(keys)) for gen, state, keys in found]
    for (_, _, keys), generation in zip(found, generations, strict=True):
        if len(keys) != len(generation.keys):
            raise Refused("FIELD", f"a purpose twice in generation {generation.gen}")
    numbers = [generation.gen for generation in generations]
    if numbers != sorted(set(numbers)):
        raise Refused("FIELD", "generations out of order or repeated")
    if sum(generation.state == 2 for generation in generations) != 1:
        raise Refused("FIELD", "a keyset without exactly one active generation")
    return generations


def shares(plaintext: bytes) -> tuple[bytes | None, ...]:
    """The authority halves of a grant, one per slot."""
    halves: tuple[bytes | None, ...] = listed(nullable(_D), 0, 2)(cbor.decode(plaintext), "shares")
    return halves
