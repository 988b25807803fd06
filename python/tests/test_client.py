"""The relying party against a real TLS server: every check has a peer that only this check keeps out."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import resource
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reseal import cbor, client, messages
from reseal.client import AttestedClient, Memory, Policy, Refused, Unknown, Unreachable
from reseal.client_checks import Floor, channel_content
from reseal.cose import SigningKey
from reseal.hashes import sha256
from reseal.messages import Head, LogHead, Passport
from reseal.server import Answer, Retryable, Server
from reseal.tls import TlsIdentity

LINEAGE = bytes(range(16))
MRENCLAVE = bytes(32)
OP = bytes(16)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Authority:
    """Signs passports as the real one does; ``seq`` is the newest entry of its log."""

    def __init__(self) -> None:
        self.key = SigningKey.generate()
        self.seq = 5

    def log_head(self, seq: int | None = None, mark: int = 0) -> bytes:
        number = self.seq if seq is None else seq
        return messages.sign(LogHead(Head(bytes(16), OP, 0, 0), number, bytes((mark,)) * 32), self.key)

    def passport(self, instance: Instance, **changes: Any) -> bytes:
        head = Head(changes.pop("lineage", LINEAGE), OP, changes.pop("fence", 3), changes.pop("epoch", 2))
        start = changes.pop("start", now_ms())
        signer = changes.pop("signer", self.key)
        life = changes.pop("life", 60_000)
        passport = Passport(
            head=head,
            instance_id=bytes(32),
            pk_sig=instance.key.public.spki,
            tls_digest=sha256(instance.tls.spki),
            gen=4,
            state_head=bytes(32),
            mrenclave=MRENCLAVE,
            platform_kind=client.EMULATED,
            not_before=start,
            not_after=start + life,
            flags=0,
            log_head=self.log_head(),
            nonce=None,
        )
        return messages.sign(passport._replace(**changes), signer)


class Instance:
    """The hooks of a server: answers challenges with whatever passport it was given."""

    def __init__(self, authority: Authority, **changes: Any) -> None:
        self.key = SigningKey.generate()
        self.tls = TlsIdentity.generate()
        self.give: Callable[[], bytes] = lambda: authority.passport(self, **changes)
        self.hellos: list[dict[int, Any]] = []
        self.calls: list[str] = []
        self.signs = self.key
        self.content: Callable[[dict[int, Any], bytes], bytes] = lambda hello, passport: channel_content(
            hello[1], hello[2], sha256(self.tls.spki), passport
        )
        self.before: Callable[[str], None] = lambda _: None
        self.refuses: str | None = None
        self.kept: dict[str, Answer] = {}
        self.server = Server(self.application, self.tls, self)
        self.port = self.server.start()

    def application(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        call = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        self.calls.append(call)
        self.before(call)
        start_response("200 OK", [])
        return [b"done ", environ["wsgi.input"].read()]

    def channel(self, hello: bytes) -> bytes:
        if self.refuses is not None:
            raise Retryable(self.refuses)
        asked = cbor.decode(hello)
        self.hellos.append(asked)
        passport = self.give()
        return cbor.encode({1: passport, 2: self.signs.sign(self.content(asked, passport)), 3: None})

    def enter(self) -> bool:
        return True

    def leave(self) -> None: ...

    def hold(self) -> None: ...

    def answer(self, key: str, fingerprint: bytes) -> Answer | None:
        return self.kept.get(key)

    def keep(self, key: str, fingerprint: bytes, answer: Answer) -> None:
        self.kept[key] = answer


@pytest.fixture
def authority() -> Authority:
    return Authority()


Start = Callable[..., Instance]


@pytest.fixture
def start(authority: Authority) -> Iterator[Start]:
    started: list[Instance] = []

    def make(**changes: Any) -> Instance:
        started.append(Instance(authority, **changes))
        return started[-1]

    yield make
    for each in started:
        each.server.close()


def policy_of(anchor: Authority, **changes: Any) -> Policy:
    policy = Policy((anchor.key.public,), LINEAGE, frozenset((MRENCLAVE,)), frozenset((client.EMULATED,)))
    return dataclasses.replace(policy, **changes)


def connect(instance: Instance, authority: Authority, memory: Memory | None = None, **policy: Any) -> AttestedClient:
    url = f"https://127.0.0.1:{instance.port}"
    return AttestedClient(url, policy_of(authority, **policy), memory, connect_within_s=1.0)


def refusal(instance: Instance, authority: Authority, memory: Memory | None = None, **policy: Any) -> str:
    """The rule that keeps this instance out; the application must not have seen a byte."""
    with connect(instance, authority, memory, **policy) as peer, pytest.raises(Refused) as refused:
        peer.get("/secret")
    assert instance.calls == []
    return refused.value.rule


def test_requests_reach_the_active_instance_on_one_attested_connection(start: Start, authority: Authority) -> None:
    instance = start()
    with connect(instance, authority) as peer:
        assert peer.passport is None
        assert peer.put("/a", b"1").body == b"done 1"
        assert peer.get("/a").status == 200
        assert peer.passport is not None
        assert (peer.passport.head.epoch, peer.passport.gen) == (2, 4)
    assert instance.calls == ["PUT /a", "GET /a"]
    assert len(instance.hellos) == 1
    assert (instance.hellos[0][2], instance.hellos[0][3]) == (LINEAGE, 2)


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
            AttestedClient(url, policy_of(authority), connect_within_s=0.1).get("/")
        listener.shutdown(socket.SHUT_RDWR)


def test_the_exchange_is_repeated_before_the_passport_ends(start: Start, authority: Authority) -> None:
    instance = start(life=400)
    with connect(instance, authority) as peer:
        for _ in range(10):
            assert peer.get("/").status == 200
            time.sleep(0.08)
    assert 2 <= len(instance.hellos) <= 9


def test_an_instance_whose_passport_is_not_renewed_is_left(start: Start, authority: Authority) -> None:
    instance = start(start=now_ms(), life=300)
    with connect(instance, authority) as peer:
        assert peer.get("/").status == 200
        time.sleep(0.35)
        with pytest.raises(Refused) as refused:
            peer.get("/again")
    assert refused.value.rule == "PASSPORT_EXPIRED"
    assert instance.calls == ["GET /"]


def test_an_answer_that_arrives_after_the_passport_ended_does_not_count(start: Start, authority: Authority) -> None:
    instance = start(life=300)
    instance.before = lambda _: time.sleep(0.4)
    with connect(instance, authority) as peer:
        with pytest.raises(Unknown, match="PASSPORT_EXPIRED"):
            peer.post("/pay", b"5")
        assert peer.passport is None


def test_an_idempotent_request_is_repeated_once_on_a_new_connection(start: Start, authority: Authority) -> None:
    instance = start()
    cuts = [1]

    def cut(call: str) -> None:
        if cuts:
            cuts.pop()
            hang_up(instance)

    with connect(instance, authority) as peer:
        instance.before = cut
        for method in ["PUT", "GET", "DELETE"]:
            cuts[:] = [1]
            assert peer.request(method, "/a").status == 200
        cuts[:] = [1]
        assert peer.post("/pay", b"5", idempotency_key="k").status == 200
        assert peer.retried == 4
        cuts[:] = [1]
        with pytest.raises(Unknown, match="may have been carried out"):
            peer.post("/pay", b"5")
        cuts[:] = [1, 1]
        with pytest.raises(Unknown, match="also when repeated"):
            peer.get("/a")
    assert len(instance.hellos) == 7


def hang_up(instance: Instance) -> None:
    """Cuts all connections, as a kill would."""
    with instance.server._lock:
        for each in instance.server._connections:
            each.shutdown(socket.SHUT_RDWR)


def test_no_session_is_offered_for_resumption(start: Start, authority: Authority) -> None:
    instance, reused = start(), []
    accept = instance.server._context.wrap_socket

    def watch(*args: Any, **kwargs: Any) -> ssl.SSLSocket:
        tls = accept(*args, **kwargs)
        reused.append(tls.session_reused)
        return tls

    instance.server._context.wrap_socket = watch  # type: ignore[method-assign]
    with connect(instance, authority) as peer:
        for _ in range(2):
            peer.get("/")
            peer.close()
    assert reused == [False, False]


def test_an_idle_close_is_seen_before_anything_is_sent(start: Start, authority: Authority) -> None:
    instance = start()
    with connect(instance, authority) as peer:
        peer.get("/")
        instance.server.drain()
        time.sleep(0.1)
        instance.server.resume()
        assert peer.post("/pay", b"5").status == 200
        assert peer.retried == 0


def test_a_process_with_more_than_1024_open_files_is_served(start: Start, authority: Authority) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 1024 + 100
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"this process may open {hard} files, {needed} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    instance = start()
    with contextlib.ExitStack() as held:
        held.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(1024):
            held.callback(os.close, os.dup(2))
        with connect(instance, authority) as peer:
            assert peer.get("/").status == 200
            assert peer.get("/").status == 200


def test_an_instance_that_was_replaced_is_not_followed_but_its_successor_is(start: Start, authority: Authority) -> None:
    """EPOCH_CHANGED before the first byte: the client looks again until an instance serves."""
    instance = start()
    instance.refuses = "EPOCH_CHANGED"
    with connect(instance, authority) as peer:
        with pytest.raises(Unreachable, match="EPOCH_CHANGED"):
            peer.get("/")
        threading.Timer(0.2, lambda: setattr(instance, "refuses", None)).start()
        assert peer.get("/").status == 200


def test_memory_rises_only_and_outlives_the_process(authority: Authority, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "seen"
    first, second = Memory(path), Memory(path)
    first.saw(LINEAGE, Floor(5, 9, 2, authority.log_head(7)))
    second.saw(LINEAGE, Floor(4, 8, 3, authority.log_head(6)))
    assert Memory(path).floor(LINEAGE) == Floor(5, 9, 3, first.floor(LINEAGE).log_head)
    assert Memory(path).floor(bytes(16)) == Floor()
    for cut in range(path.stat().st_size):
        (tmp_path / "torn").write_bytes(path.read_bytes()[:cut])
        with pytest.raises(Refused, match="MEMORY"):
            Memory(tmp_path / "torn")


def test_a_policy_without_anchors_is_no_policy(authority: Authority) -> None:
    empties: list[dict[str, Any]] = [
        {"authority": ()},
        {"measurements": frozenset()},
        {"platforms": frozenset()},
        {"lineage": b""},
    ]
    for empty in empties:
        with pytest.raises(ValueError, match=r"a policy names|a lineage has"):
            policy_of(authority, **empty)


def test_anchors_are_read_from_the_file_that_the_authority_publishes(
    authority: Authority, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "authority.spki").write_text(authority.key.public.spki.hex() + "\n")
    read = Policy.of(tmp_path / "authority.spki", LINEAGE.hex(), [MRENCLAVE.hex()], [client.EMULATED])
    assert read == policy_of(authority)
