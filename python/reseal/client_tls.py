"""TLS as a relying party needs it: whose key it is, and no longer than it was allowed (protocol 16)."""

from __future__ import annotations

import math
import socket
import ssl
import time
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reseal.errors import Refused
from reseal.hashes import sha256

__all__ = ["Bounded", "connect", "peer_digest"]


class Bounded(ssl.SSLSocket):
    """Each wait for the peer ends after ``wait_s``, and all of them at a time that is set, however often he sends."""

    wait_s = 0.0
    _until = math.inf

    def bound(self, until: float) -> None:
        self._until = until
        self.settimeout(_left(self.wait_s, until))

    def recv_into(self, *into: Any, **how: Any) -> int:
        self.bound(self._until)
        return super().recv_into(*into, **how)


def _left(wait_s: float, until: float) -> float:
    left = min(wait_s, until - time.monotonic())
    if left <= 0:
        raise TimeoutError("the peer has not attested itself in the time allowed")
    return left


def connect(host: str, port: int, wait_s: float, until: float) -> Bounded:
    raw = socket.create_connection((host, port), _left(wait_s, until))
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.settimeout(_left(wait_s, until))
        tls = _context().wrap_socket(raw, server_hostname=host)
    except BaseException:
        raw.close()
        raise
    assert isinstance(tls, Bounded)
    tls.wait_s = wait_s
    return tls


def _context() -> ssl.SSLContext:
    """TLS 1.3 without names and authorities: the certificate only carries a key, the passport judges it.

    A new context for each connection: there is never a session to resume.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = Bounded
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.options |= ssl.OP_NO_TICKET
    return context


def peer_digest(tls: ssl.SSLSocket) -> bytes:
    """SHA-256 of the SPKI whose private half took part in this handshake."""
    carrier = tls.getpeercert(binary_form=True)
    if not carrier:
        raise Refused("CHANNEL_MISMATCH", "the peer showed no certificate")
    try:
        key = x509.load_der_x509_certificate(carrier).public_key()
        return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    except Exception as fault:  # whatever a certificate can do to the library that reads it
        raise Refused("CHANNEL_MISMATCH", f"the peer's certificate cannot be read ({fault})") from fault
