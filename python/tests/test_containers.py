"""Every container of ``spec/vectors/rsc1`` is opened, written and refused here as in every other implementation."""

from __future__ import annotations

import hashlib
import io

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from opening import Fixed, Opening, changed, stores
from vector_files import VECTORS, Case, cases

from reseal import cbor, hpke, records, rsc1, slots
from reseal.errors import CODES, Refused
from reseal.hashes import body_id, head_digest, raw_public, sha256, slot_digest
from reseal.sealing import Sealing
from reseal.segments import Roots


def rounds_of(case: Case) -> list[list[bytes]]:
    found: list[list[bytes]] = []

    def of(number_text: str) -> list[bytes]:
        while len(found) <= int(number_text):
            found.append([])
        return found[int(number_text)]

    for key, value in case:
        parts = value.split(" ")
        if key == "record":
            name, encoded, version, content = parts[1:]
            body = cbor.encode(
                [name, bytes.fromhex(encoded), int(version), None if content == "-" else bytes.fromhex(content)]
            )
            of(parts[0]).append(len(body).to_bytes(4, "big") + body)
        elif key == "repeat":
            head = records.store_head(parts[1])
            count, size = int(parts[2]), int(parts[3])
            of(parts[0]).extend(
                records.frame(head, index, index + 1, cbor.encode_value(bytes((index % 256,)) * size))
                for index in range(count)
            )
        elif key == "empty":
            of(parts[0])
    return found


def written(case: Case) -> bytes:
    """The file as our writer makes it of the same core, slots, DEK and records."""
    fields = {key: bytes.fromhex(value) for key, value in case if key in ("core", "slots", "footer", "dek")}
    salt = rsc1.Core.decode(fields["core"]).salt
    sealing = Sealing(fields["core"], fields["slots"], slots.StreamKeys(salt, fields["dek"]))
    footer = rsc1.Footer.decode(fields["footer"])
    chunks = sealing.stream(rounds_of(case), lambda: (footer.seq, footer.gen, footer.gen_floor))
    file = b"".join(bytes(chunk) for chunk in chunks)
    assert sealing.body == rsc1.Body(fields["core"], fields["slots"], fields["footer"])
    return file


def good(case: Case) -> Opening:
    fields = dict(case)
    raw = {
        key: bytes.fromhex(fields[key])
        for key in fields
        if key not in ("title", "container", "record", "repeat", "empty", "refuse")
    }
    found = slots.decode(raw["slots"])
    halves: list[bytes | None] = []
    for slot in found:
        for name in ("wrap-key", "transfer-key"):
            secret = X25519PrivateKey.from_private_bytes(raw[name])
            if sha256(raw_public(secret)) == slot.wrap_id:
                info = hpke.info(
                    "share",
                    raw["lineage"],
                    slot.op_id,
                    slot.fence,
                    slot.wrap_id,
                    sha256(raw["core"]),
                    sha256(slot.header),
                )
                halves.append(hpke.open_box(secret, info, slot.enc, slot.share))
    platform = Fixed(raw["plat-key"], [slot.request for slot in found])
    file = written(case)
    kind, _, digest = fields["container"].partition(" ")
    if kind == "sha256":
        assert hashlib.sha256(file).hexdigest() == digest
    else:
        assert file.hex() == kind
    assert body_id(raw["core"], raw["footer"]) == raw["body-id"]
    assert slot_digest(raw["slots"]) == raw["slot-digest"]
    assert head_digest(raw["body-id"], raw["slot-digest"]) == raw["head"]
    return Opening(
        file, raw["lineage"], sha256(raw["core"]), raw["body-id"], raw["slots"], halves, raw["policy"], platform
    )


RSC1 = sorted(path.name for path in (VECTORS / "rsc1").glob("*.vec"))
KEYS = (
    "title lineage policy plat-key wrap-key transfer-key dek core slots footer body-id slot-digest head record repeat "
    "empty container refuse"
)


@pytest.mark.parametrize("name", RSC1)
def test_a_container_opens_is_written_again_and_is_refused_as_said(name: str) -> None:
    found = cases(f"rsc1/{name}", KEYS)
    assert len(found) == 1
    case = found[0]
    opening = good(case)
    live: dict[str, dict[bytes, tuple[int, bytes]]] = {}
    for framed in (framed for each in rounds_of(case) for framed in each):
        store, key, version, _ = cbor.decode(framed[4:])
        known = live.setdefault(store, {}).get(key)
        if known is None or known[0] < version:
            live[store][key] = version, framed
    expected = {
        store: sorted(framed for _, framed in kept.values() if cbor.decode(framed[4:])[3] is not None)
        for store, kept in live.items()
    }
    assert {store: sorted(kept.values()) for store, kept in stores(opening).items()} == expected
    refusals = [value for key, value in case if key == "refuse"]
    assert refusals
    for value in refusals:
        rule, *operations = value.split(" ")
        attempt = changed(opening, iter(operations))
        if rule == "accept":
            stores(attempt)
            continue
        with pytest.raises(Refused) as refused:
            stores(attempt)
        assert refused.value.rule == rule, f"{value[:80]}: {refused.value}"
        assert refused.value.code in CODES.values()


def test_every_flipped_bit_of_a_container_is_refused_before_restore() -> None:
    opening = good(cases("rsc1/signer.vec", KEYS)[0])
    before = stores(opening)
    core, file_slots = rsc1.read_beginning(io.BytesIO(opening.file))
    unused = range(16 + len(core), 16 + len(core) + len(file_slots))
    for offset in range(len(opening.file)):
        for bit in range(8):
            file = bytearray(opening.file)
            file[offset] ^= 1 << bit
            try:
                after = stores(opening._replace(file=bytes(file)))
            except Refused:
                continue
            assert offset in unused, f"bit {bit} of byte {offset} was accepted"
            assert after == before


def test_the_room_for_a_container_is_used_again_and_never_by_two_at_once() -> None:
    first, second = Roots(), Roots()
    assert first.clear is not second.clear
    first.close()
    first.close()
    third, fourth = Roots(), Roots()
    assert third.clear is first.clear
    assert fourth.clear is not third.clear
    for each in (second, third, fourth):
        each.close()
