"""The table of all messages (protocol 6): how large each may be, and what kind of thing each of its fields is."""

from __future__ import annotations

from typing import Any, NamedTuple

from reseal import cose
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
    fixed,
    listed,
    nullable,
    number,
    row,
)
from reseal.message_types import (
    ZERO16,
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

__all__ = ["HEADER", "KINDS", "LOG", "TARGET", "Kind"]

_D = fixed(32)
_N = number()


class Kind(NamedTuple):
    """Number and name of a type, its largest size, and its fields after the header."""

    number: int
    name: str
    most: int
    shape: Shape


TARGET = row(_D, _N, _N, _N, nullable(_D))
"""[MRENCLAVE, ISVPRODID, least ISVSVN, platform kind, platform id or null]."""
_BODY: Shape = ((10, "core", blob(CORE)), (11, "slots", blob(SLOTS)), (12, "footer", blob(FOOTER)))
HEADER: Shape = (
    (1, "version", number(1, 1)),
    (2, "type", _N),
    (3, "lineage", fixed(16)),
    (4, "op_id", fixed(16)),
    (5, "fence", _N),
    (6, "epoch", _N),
)
"""The fields that every message begins with (protocol 6.1)."""

LOG = Head(ZERO16, ZERO16, 0, 0)
"""The head of messages 17 and 18, which belong to no lineage."""

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
            (13, "targets", listed(TARGET, 1)),
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
