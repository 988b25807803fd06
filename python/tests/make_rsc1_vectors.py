"""Writes ``spec/vectors/rsc1/from-python.vec``: a container sealed here, for the other implementation to open.

Run by hand after a change of the format: ``PYTHONPATH=. python tests/make_rsc1_vectors.py``. Keys are
fresh each time and part of the file.
"""

from __future__ import annotations

import pathlib

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from reseal import cbor, records, rsc1, slots
from reseal.hashes import policy_digest, raw_public, sha256
from reseal.messages import BINDING_ENCLAVE, RECOVERY_AUTHORITY, Policy
from reseal.sealing import Sealing, fresh

TARGET = pathlib.Path(__file__).resolve().parents[2] / "spec" / "vectors" / "rsc1" / "from-python.vec"
LINEAGE = bytes(range(16))
PLAT_KEY = bytes(range(100, 116))


class Platform:
    cpu_svn = bytes((2,)) * 16
    isv_svn = 5

    def egetkey(self, request: bytes) -> bytes:
        return PLAT_KEY if len(request) == 512 else b""


def text() -> str:
    policy = Policy(LINEAGE, 2, BINDING_ENCLAVE, RECOVERY_AUTHORITY, 10, 1 << 24, ("records",), b"\xff" * 16, 0)
    wrap, transfer = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    salt, dek = fresh()
    keys = slots.StreamKeys(salt, dek)
    digest = policy_digest(policy.encode())
    core = rsc1.Core(LINEAGE, 2, bytes(16), 3, bytes(32), None, 1, salt, digest, keys.pk_open).encode()
    to = slots.Recipients(LINEAGE, bytes(16), 3, bytes(32), raw_public(wrap), None, policy)
    made = slots.make(Platform(), to, sha256(core), keys.pk_open, salt, dek)
    content: list[tuple[int, str, records.Key, int, bytes | None]] = [
        (0, "users", "ada", 1, cbor.encode_value({"name": "Ada", "ratio": 0.5, "big": -(2**63), "tags": [None, True]})),
        (0, "users", "bob", 2, cbor.encode_value("gone soon")),
        (0, "numbers", -1, 3, cbor.encode_value(float("nan"))),
        (0, "blobs", b"\x00\x01", 4, cbor.encode_value(bytes(3000))),
        (1, "users", "bob", 5, None),
    ]
    rounds = [
        [records.frame(records.store_head(s), k, n, v) for r, s, k, n, v in content if r == place] for place in (0, 1)
    ]
    sealing = Sealing(core, made, keys)
    file = b"".join(bytes(chunk) for chunk in sealing.stream(rounds, lambda: (7, 3, 2)))
    body = sealing.body
    assert body is not None
    lines = [
        "title: sealed by the Python implementation",
        f"lineage: {LINEAGE.hex()}",
        f"policy: {policy.encode().hex()}",
        f"plat-key: {PLAT_KEY.hex()}",
        f"wrap-key: {wrap.private_bytes_raw().hex()}",
        f"transfer-key: {transfer.private_bytes_raw().hex()}",
        f"dek: {dek.hex()}",
        f"core: {core.hex()}",
        f"slots: {made.hex()}",
        f"footer: {body.footer.hex()}",
        f"body-id: {body.body_id.hex()}",
        f"slot-digest: {body.slot_digest.hex()}",
        f"head: {body.head.hex()}",
    ]
    for place, store, key, version, value in content:
        shown = "-" if value is None else value.hex()
        lines.append(f"record: {place} {store} {cbor.encode_value(key).hex()} {version} {shown}")
    lines.append(f"container: {file.hex()}")
    lines.append("refuse: TRAILER append 00")
    lines.append("refuse: PLATFORM_KEY_CHANGED plat-key " + bytes(16).hex())
    lines.append("refuse: accept share 0 - plat unsupported")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text())
