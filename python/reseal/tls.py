"""The instance's own TLS identity: a P-256 key that is made here and never leaves (protocol 16).

``ssl`` loads keys from files only. The key is written encrypted, under a random password that lives in
this function, to a memory file that has no path on any disk, and is gone when the context holds it.
"""

from __future__ import annotations

import base64
import os
import secrets
import ssl

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, PublicFormat

__all__ = ["TlsIdentity"]


class TlsIdentity:
    """``pk_tls`` with its self-signed carrier certificate; clients pin the lineage, never this key."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @classmethod
    def generate(cls) -> TlsIdentity:
        return cls(ec.generate_private_key(ec.SECP256R1()))

    def context(self) -> ssl.SSLContext:
        """A server context: TLS 1.3 only, no tickets, so no session outlives the instance."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.num_tickets = 0
        context.options |= ssl.OP_NO_TICKET
        password = secrets.token_hex(32)
        encryption = BestAvailableEncryption(password.encode())
        sealed = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        memory = os.memfd_create("carrier", os.MFD_CLOEXEC)
        try:
            os.write(memory, _pem(_carrier(self._key, self.spki)) + sealed)
            context.load_cert_chain(f"/proc/self/fd/{memory}", password=password)
        finally:
            os.close(memory)
        return context

    def __repr__(self) -> str:
        return "TlsIdentity(P-256)"


def _pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    size = len(content).to_bytes(2, "big").lstrip(b"\0")
    return bytes((tag, 0x80 | len(size))) + size + content


def _carrier(key: ec.EllipticCurvePrivateKey, spki: bytes) -> bytes:
    """A certificate whose dates and name mean nothing: what counts is the passport over its key.

    Put together here because importing a certificate library costs a re-seal 50 ms of its gap.
    """
    algorithm = _der(0x30, bytes.fromhex("06082a8648ce3d040302"))
    name = _der(0x30, _der(0x31, _der(0x30, bytes.fromhex("0603550403"), _der(0x0C, b"reseal instance"))))
    dates = _der(0x30, _der(0x17, b"200101000000Z"), _der(0x17, b"491231235959Z"))
    serial = _der(0x02, b"\1" + secrets.token_bytes(15))
    version = _der(0xA0, _der(0x02, b"\2"))
    content = _der(0x30, version, serial, algorithm, name, dates, name, spki)
    signature = key.sign(content, ec.ECDSA(hashes.SHA256()))
    return _der(0x30, content, algorithm, _der(0x03, b"\0", signature))
