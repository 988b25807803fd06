"""COSE_Sign1 with ES256 in the one form of protocol 6.1, and the P-256 keys behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from reseal import cbor
from reseal.errors import Refused
from reseal.hashes import sha256

__all__ = ["Envelope", "SigningKey", "VerifyKey", "parse", "sign", "verify"]

SPKI_SIZE = 91
SIGNATURE_SIZE = 64
_PROTECTED = bytes.fromhex("a20126045820")
_SPKI_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


class VerifyKey:
    """A P-256 public key as SPKI: DER, named curve, uncompressed point; any other form is refused."""

    def __init__(self, spki: bytes) -> None:
        if len(spki) != SPKI_SIZE or not spki.startswith(_SPKI_PREFIX):
            raise Refused("KEY", "a public key that is not the SPKI of an uncompressed P-256 point")
        point = spki[len(_SPKI_PREFIX) - 1 :]
        try:
            self._key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        except ValueError:
            raise Refused("KEY", "a public key that is no point of P-256") from None
        self.spki = bytes(spki)
        self.kid = sha256(spki)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VerifyKey) and other.spki == self.spki

    def __hash__(self) -> int:
        return hash(self.spki)

    def verifies(self, content: bytes, signature: bytes) -> bool:
        """Whether the 64-byte r ‖ s is this key's ES256 signature over the content."""
        if len(signature) != SIGNATURE_SIZE:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            self._key.verify(encode_dss_signature(r, s), content, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A P-256 private key; never shown and never exported by this class."""

    __slots__ = ("_key", "public")

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        spki = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.public = VerifyKey(spki)

    @classmethod
    def generate(cls) -> SigningKey:
        return cls(ec.generate_private_key(ec.SECP256R1()))

    def __repr__(self) -> str:
        return "<SigningKey>"

    def __reduce__(self) -> str:
        raise TypeError("a private key is not serialisable")

    def sign(self, content: bytes) -> bytes:
        """ES256: 64 bytes r ‖ s."""
        r, s = decode_dss_signature(self._key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Envelope(NamedTuple):
    """A parsed message; the payload is unverified until :meth:`verify` returns it."""

    kid: bytes
    payload: bytes
    signature: bytes

    def verify(self, type_name: str, keys: Iterable[VerifyKey]) -> bytes:
        """The payload, if one of ``keys`` signed it as ``type_name``; else SIGNER or SIGNATURE."""
        for key in keys:
            if key.kid == self.kid:
                if not key.verifies(_signed(type_name, self.kid, self.payload), self.signature):
                    raise Refused("SIGNATURE", f"the signature of this {type_name} is wrong")
                return self.payload
        raise Refused("SIGNER", f"this {type_name} is signed by unknown key {self.kid.hex()}")


def _signed(type_name: str, kid: bytes, payload: bytes) -> bytes:
    """RFC 9052 4.4: Sig_structure."""
    return cbor.encode(["Signature1", _PROTECTED + kid, b"reseal/v1/" + type_name.encode("ascii"), payload])


def sign(type_name: str, payload: bytes, key: SigningKey) -> bytes:
    """The whole message."""
    kid = key.public.kid
    return b"\xd2" + cbor.encode([_PROTECTED + kid, {}, payload, key.sign(_signed(type_name, kid, payload))])


def parse(message: bytes, most: int) -> Envelope:
    """Reads the envelope without checking the signature."""
    if len(message) > most:
        raise Refused("SIZE", f"a message of {len(message)} bytes, more than {most}")
    if not message:
        raise Refused("TRUNCATED", "an empty message")
    if message[0] != 0xD2:
        raise Refused("TYPE", "a message without tag 18")
    items = cbor.decode(message[1:])
    if type(items) is not list:
        raise Refused("TYPE", "message is not an array")
    if len(items) != 4:
        raise Refused("FIELD", f"a message of {len(items)} items, not 4")
    header, unprotected, payload, signature = items
    for item in (header, payload, signature):
        if type(item) is not bytes:
            raise Refused("TYPE", "a message item that is not a byte string")
    if len(header) != len(_PROTECTED) + 32:
        raise Refused("SIZE", f"a protected header of {len(header)} bytes")
    if not header.startswith(_PROTECTED):
        raise Refused("FIELD", "a protected header that is not {1: -7, 4: kid}")
    if type(unprotected) is not dict or unprotected:
        raise Refused("FIELD", "an unprotected header that is not an empty map")
    if len(signature) != SIGNATURE_SIZE:
        raise Refused("SIZE", f"a signature of {len(signature)} bytes, not {SIGNATURE_SIZE}")
    return Envelope(header[len(_PROTECTED) :], payload, signature)


def verify(type_name: str, message: bytes, most: int, keys: Iterable[VerifyKey]) -> bytes:
    """Parses and verifies in one step; the payload."""
    return parse(message, most).verify(type_name, keys)
