"""Every parser under seeded mutations: it accepts, or refuses by its own exception, in bounded time."""

from __future__ import annotations

import io
import random
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from reseal import cbor, cose, device, messages, records, rsc1, slots
from reseal.errors import Refused
from reseal.hashes import sha256
from reseal.response import LinkError, Response
from reseal.sealing import Sealing, fresh
from reseal.slots import Recipients, StreamKeys
from reseal.testing import Authority, Platform
from reseal.unsealing import read

SEEDS = range(8)
ROUNDS = 150
MOST_S = 5.0


def mutations(good: bytes, seed: int) -> Iterator[bytes]:
    rng = random.Random(seed)
    for _ in range(ROUNDS):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 4)):
            match rng.randrange(6):
                case 0 if data:
                    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                case 1 if data:
                    data[rng.randrange(len(data))] = rng.choice((0, 0x1B, 0x7F, 0x80, 0x9F, 0xBF, 0xFF))
                case 2:
                    del data[rng.randrange(len(data) + 1) :]
                case 3:
                    at = rng.randrange(len(data) + 1)
                    data[at:at] = rng.randbytes(rng.randrange(1, 9))
                case 4 if data:
                    at = rng.randrange(len(data))
                    data[at : at + 4] = b"\xff\xff\xff\xff"
                case _:
                    at = rng.randrange(len(data) + 1)
                    data[at:at] = data[: rng.randrange(20)]
        yield bytes(data)


def survive(good: bytes, seed: int, parse: Callable[[bytes], object], *allowed: type[Exception]) -> None:
    parse(good)
    begun = time.monotonic()
    refused = 0
    for data in mutations(good, seed):
        try:
            parse(data)
        except allowed:
            refused += 1
    assert refused > ROUNDS // 4
    assert time.monotonic() - begun < MOST_S


def _container() -> tuple[bytes, bytes, bytes, StreamKeys]:
    policy = Authority().policy
    salt, dek = fresh()
    keys = StreamKeys(salt, dek)
    core = rsc1.Core(policy.lineage, 1, bytes(16), 1, bytes(32), None, 1, salt, bytes(32), keys.pk_open).encode()
    to = Recipients(policy.lineage, bytes(16), 1, bytes(32), keys.pk_open, None, policy)
    made = slots.make(Platform(), to, sha256(core), keys.pk_open, salt, dek)
    head = records.store_head("s")
    content = [records.frame(head, number, number + 1, cbor.encode_value({"n": number})) for number in range(40)]
    sealing = Sealing(core, made, keys)
    file = b"".join(bytes(chunk) for chunk in sealing.stream([content[:20], content[20:]], lambda: (1, 1, 1)))
    assert sealing.body is not None
    return file, core, sealing.body.footer, keys


FILE, CORE_BYTES, FOOTER_BYTES, KEYS = _container()


@pytest.mark.parametrize("seed", SEEDS)
def test_containers(seed: int) -> None:
    def open_whole(data: bytes) -> None:
        footer = rsc1.read_tail(data[-rsc1.TAIL :], len(data))
        staging = records.Staging(1 << 20, lambda *_: None)
        read(io.BytesIO(data), CORE_BYTES, footer, KEYS, staging.accept)
        assert len(staging.finish()["s"]) == 40

    survive(FILE, seed, open_whole, Refused)


@pytest.mark.parametrize("seed", SEEDS)
def test_plaintext_of_a_container(seed: int) -> None:
    head = records.store_head("s")
    plain = b"".join(records.frame(head, f"k{n}", n + 1, cbor.encode_value([n, 1.5, None])) for n in range(6))

    def stage(data: bytes) -> None:
        staging = records.Staging(1 << 20, lambda *_: None)
        cut = len(data) // 3
        staging.accept(memoryview(data[:cut]), False)
        staging.accept(memoryview(data[cut:]), True)
        staging.finish()

    survive(plain, seed, stage, Refused)


@pytest.mark.parametrize("seed", SEEDS)
def test_slots(seed: int) -> None:
    at = 16 + len(CORE_BYTES)
    size = int.from_bytes(FILE[at - 4 : at], "big")
    survive(FILE[at : at + size], seed, slots.decode, Refused)


@pytest.mark.parametrize("kind", list(messages.KINDS), ids=lambda kind: messages.name_of(kind))
def test_payloads_of_every_message(kind: type) -> None:
    good = _payload(kind)
    for seed in SEEDS:
        survive(good, seed, lambda data: messages.decode(kind, data), Refused)


def _payload(kind: type) -> bytes:
    """A payload whose fields have the right types, found by asking the decoder what it misses."""
    fields: dict[int, object] = {
        1: 1,
        2: messages.KINDS[kind].number,
        3: bytes(16),
        4: bytes(16),
        5: 0,
        6: 0,
    }
    for key, _, check in messages.KINDS[kind].shape:
        for candidate in (1, bytes(32), bytes(91), bytes(80), False, [], [[bytes(32), 1, 1, 2, None]]):
            try:
                check(candidate, "")
            except Refused:
                continue
            fields[key] = candidate
            break
    return cbor.encode(fields)


@pytest.mark.parametrize("seed", SEEDS)
def test_signed_envelopes(seed: int) -> None:
    key = cose.SigningKey.generate()
    good = cose.sign("ticket", _payload(messages.Ticket), key)
    for data in mutations(good, seed):
        if data != good:
            with pytest.raises(Refused):
                cose.verify("ticket", data, 1 << 16, [key.public])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("chunked", [True, False])
def test_answers_of_the_supervisor(seed: int, chunked: bool) -> None:
    body = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n" if chunked else b"hello world"
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 11"
    good = b"HTTP/1.1 200 OK\r\n" + framing + b"\r\nConnection: keep-alive\r\n\r\n" + body

    def whole(data: bytes) -> None:
        content = Response(io.BufferedReader(io.BytesIO(data))).whole(1000)
        assert len(content) <= max(1000, len(data))

    survive(good, seed, whole, LinkError)


@pytest.mark.parametrize("seed", SEEDS)
def test_answers_of_the_device(seed: int) -> None:
    good = cbor.encode([0, bytes(16)])
    for data in mutations(good, seed):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            report = cbor.encode([0, bytes(432)])
            theirs.sendall(len(report).to_bytes(4, "big") + report)
            found = device.Device(ours.detach())
            theirs.sendall(len(data).to_bytes(4, "big") + data)
            theirs.shutdown(socket.SHUT_WR)
            try:
                assert len(found.egetkey(bytes(512))) == 16
            except Refused:
                continue
            finally:
                found.close()
