"""HPKE base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (RFC 9180), single-shot.

Composed from X25519, HKDF and AES-GCM so that it is the same on every version of ``cryptography``
and runs the RFC's vectors with their own ephemeral keys. ``aad`` is empty in the protocol: all
binding goes into ``info`` (protocol 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reseal.errors import Refused
from reseal.hashes import agree, expand, extract, raw_public

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

__all__ = ["info", "open_box", "receive", "schedule", "seal_box"]

_KEM = b"KEM" + (0x0020).to_bytes(2, "big")
_SUITE = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0020, 0x0001, 0x0002))


def info(
    purpose: str, lineage: bytes, op_id: bytes, fence: int, recipient: bytes, first: bytes, second: bytes
) -> bytes:
    """The info of every box of the protocol; ``first`` and ``second`` are its context (protocol 4)."""
    label = b"reseal/v1/hpke/" + purpose.encode("ascii")
    return b"".join((label, b"\0", lineage, op_id, fence.to_bytes(8, "big"), recipient, first, second))


def _labelled_extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return extract(salt, b"HPKE-v1" + suite + label + material)


def _labelled_expand(suite: bytes, prk: bytes, label: bytes, content: bytes, size: int) -> bytes:
    return expand(prk, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + content, size)


def _shared_secret(dh: bytes, enc: bytes, recipient: bytes) -> bytes:
    prk = _labelled_extract(_KEM, b"", b"eae_prk", dh)
    return _labelled_expand(_KEM, prk, b"shared_secret", enc + recipient, 32)


def schedule(shared_secret: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and base nonce of base mode (RFC 9180 5.1)."""
    psk_id = _labelled_extract(_SUITE, b"", b"psk_id_hash", b"")
    info_hash = _labelled_extract(_SUITE, b"", b"info_hash", info)
    context = b"\0" + psk_id + info_hash
    secret = _labelled_extract(_SUITE, shared_secret, b"secret", b"")
    key = _labelled_expand(_SUITE, secret, b"key", context, 32)
    return key, _labelled_expand(_SUITE, secret, b"base_nonce", context, 12)


def seal_box(
    recipient: bytes, info: bytes, plaintext: bytes, ephemeral: X25519PrivateKey | None = None, aad: bytes = b""
) -> tuple[bytes, bytes]:
    """``(enc, ciphertext with tag)`` to a raw X25519 public key; ``ephemeral`` is fresh unless given."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    ephemeral = ephemeral or X25519PrivateKey.generate()
    enc = raw_public(ephemeral)
    key, nonce = schedule(_shared_secret(agree(ephemeral, recipient), enc, recipient), info)
    return enc, AESGCM(key).encrypt(nonce, plaintext, aad)


def receive(secret: X25519PrivateKey, info: bytes, enc: bytes) -> tuple[bytes, bytes]:
    """Key and base nonce on the recipient's side."""
    return schedule(_shared_secret(agree(secret, enc), enc, raw_public(secret)), info)


def open_box(secret: X25519PrivateKey, info: bytes, enc: bytes, ciphertext: bytes, aad: bytes = b"") -> bytes:
    """The plaintext; refused by rule HPKE if it was made for another key or info."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key, nonce = receive(secret, info, enc)
    if len(ciphertext) < 16:
        raise Refused("HPKE", f"a ciphertext of {len(ciphertext)} bytes is shorter than its tag")
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        raise Refused("HPKE", "the ciphertext was not made for this key, operation and context") from None
