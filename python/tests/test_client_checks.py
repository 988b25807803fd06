"""The relying party keeps out who fails a check: every check has a peer that only this check keeps out."""

from __future__ import annotations

import pathlib
import secrets
import socket
import ssl
import threading
from typing import Any

import pytest
from stand_ins import Authority, Instance, Start, connect, now_ms, policy_of

from reseal import cbor, client, messages
from reseal.client import AttestedClient, Memory, Refused, Unreachable
from reseal.client_checks import channel_content
from reseal.cose import SigningKey
from reseal.hashes import sha256
from reseal.messages import LogHead
from reseal.tls import TlsIdentity


def refusal(instance: Instance, authority: Authority, memory: Memory | None = None, **policy: Any) -> str:
    """The rule that keeps this instance out; the application must not have seen a byte."""
    with connect(instance, authority, memory, **policy) as peer, pytest.raises(Refused) as refused:
        peer.get("/secret")
    assert instance.calls == []
    return refused.value.rule


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"lineage": bytes(16)}, "LINEAGE_MISMATCH"),
        ({"mrenclave": b"\1" * 32}, "MEASUREMENT_REFUSED"),
        ({"platform_kind": client.SGX}, "PLATFORM_REFUSED"),
        ({"tls_digest": bytes(32)}, "CHANNEL_MISMATCH"),
        ({"life": 300_001}, "PASSPORT_LIFE"),
        ({"life": 0}, "PASSPORT_LIFE"),
        ({"flags": messages.FLAG_TAKEOVER}, "FLAGS_REFUSED"),
        ({"flags": messages.FLAG_DEMO_POLICY}, "FLAGS_REFUSED"),
        ({"signer": SigningKey.generate()}, "SIGNER"),
    ],
)
def test_a_passport_that_policy_does_not_accept_is_refused_by_name(
    start: Start, authority: Authority, changes: dict[str, Any], rule: str
) -> None:
    assert refusal(start(**changes), authority) == rule


def test_a_passport_counts_between_its_dates_only(start: Start, authority: Authority) -> None:
    assert refusal(start(start=now_ms() - 2_000, life=1_000), authority) == "PASSPORT_EXPIRED"
    assert refusal(start(start=now_ms() + 60_000), authority) == "PASSPORT_NOT_YET_VALID"
    with connect(start(start=now_ms() + 3_000), authority) as peer:  # within the skew
        assert peer.get("/").status == 200


def test_flags_are_accepted_one_by_one(start: Start, authority: Authority) -> None:
    instance = start(flags=messages.FLAG_TAKEOVER | messages.FLAG_DEMO_POLICY)
    assert refusal(instance, authority, accept_flags=messages.FLAG_DEMO_POLICY) == "FLAGS_REFUSED"
    with connect(instance, authority, accept_flags=17) as peer:
        assert peer.get("/").status == 200


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"epoch": 1}, "EPOCH_SUPERSEDED"),
        ({"fence": 2}, "FENCE_SUPERSEDED"),
        ({"gen": 3}, "GENERATION_SUPERSEDED"),
        ({"log_head": "older"}, "AUTHORITY_ROLLBACK"),
        ({"log_head": "forked"}, "AUTHORITY_ROLLBACK"),
    ],
)
def test_what_is_older_than_remembered_is_refused(
    start: Start, authority: Authority, tmp_path: pathlib.Path, changes: dict[str, Any], rule: str
) -> None:
    with connect(start(), authority, Memory(tmp_path / "seen")) as peer:
        peer.get("/")
    if "log_head" in changes:
        changes = {"log_head": authority.log_head(4) if changes["log_head"] == "older" else authority.log_head(5, 9)}
    old = start(**changes)
    assert refusal(old, authority, Memory(tmp_path / "seen")) == rule
    with connect(old, authority, Memory()) as forgetful:
        assert forgetful.get("/").status == 200


def test_a_generation_below_the_policy_is_refused(start: Start, authority: Authority) -> None:
    assert refusal(start(), authority, least_generation=5) == "GENERATION_REFUSED"


def test_a_log_head_counts_only_with_the_authoritys_signature(start: Start, authority: Authority) -> None:
    other = Authority()
    assert refusal(start(log_head=other.log_head()), authority) == "SIGNER"


def test_the_newest_log_head_is_shown_to_the_instance(start: Start, authority: Authority) -> None:
    instance, memory = start(), Memory()
    for _ in range(2):
        with connect(instance, authority, memory) as peer:
            peer.get("/")
    assert [hello[6] is None for hello in instance.hellos] == [True, False]
    assert messages.verify(LogHead, instance.hellos[1][6], (authority.key.public,)).seq == 5


def test_the_challenge_must_be_signed_by_the_key_of_the_passport(start: Start, authority: Authority) -> None:
    instance = start()
    instance.signs = SigningKey.generate()
    assert refusal(instance, authority) == "CHALLENGE_SIGNATURE"


@pytest.mark.parametrize("part", range(4))
def test_a_signature_over_another_nonce_lineage_key_or_passport_is_refused(
    start: Start, authority: Authority, part: int
) -> None:
    instance = start()

    def other(hello: dict[int, Any], passport: bytes) -> bytes:
        parts = [hello[1], hello[2], sha256(instance.tls.spki), passport]
        parts[part] = secrets.token_bytes(len(parts[part]))
        return channel_content(*parts)

    instance.content = other
    assert refusal(instance, authority) == "CHALLENGE_SIGNATURE"


def test_a_recorded_answer_is_worth_nothing_in_another_handshake(start: Start, authority: Authority) -> None:
    """A relay that speaks to the genuine instance on its own connection and passes the answer on."""
    genuine, relay = start(), start()
    relay.channel = genuine.channel  # type: ignore[method-assign]
    assert refusal(relay, authority) == "CHANNEL_MISMATCH"


@pytest.mark.parametrize(
    "answer",
    [b"", b"\xa0", cbor.encode({1: b"", 2: bytes(64), 3: None}), cbor.encode({1: b"", 2: bytes(63), 3: None})],
)
def test_an_answer_that_is_none_is_refused(start: Start, authority: Authority, answer: bytes) -> None:
    instance = start()
    instance.channel = lambda hello: answer  # type: ignore[method-assign]
    assert refusal(instance, authority) in ("TRUNCATED", "FIELD", "SIZE")


def test_a_server_without_the_exchange_is_refused(authority: Authority, start: Start) -> None:
    instance = start()

    def unknown(hello: bytes) -> bytes:
        raise ValueError("no such thing")

    instance.channel = unknown  # type: ignore[method-assign]
    assert refusal(instance, authority) == "NOT_ATTESTED"


def test_older_tls_is_not_spoken(authority: Authority) -> None:
    context = TlsIdentity.generate().context()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    raw, _ = listener.accept()
                    with raw, context.wrap_socket(raw, server_side=True):
                        pass
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(Unreachable, match=r"(?i)protocol"):
            AttestedClient(url, policy_of(authority), connect_within_s=0.5).get("/")
        listener.shutdown(socket.SHUT_RDWR)
