"""Hashes, HKDF, X25519 and the named digests of the protocol (protocol 4, 5)."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from reseal import cbor
from reseal.errors import Refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

__all__ = [
    "agree",
    "body_id",
    "expand",
    "extract",
    "head_digest",
    "instance_id",
    "labelled",
    "mac",
    "policy_digest",
    "raw_public",
    "same",
    "sha256",
    "slot_digest",
    "u32",
    "u64",
]

same = hmac.compare_digest


def sha256(*parts: bytes) -> bytes:
    state = hashlib.sha256()
    for part in parts:
        state.update(part)
    return state.digest()


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def mac(key: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA256."""
    return hmac.digest(key, b"".join(parts), "sha256")


def extract(salt: bytes, material: bytes) -> bytes:
    """HKDF-Extract with SHA-256."""
    return mac(salt or bytes(32), material)


def expand(prk: bytes, info: bytes, size: int) -> bytes:
    """HKDF-Expand with SHA-256."""
    block, okm = b"", b""
    for counter in range(1, -(-size // 32) + 1):
        block = mac(prk, block, info, bytes((counter,)))
        okm += block
    return okm[:size]


def labelled(label: str, *parts: bytes) -> bytes:
    """SHA-256 over a label, a zero byte and the parts."""
    return sha256(label.encode("ascii"), b"\0", *parts)


def instance_id(pk_sig: bytes, pk_kem: bytes, pk_tls: bytes) -> bytes:
    """Names an instance by the keys it made at birth: SPKI, raw X25519, SPKI (protocol 4)."""
    return labelled("reseal/v1/instance", cbor.encode([pk_sig, pk_kem, pk_tls]))


def slot_digest(slots: bytes) -> bytes:
    return labelled("reseal/v1/slots", slots)


def body_id(core: bytes, footer: bytes) -> bytes:
    """The identity of a sealed state (protocol 5.5)."""
    return labelled("reseal/v1/body", u32(len(core)), core, u32(len(footer)), footer)


def head_digest(body: bytes, slots: bytes) -> bytes:
    """Of a body_id and a slot digest (protocol 5.5)."""
    return labelled("reseal/v1/head", body, slots)


def policy_digest(essentials: bytes) -> bytes:
    """Of the essentials as received (protocol 23.2)."""
    return labelled("reseal/v1/policy", essentials)


def raw_public(secret: X25519PrivateKey) -> bytes:
    """The raw public key of an X25519 private key; 32 bytes."""
    return secret.public_key().public_bytes_raw()


def agree(secret: X25519PrivateKey, public: bytes) -> bytes:
    """X25519; an all-zero result (a point of small order) is refused by rule KEY."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    if len(public) != 32:
        raise Refused("KEY", f"an X25519 key of {len(public)} bytes, not 32")
    try:
        shared = secret.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise Refused("KEY", "an X25519 key of small order") from None
    if shared == bytes(32):
        raise Refused("KEY", "an X25519 result of zeros")
    return shared
