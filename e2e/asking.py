"""What tests ask of the authority of a home themselves: its rows, and requests (message 1) that they sign."""

from __future__ import annotations

import contextlib
import http.client
import os
import pathlib
import ssl
import sys
import urllib.parse
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))

from reseal import cbor, cose

GENESIS, RESEAL, TAKEOVER, REKEY, ABORT, RETIRE = 1, 2, 5, 7, 8, 9


def connection(home: pathlib.Path, within_s: float = 30.0) -> http.client.HTTPSConnection:
    """To the authority of a home, whose certificate is pinned."""
    trust = ssl.create_default_context(cafile=str(home / "public" / "authority-tls.pem"))
    trust.check_hostname = False
    url = urllib.parse.urlsplit((home / "public" / "authority.url").read_text().strip())
    assert url.hostname is not None
    return http.client.HTTPSConnection(url.hostname, url.port, context=trust, timeout=within_s)


def row(home: pathlib.Path, name: str) -> Any:
    """The status map of a lineage (transport T5), as anybody can get it."""
    with contextlib.closing(connection(home)) as peer:
        peer.request("GET", f"/v1/named/{name}")
        with peer.getresponse() as answer:
            assert answer.status == 200, answer.read()
            return cbor.decode(answer.read())


def signer(pem: pathlib.Path) -> cose.SigningKey:
    key = load_pem_private_key(pem.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return cose.SigningKey(key)


def request(
    key: cose.SigningKey,
    kind: int,
    lineage: bytes,
    fence: int,
    epoch: int,
    targets: list[Any],
    rotate: bool,
    retired: list[Any] | None = None,
) -> bytes:
    """Message 1, about the register as it was read."""
    op_id = os.urandom(16)
    about = (lineage, op_id, fence, epoch)
    ask = {
        **dict(enumerate(about, 1)),
        5: kind,
        6: 1 if kind == RESEAL else None,
        7: targets,
        8: rotate,
        9: retired,
    }
    head = {1: 1, 2: 1, **dict(enumerate(about, 3))}
    return cose.sign("request", cbor.encode({**head, 10: cbor.encode(ask), 15: []}), key)
