"""Writes ``spec/vectors/rsc1/py-*.vec``: containers sealed here, for every other implementation to open.

Run by hand after a change of the format: ``python tests/make_vectors.py``. Refusals are those of this
implementation; that the others name the same rules is what the files are for.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from opening import Fixed, Opening, changed, stores
from vector_files import VECTORS

from reseal import cbor, hpke, messages, records, rsc1, slots
from reseal.errors import Refused
from reseal.hashes import policy_digest, raw_public, sha256
from reseal.sealing import Sealing, fresh

LINEAGE = bytes.fromhex("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf")


class Plan(NamedTuple):
    name: str
    title: str
    binding: int
    recovery: int
    rounds: list[list[str]]


def record(place: int, store: str, key: object, version: int, value: object = None, gone: bool = False) -> str:
    content = "-" if gone else cbor.encode_value(value).hex()
    return f"{place} {store} {cbor.encode_value(key).hex()} {version} {content}"


PLANS = [
    Plan(
        "py-signer",
        "stores of every type over two rounds, as the Python SDK seals them",
        messages.BINDING_SIGNER,
        messages.RECOVERY_NONE,
        [
            [
                record(0, "reseal/schema", "customers", 1, ["dict", 1]),
                record(0, "customers", "c1", 2, {"name": "Änne", "tags": ["a", "b"], "limit": 1.5, "none": None}),
                record(0, "customers", 7, 3, -1),
                record(0, "customers", -(2**63), 4, 2**63 - 1),
                record(0, "customers", b"\0\xff", 5, b"\xff" * 40),
                record(
                    0, "reals", "r", 6, [0.0, -0.0, 1.1, 65504.0, float("inf"), float("nan"), 3.4028234663852886e38]
                ),
            ],
            [record(1, "customers", "c1", 8, gone=True), record(1, "customers", 7, 9, {"aa": True, "b": False})],
        ],
    ),
    Plan(
        "py-authority",
        "both slots, as the Python SDK makes them",
        messages.BINDING_ENCLAVE,
        messages.RECOVERY_AUTHORITY,
        [[record(0, "reseal/answers", "id-1", 1, [b"f" * 32, "200 OK", [["Content-Type", "text/plain"]], b"body"])]],
    ),
    Plan("py-segments", "a record over several segments", messages.BINDING_SIGNER, messages.RECOVERY_NONE, []),
]


class Machine:
    """A platform with one key, which remembers what it was asked."""

    cpu_svn = bytes(range(16))
    isv_svn = 3

    def __init__(self) -> None:
        self.key = os.urandom(16)

    def egetkey(self, request: bytes) -> bytes:
        return self.key


def frames(rounds: list[list[str]]) -> list[list[bytes]]:
    found = []
    for each in rounds:
        framed = []
        for line in each:
            _, store, key, version, value = line.split(" ")
            body = cbor.encode(
                [store, bytes.fromhex(key), int(version), None if value == "-" else bytes.fromhex(value)]
            )
            framed.append(len(body).to_bytes(4, "big") + body)
        found.append(framed)
    return found


def make(plan: Plan) -> str:
    policy = messages.Policy(
        LINEAGE, 2, plan.binding, plan.recovery, None, 1 << 26, ("records",), b"\3" + bytes(15), 0xFFFFFFFF
    )
    platform, salt_dek = Machine(), fresh()
    salt, dek = salt_dek
    wrap, transfer = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    wrapper, op_id, fence = os.urandom(32), os.urandom(16), 9
    keys = slots.StreamKeys(salt, dek)
    digest = policy_digest(policy.encode())
    core = rsc1.Core(LINEAGE, 4, op_id, fence, wrapper, None, 1, salt, digest, keys.pk_open).encode()
    to = slots.Recipients(LINEAGE, op_id, fence, wrapper, raw_public(wrap), None, policy)
    made = slots.make(platform, to, sha256(core), keys.pk_open, salt, dek)
    lines = [f"record: {line}" for each in plan.rounds for line in each]
    content = frames(plan.rounds)
    if not content:
        lines = ["repeat: 0 blobs 2 2500000"]
        head = records.store_head("blobs")
        content = [[records.frame(head, i, i + 1, cbor.encode_value(bytes((i,)) * 2_500_000)) for i in range(2)]]
    sealing = Sealing(core, made, keys)
    file = b"".join(bytes(chunk) for chunk in sealing.stream(content, lambda: (6, 3, 2)))
    body = sealing.body
    if body is None:
        raise SystemExit("the container was not finished")
    halves: list[bytes | None] = []
    for slot in slots.decode(made):
        info = hpke.info("share", LINEAGE, slot.op_id, slot.fence, slot.wrap_id, sha256(core), sha256(slot.header))
        halves.append(hpke.open_box(wrap, info, slot.enc, slot.share))
    fixed = Fixed(platform.key, [slot.request for slot in slots.decode(made)])
    opening = Opening(file, LINEAGE, sha256(core), body.body_id, made, halves, policy.encode(), fixed)
    stores(opening)
    large = len(file) > 100_000
    fields = [
        ("title", plan.title),
        ("lineage", LINEAGE.hex()),
        ("policy", policy.encode().hex()),
        ("plat-key", platform.key.hex()),
        ("wrap-key", wrap.private_bytes_raw().hex()),
        ("transfer-key", transfer.private_bytes_raw().hex()),
        ("dek", dek.hex()),
        ("core", core.hex()),
        ("slots", made.hex()),
        ("footer", body.footer.hex()),
        ("body-id", body.body_id.hex()),
        ("slot-digest", body.slot_digest.hex()),
        ("head", body.head.hex()),
    ]
    text = [f"{key}: {value}" for key, value in fields] + lines
    text.append(f"container: sha256 {sha256(file).hex()}" if large else f"container: {file.hex()}")
    text += [f"refuse: {rule_of(opening, change)} {change}" for change in changes(file, core, made, body)]
    return "\n".join(text) + "\n"


def changes(file: bytes, core: bytes, made: bytes, body: rsc1.Body) -> list[str]:
    begun = 16 + len(core) + len(made)
    end = len(file) - 16 - len(body.footer) - 5
    step = max(1, (end - begun) // 12)
    flips = [0, 9, 11, 13, 40, 12 + len(core) - 1, 12 + len(core) + 2, begun - 49]
    flips += [*range(begun, end, step), *range(end, len(file), 9)]
    found = [f"flip {offset} {1 << (offset % 8):02x}" for offset in flips if offset < len(file)]
    found += [f"cut {size}" for size in (0, 7, begun, end, len(file) - 1)]
    found += ["append 00", "lineage " + "00" * 16, "core-digest " + "00" * 32, "body-id " + "00" * 32]
    return [*found, "plat-key " + "00" * 16, "plat svn", "plat unsupported", "share 0 " + "00" * 32]


def rule_of(opening: Opening, change: str) -> str:
    try:
        stores(changed(opening, iter(change.split(" "))))
    except Refused as refused:
        return refused.rule
    return "accept"


def main() -> None:
    for plan in PLANS:
        (VECTORS / "rsc1" / f"{plan.name}.vec").write_text(make(plan))


if __name__ == "__main__":
    main()
