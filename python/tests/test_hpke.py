"""HPKE reproduces the RFC's vectors and opens only what was made for this key, operation and context."""

from __future__ import annotations

import json
import os
import pathlib

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from reseal import hpke
from reseal.errors import Refused
from reseal.hashes import raw_public

SHARED = pathlib.Path(os.environ.get("RESEAL_SHARED") or pathlib.Path(__file__).resolve().parents[3] / "shared")
VECTORS = SHARED / "vectors" / "crypto" / "hpke-rfc9180-base.json"


def test_the_rfc_vectors_are_reproduced() -> None:
    if not VECTORS.exists():
        pytest.skip(f"no shared vectors at {VECTORS}; set RESEAL_SHARED")
    ran = 0
    for vector in json.loads(VECTORS.read_text()):
        if (vector["kem_id"], vector["kdf_id"], vector["aead_id"], vector["mode"]) != (0x20, 1, 2, 0):
            continue
        info = bytes.fromhex(vector["info"])
        key, nonce = hpke.schedule(bytes.fromhex(vector["shared_secret"]), info)
        assert (key.hex(), nonce.hex()) == (vector["key"], vector["base_nonce"])
        first = vector["encryptions"][0]
        secret = X25519PrivateKey.from_private_bytes(bytes.fromhex(vector["skRm"]))
        ephemeral = X25519PrivateKey.from_private_bytes(bytes.fromhex(vector["skEm"]))
        enc, ct = hpke.seal_box(
            raw_public(secret), info, bytes.fromhex(first["pt"]), ephemeral, bytes.fromhex(first["aad"])
        )
        assert (enc.hex(), ct.hex()) == (vector["enc"], first["ct"])
        opened = hpke.open_box(secret, info, enc, ct, bytes.fromhex(first["aad"]))
        assert opened.hex() == first["pt"]
        ran += 1
    assert ran


def test_a_box_opens_for_its_own_key_info_and_bytes_only() -> None:
    secret = X25519PrivateKey.generate()
    enc, ct = hpke.seal_box(raw_public(secret), b"info", b"half")
    assert hpke.open_box(secret, b"info", enc, ct) == b"half"
    flipped = bytes((ct[0] ^ 1,)) + ct[1:]
    for key, info, box in (
        (X25519PrivateKey.generate(), b"info", ct),
        (secret, b"other", ct),
        (secret, b"info", flipped),
    ):
        with pytest.raises(Refused) as refused:
            hpke.open_box(key, info, enc, box)
        assert refused.value.rule == "HPKE"


@pytest.mark.parametrize("point", [bytes(32), b"\1" + bytes(31), b"short"])
def test_a_key_of_small_order_or_other_size_is_refused(point: bytes) -> None:
    with pytest.raises(Refused) as refused:
        hpke.seal_box(point, b"", b"half")
    assert refused.value.rule == "KEY"
