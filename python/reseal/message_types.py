"""The records behind the messages of protocol 6: fields in the order of the payload, head first."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = [
    "FLAG_DEMO_POLICY",
    "FLAG_GENERATION_LAGGING",
    "FLAG_RECOVERED",
    "FLAG_RELAXED_TCB",
    "FLAG_TAKEOVER",
    "ZERO16",
    "ZERO32",
    "Abort",
    "Activation",
    "Challenge",
    "Checkpoint",
    "CheckpointAck",
    "Grant",
    "GrantRequest",
    "Head",
    "LogEntry",
    "LogHead",
    "Open",
    "Passport",
    "Proof",
    "Ready",
    "RekeyGrant",
    "Renew",
    "Request",
    "Retired",
    "SealReceipt",
    "Ticket",
]

ZERO16 = bytes(16)
ZERO32 = bytes(32)

FLAG_TAKEOVER = 1
FLAG_RECOVERED = 2
FLAG_GENERATION_LAGGING = 4
FLAG_RELAXED_TCB = 8
FLAG_DEMO_POLICY = 16


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
