"""The instance's own TLS identity: a P-256 key that is made here and never leaves (protocol 16).

``ssl`` loads keys from files only. The key is written encrypted, under a random password that lives in
this function, to a memory file that has no path on any disk, and is gone when the context holds it.
"""

from __future__ import annotations

import datetime
import os
import secrets
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID


class TlsIdentity:
    """``pk_tls`` with its self-signed carrier certificate; clients pin the lineage, never this key."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._certificate = _carrier(key).public_bytes(Encoding.PEM)

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
        sealed = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
        memory = os.memfd_create("carrier", os.MFD_CLOEXEC)
        try:
            os.write(memory, self._certificate + sealed)
            context.load_cert_chain(f"/proc/self/fd/{memory}", password=password)
        finally:
            os.close(memory)
        return context

    def __repr__(self) -> str:
        return "TlsIdentity(P-256)"


def _carrier(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Its dates and name mean nothing: what counts is the passport over its key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reseal instance")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2070, 1, 1))
        .sign(key, hashes.SHA256())
    )
