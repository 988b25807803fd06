"""The relying party against a real TLS server: its connections and its policy."""

from __future__ import annotations

import contextlib
import http.client
import os
import pathlib
import resource
import socket
import ssl
import threading
import time
from typing import Any

import pytest
from stand_ins import LINEAGE, MRENCLAVE, Authority, Instance, Start, connect, now_ms, policy_of

from reseal import client
from reseal.client import AttestedClient, Policy, Refused, Unknown, Unreachable
from reseal.server import Retryable


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


class ClosedMeanwhile(AttestedClient):
    """Another thread closes it as soon as its channel was looked at while ``closing``."""

    closing = False

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name == "_channel" and self.closing:
            self.closing = False
            closer = threading.Thread(target=self.close)
            closer.start()
            closer.join()
        return found


def test_the_passport_may_be_asked_for_while_another_thread_closes(start: Start, authority: Authority) -> None:
    peer = ClosedMeanwhile(f"https://127.0.0.1:{start().port}", policy_of(authority))
    with peer:
        peer.get("/")
        peer.closing = True
        assert peer.passport is not None
        assert peer.passport is None


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


def test_a_request_that_was_never_admitted_is_repeated_once_whatever_it_is(start: Start, authority: Authority) -> None:
    instance = start()
    with connect(instance, authority) as peer:
        admitted = [False, True]
        instance.admits = lambda: admitted.pop(0)
        assert peer.post("/pay", b"5").status == 200
        assert (peer.retried, instance.calls) == (1, ["POST /pay"])
        admitted = [False, False, True]
        with pytest.raises(Unknown, match="EPOCH_CHANGED, also when repeated"):
            peer.post("/pay", b"5")
        assert admitted == [True]


def test_a_request_that_was_carried_out_without_an_acknowledgement_is_not_repeated(
    start: Start, authority: Authority
) -> None:
    instance = start()

    def unacknowledged(_: str) -> None:
        raise Retryable("UNKNOWN")

    instance.before = unacknowledged
    with connect(instance, authority) as peer, pytest.raises(Unknown, match="may have been carried out"):
        peer.post("/pay", b"5")
    assert instance.calls == ["POST /pay"]


def test_what_http_cannot_say_is_named_and_the_next_request_is_none_the_worse(
    start: Start, authority: Authority
) -> None:
    instance = start()
    with connect(instance, authority) as peer:
        with pytest.raises(http.client.InvalidURL):
            peer.post("/a b", b"5")
        assert peer.post("/pay", b"5").status == 200
        with pytest.raises(ValueError, match="header value"):
            peer.request("POST", "/pay", b"5", {"X-Note": "a\nb"})
        assert peer.post("/pay", b"5").status == 200
        assert peer.retried == 0
    assert instance.calls == ["POST /pay"] * 2


def hang_up(instance: Instance) -> None:
    """Cuts all connections, as a kill would."""
    with instance.server._changed:
        for each in instance.server._connections:
            socket.socket.shutdown(each, socket.SHUT_RDWR)


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
    with connect(instance, authority, within_s=1.0) as peer, pytest.raises(Unreachable, match="EPOCH_CHANGED"):
        peer.get("/")
    with connect(instance, authority) as peer:
        threading.Timer(0.2, lambda: setattr(instance, "refuses", None)).start()
        assert peer.get("/").status == 200


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
