"""Every vector of ``spec/vectors`` does here what it does in every other implementation."""

from __future__ import annotations

import hashlib
import io
import pathlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from reseal import cbor, cose, hpke, messages, records, rsc1, slots
from reseal.errors import CODES, Refused
from reseal.fields import (
    CORE,
    LIST,
    MESSAGE,
    SLOTS,
    Shape,
    blob,
    boolean,
    fixed,
    listed,
    map_of,
    nullable,
    number,
    row,
    text,
)
from reseal.hashes import body_id, head_digest, instance_id, labelled, policy_digest, raw_public, sha256, slot_digest
from reseal.sealing import Sealing
from reseal.unsealing import read_rounds

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "spec" / "vectors"

Case = list[tuple[str, str]]


def cases(name: str, known: str) -> list[Case]:
    """The cases of a file; an unknown key, or no case at all, fails."""
    found: list[Case] = [[]]
    for line in (VECTORS / name).read_text().splitlines():
        if line.startswith("#"):
            continue
        if not line:
            found.append([])
            continue
        key, _, value = line.partition(": ")
        assert key in known.split(), f"{name}: unknown key {key}"
        found[-1].append((key, value))
    found = [case for case in found if case]
    assert found, f"{name} has no case"
    return found


def names(case: Case, index: int) -> str:
    return f"{index}-{dict(case).get('title') or dict(case).get('type') or case[0][1]}"[:60]


def parametrized(name: str, known: str) -> Callable[[Any], Any]:
    found = cases(name, known)
    return pytest.mark.parametrize("case", found, ids=[names(case, index) for index, case in enumerate(found)])


@parametrized("cbor.vec", "profile bytes expect")
def test_cbor(case: Case) -> None:
    fields = dict(case)
    read, write = {
        "structure": (cbor.decode, cbor.encode),
        "values": (cbor.decode_value, cbor.encode_value),
    }[fields["profile"]]
    data = bytes.fromhex(fields["bytes"])
    if fields["expect"] == "ok":
        assert write(read(data)) == data
    else:
        with pytest.raises(Refused) as refused:
            read(data)
        assert refused.value.rule == fields["expect"]


