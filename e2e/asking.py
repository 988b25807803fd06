"""A request (message 1) as the operator of a home signs it, for tests that talk to the authority themselves."""

from __future__ import annotations

import os
import pathlib
import sys
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))

from reseal import cbor, cose

GENESIS, RESEAL, TAKEOVER, REKEY, ABORT, RETIRE = 1, 2, 5, 7, 8, 9


def request(
    home: pathlib.Path,
    kind: int,
    lineage: bytes,
    fence: int,
    epoch: int,
    targets: list[Any],
    rotate: bool,
    retired: list[Any] | None = None,
) -> bytes:
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
    key = load_pem_private_key((home / "operator" / "operator.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return cose.sign("request", cbor.encode({**head, 10: cbor.encode(ask), 15: []}), cose.SigningKey(key))
