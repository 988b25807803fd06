"""What travels inside messages: the policy's essentials, claims, key generations, authority halves."""

from __future__ import annotations

from typing import NamedTuple

from reseal import cbor
from reseal.errors import Refused
from reseal.fields import KEYSET, Shape, blob, fixed, listed, map_of, nullable, number, row, text
from reseal.hashes import labelled, sha256
from reseal.message_types import Head

__all__ = [
    "APP_QUOTE",
    "BINDING_ENCLAVE",
    "BINDING_NONE",
    "BINDING_SIGNER",
    "EVIDENCE",
    "RECOVERY_AUTHORITY",
    "RECOVERY_NONE",
    "Generation",
    "Policy",
    "app_report_data",
    "claims",
    "evidence_report_data",
    "keyset",
    "report_data",
    "shares",
]

BINDING_ENCLAVE, BINDING_SIGNER, BINDING_NONE = 1, 2, 3
RECOVERY_NONE, RECOVERY_AUTHORITY = 1, 2

_D = fixed(32)
_N = number()


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