@parametrized(
    "hpke.vec", "title recipient ephemeral info plaintext enc ct key nonce purpose lineage op fence to context"
)
def test_hpke(case: Case) -> None:
    fields = dict(case)
    raw = {key: bytes.fromhex(value) for key, value in fields.items() if key not in ("title", "purpose", "fence")}
    secret = X25519PrivateKey.from_private_bytes(raw["recipient"])
    if "purpose" in fields:
        context = raw["context"]
        made = hpke.info(
            fields["purpose"],
            raw["lineage"],
            raw["op"],
            int(fields["fence"]),
            raw["to"],
            context[: len(context) // 2],
            context[len(context) // 2 :],
        )
        assert made == raw["info"]
        assert fields["purpose"] in ("share", "grant", "open", "keyset", "rekey")
    if "ct" in raw:
        ephemeral = X25519PrivateKey.from_private_bytes(raw["ephemeral"])
        assert hpke.seal_box(raw_public(secret), raw["info"], raw["plaintext"], ephemeral) == (raw["enc"], raw["ct"])
        assert hpke.open_box(secret, raw["info"], raw["enc"], raw["ct"]) == raw["plaintext"]
    if "key" in raw:
        assert hpke.receive(secret, raw["info"], raw["enc"]) == (raw["key"], raw["nonce"])


@parametrized("cose.vec", "type spki message expect payload")
def test_cose(case: Case) -> None:
    fields = dict(case)
    key = cose.VerifyKey(bytes.fromhex(fields["spki"]))
    message = bytes.fromhex(fields["message"])
    if fields["expect"] == "ok":
        assert cose.verify(fields["type"], message, MESSAGE, [key]).hex() == fields["payload"]
        return
    with pytest.raises(Refused) as refused:
        cose.verify(fields["type"], message, MESSAGE, [key])
    found = refused.value.rule if refused.value.rule in ("SIGNER", "SIGNATURE") else "FORM"
    assert found == fields["expect"]


_D = fixed(32)
_N = number()
_ASK: Shape = (
    (1, "lineage", fixed(16)),
    (2, "op_id", fixed(16)),
    (3, "fence", _N),
    (4, "epoch", _N),
    (5, "kind", number(1, 11)),
    (6, "mode", nullable(number(1, 2))),
    (7, "targets", listed(messages.TARGET)),
    (8, "rotate", boolean),
    (9, "extra", lambda item, _: item),
)
_ERROR: Shape = (
    (1, "code", _N),
    (2, "rule", text),
    (3, "detail", text),
    (4, "number", nullable(_N)),
    (5, "allow", nullable(text)),
)
_U16 = number(0, 0xFFFF)
_STATUS: Shape = (
    (1, "lineage", fixed(16)),
    (2, "state", text),
    (3, "epoch", _N),
    (4, "fence", _N),
    (5, "gen", _N),
    (6, "kind", _N),
    (7, "op_id", fixed(16)),
    (8, "instance_id", nullable(_D)),
    (9, "MRENCLAVE", nullable(_D)),
    (10, "body_id", nullable(_D)),
    (11, "slots", nullable(blob(SLOTS))),
    (12, "lease_until", _N),
    (13, "passport", nullable(blob(CORE))),
    (14, "log head", blob(CORE)),
    (15, "next gen", nullable(_N)),
    (16, "policy digest", _D),
    (17, "essentials", blob(CORE)),
    (18, "rpo", nullable(_N)),
    (19, "wait", _N),
    (20, "core", nullable(blob(CORE))),
    (21, "gen_floor", _N),
    (22, "name", text),
    (23, "lowered", listed(text)),
    (24, "sealed by active", boolean),
    (25, "wrap_ids", listed(_D)),
    (26, "gens", listed(_N)),
    (27, "platform id", nullable(_D)),
    (28, "ISVPRODID", _N),
    (29, "ISVSVN", _N),
    (30, "platform kind", _N),
    (31, "allowed", listed(row(_D, _U16, _U16), 0, LIST)),
)


def _ask(payload: bytes) -> None:
    fields = map_of(payload, "ask", _ASK)
    if fields[4] == 11:
        blob(MESSAGE)(fields[8], "policy file")
    elif fields[4] == 9:
        row(listed(_D), listed(_N))(fields[8], "keys")
    elif fields[8] is not None:
        raise Refused("FIELD", "ask field 9")


_CLAIMS: Shape = (
    (1, "label", text),
    (2, "lineage", fixed(16)),
    (3, "op_id", fixed(16)),
    (4, "fence", _N),
    (5, "nonce", _D),
    (6, "pk_sig", fixed(91)),
    (7, "pk_kem", _D),
    (8, "pk_tls", fixed(91)),
)


def _claims(payload: bytes) -> None:
    found = map_of(payload, "claims", _CLAIMS)
    assert found[0] == messages.EVIDENCE
    assert messages.claims(messages.Head(found[1], found[2], found[3], 0), *found[4:]) == payload


def _policy(payload: bytes) -> None:
    assert messages.Policy.decode(payload).encode() == payload


def _core(payload: bytes) -> None:
    assert rsc1.Core.decode(payload).encode() == payload


def _footer(payload: bytes) -> None:
    assert rsc1.Footer.decode(payload).encode() == payload


STRUCTURES: dict[str, Callable[[bytes], Any]] = {
    "ask": _ask,
    "claims": _claims,
    "policy": _policy,
    "keyset": messages.keyset,
    "shares": messages.shares,
    "status": lambda payload: map_of(payload, "status", _STATUS),
    "error": lambda payload: map_of(payload, "error", _ERROR),
    "core": _core,
    "footer": _footer,
    "slots": slots.decode,
}
MESSAGES = {spec.name: kind for kind, spec in messages.KINDS.items()}


def read_message(name: str, payload: bytes) -> None:
    if name in STRUCTURES:
        STRUCTURES[name](payload)
        return
    found: Any = messages.decode(MESSAGES[name], payload)
    assert messages.encode(found) == payload
    if name == "passport":
        cose.VerifyKey(found.pk_sig)


@parametrized("messages.vec", "type payload expect")
def test_messages(case: Case) -> None:
    fields = dict(case)
    payload = bytes.fromhex(fields["payload"])
    if fields["expect"] == "ok":
        read_message(fields["type"], payload)
    else:
        assert fields["expect"] == "FORM"
        with pytest.raises(Refused):
            read_message(fields["type"], payload)


@parametrized("digests.vec", "name input output")
def test_digests(case: Case) -> None:
    inputs = [bytes.fromhex(value) for key, value in case if key == "input"]
    made: dict[str, Callable[..., bytes]] = {
        "instance_id": instance_id,
        "slot_digest": slot_digest,
        "body_id": body_id,
        "head": head_digest,
        "log": lambda previous, entry: labelled("reseal/v1/log", previous, sha256(entry)),
        "policy": policy_digest,
        "opened": lambda *parts: labelled("reseal/v1/opened", *parts),
        "reportdata": messages.evidence_report_data,
        "app-reportdata": messages.app_report_data,
    }
    assert made[dict(case)["name"]](*inputs).hex() == dict(case)["output"]


class Fixed:
    """EGETKEY's answer to exactly one KEYREQUEST."""

    cpu_svn = bytes(16)
    isv_svn = 0

    def __init__(self, key: bytes, requests: list[bytes | None]) -> None:
        self.key, self.requests, self.refusal = key, requests, ""

    def egetkey(self, request: bytes) -> bytes:
        if self.refusal or request not in self.requests:
            raise Refused(self.refusal or "PLATFORM", "this request has no key here")
        return self.key


class Opening(NamedTuple):
    """Everything that a good opening is given."""

    file: bytes
    lineage: bytes
    core_digest: bytes
    body_id: bytes
    slots: bytes
    shares: list[bytes | None]
    policy: bytes
    platform: Fixed


def stores(opening: Opening) -> dict[str, dict[records.Key, bytes]]:
    """Opens a container as an instance does, in the order of protocol 5.6."""
    tail = opening.file[-rsc1.TAIL :]
    footer = rsc1.read_tail(tail, len(opening.file))
    source = io.BytesIO(opening.file)
    core, file_slots = rsc1.read_beginning(source)
    decoded = rsc1.check_granted(core, footer, opening.lineage, opening.core_digest, opening.body_id)
    policy = messages.Policy.decode(opening.policy)
    dek = slots.open_dek(
        opening.platform,
        policy,
        sha256(core),
        decoded.pk_open,
        decoded.salt,
        slots.decode(opening.slots),
        opening.shares,
    )
    staging = records.Staging(policy.state_max, lambda *_: None)
    begun = 16 + len(core) + len(file_slots)
    read_rounds(source, begun, core, footer, slots.StreamKeys(decoded.salt, dek), staging.accept)
    return staging.finish()


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


ARGUMENTS = {
    "flip": 2, "cut": 1, "append": 1, "swap": 3, "copy": 3, "slots": 1, "lineage": 1, "core-digest": 1,
    "body-id": 1, "plat-key": 1, "plat": 1, "share": 2, "policy": 1,
}  # fmt: skip


def changed(opening: Opening, operations: Iterator[str]) -> Opening:
    platform = Fixed(opening.platform.key, opening.platform.requests)
    opening = opening._replace(platform=platform, shares=list(opening.shares))
    for name in operations:
        arguments = [next(operations) for _ in range(ARGUMENTS[name])]
        file = bytearray(opening.file)
        match name, arguments:
            case "flip", [offset, mask]:
                file[int(offset)] ^= int(mask, 16)
            case "cut", [size]:
                del file[int(size) :]
            case "append", [content]:
                file += bytes.fromhex(content)
            case "swap", [a, b, size]:
                first, second = slice(int(a), int(a) + int(size)), slice(int(b), int(b) + int(size))
                file[first], file[second] = file[second], file[first]
            case "copy", [start, size, to]:
                file[int(to) : int(to) + int(size)] = file[int(start) : int(start) + int(size)]
            case "plat-key", [key]:
                platform.key = bytes.fromhex(key)
            case "plat", [why]:
                platform.refusal = {"svn": "SVN_DOWNGRADE", "unsupported": "PLATFORM"}[why]
            case "share", [index, half]:
                opening.shares[int(index)] = None if half == "-" else bytes.fromhex(half)
            case _, [value]:
                fields: dict[str, Any] = {name.replace("-", "_"): bytes.fromhex(value)}
                opening = opening._replace(**fields)
        opening = opening._replace(file=bytes(file))
    return opening


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
