"""What an application declares is refused early, lives through re-seals, and never shows a secret."""

from __future__ import annotations

import copy
import http.client
import json
import pickle
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

import reseal
from reseal.errors import Refused
from reseal.state import State
from reseal.testing import Authority, Lineage


@dataclass
class Customer:
    name: str
    tags: list[str]
    limit: float | None = None


@dataclass
class Unstorable:
    when: complex


def developed(declare: Callable[[reseal.App], Any] = lambda _: None) -> reseal.App:
    app = reseal.App()
    declare(app)
    app.start()
    return app


# -- declarations


@pytest.mark.parametrize(
    "of", [set, tuple, object, complex, bytearray, Unstorable, Customer("n", []), "str", list[int]]
)
def test_a_type_that_cannot_be_sealed_is_refused_at_its_declaration(of: Any) -> None:
    with pytest.raises(TypeError):
        reseal.App().state("s", of=of)


@pytest.mark.parametrize("name", ["", "reseal/answers", "twice"])
def test_a_name_that_is_empty_reserved_or_taken_is_refused(name: str) -> None:
    app = reseal.App()
    app.state("twice", of=int)
    with pytest.raises(ValueError, match="name"):
        app.state(name, of=int)


def test_nothing_is_declared_after_the_start() -> None:
    app = developed()
    with pytest.raises(Refused):
        app.state("late", of=int)
    with pytest.raises(Refused):
        app.key("late")


def test_a_hook_for_an_undeclared_key_is_refused() -> None:
    with pytest.raises(ValueError, match="not declared"):
        reseal.App().on_key("unknown")


@pytest.mark.parametrize(
    ("of", "good", "bad"),
    [
        (str, "ä", b"bytes"),
        (int, -5, True),
        (int, 2**63 - 1, 2**63),
        (float, 1.5, 1),
        (bool, False, 0),
        (bytes, b"\0", "text"),
        (None, None, 0),
        (list, [1, [2.5, None], {"a": b""}], (1,)),
        (dict, {"a": {"b": []}}, {1: 2}),
        (dict, {}, {"a": {1, 2}}),
        (Customer, Customer("n", ["t"], 1.5), {"name": "n"}),
    ],
)
def test_a_value_of_the_declared_type_comes_back_and_another_is_refused(of: Any, good: Any, bad: Any) -> None:
    state = developed(lambda app: app.state("s", of=of)).states["s"]
    state["k"] = good
    assert state["k"] == good
    with pytest.raises((TypeError, Refused)):
        state["k"] = bad
    assert state["k"] == good


# -- values


def test_nested_values_are_read_only_and_say_what_to_do() -> None:
    state = developed(lambda app: app.state("s", of=dict)).states["s"]
    state["k"] = {"tags": ["a"], "inner": {"x": 1}}
    value = state["k"]
    mistakes: tuple[Callable[[], Any], ...] = (
        lambda: value.update(a=1),
        lambda: value["tags"].append("b"),
        lambda: value["inner"].__setitem__("x", 2),
        lambda: value["tags"].__iadd__(["c"]),
        lambda: value.__ior__({"z": 1}),
        lambda: value.pop("tags"),
        lambda: value.__delitem__("tags"),
    )
    for mistake in mistakes:
        with pytest.raises(TypeError, match="read-only"):
            mistake()
    changed = copy.deepcopy(dict(value))
    changed["tags"].append("b")
    state["k"] = changed
    assert state["k"]["tags"] == ["a", "b"]
    assert json.loads(json.dumps(state["k"])) == changed


def test_a_transaction_lands_whole_or_not_at_all_and_is_invisible_before() -> None:
    state = developed(lambda app: app.state("s", of=int)).states["s"]
    state["a"] = 1
    with pytest.raises(ZeroDivisionError), state.transaction() as tx:  # noqa: PT012
        tx["a"] = 2
        tx["b"] = 3
        assert (tx["a"], len(tx), state["a"]) == (2, 2, 1)
        _ = 1 // 0
    assert dict(state) == {"a": 1}
    with state.transaction() as tx:
        tx["b"] = 3
        del tx["a"]
        assert "a" not in tx
        with pytest.raises(KeyError):
            _ = tx["a"]
    assert dict(state) == {"b": 3}
    with pytest.raises(Refused):
        tx["c"] = 1


def test_transactions_of_threads_do_not_lose_updates() -> None:
    state = developed(lambda app: app.state("s", of=int)).states["s"]
    state["n"] = 0

    def add() -> None:
        for _ in range(200):
            with state.transaction() as tx:
                tx["n"] += 1

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state["n"] == 800


# -- secrets


def test_a_key_is_never_shown_copied_or_pickled() -> None:
    app = developed(lambda app: app.key("kek"))
    key = app.keys["kek"]
    secret = key.reveal()
    for shown in (repr(key), str(key), repr(key.current()), f"{key.current()}", repr(app.ring)):
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown
    for refuse in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            refuse(key.current())


def test_only_the_active_generation_protects_new_data() -> None:
    with Lineage(lambda: _with_key()) as lineage:
        old = lineage.app.keys["kek"].current()
        sealed = old.encrypt(b"secret", b"row 7")
        lineage.rekey()
        key = lineage.app.keys["kek"]
        with pytest.raises(Refused) as refused:
            old.encrypt(b"more")
        assert refused.value.rule == "KEY_DESTROYED"
        assert old.decrypt(sealed, b"row 7") == b"secret"
        with pytest.raises(Refused):
            old.decrypt(sealed, b"row 8")
        assert key.decrypt_any(sealed, lambda each, text: each.decrypt(text, b"row 7")) == b"secret"
        lineage.checkpoint()
        lineage.rekey()
        lineage.checkpoint()
        lineage.instance.supervisor.advise("retired", lineage.authority.retire())
        deadline = time.monotonic() + 5
        while lineage.app.ring.find("kek", 1) is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(Refused):
            old.reveal()


def _with_key() -> reseal.App:
    app = reseal.App()
    app.key("kek")
    return app


# -- snapshots and schemas


def test_a_snapshot_is_given_to_the_restore_hook_with_its_version() -> None:
    seen: list[Any] = []

    def make() -> reseal.App:
        app = reseal.App()
        app.snapshot("visits", version=2)(lambda: {"count": 41 + len(seen)})
        app.restore("visits", versions=(1, 2))(lambda document, version: seen.append((document, version)))
        return app

    with Lineage(make) as lineage:
        lineage.reseal()
        lineage.reseal()
    assert seen == [({"count": 41}, 2), ({"count": 42}, 2)]


def _versioned(version: int, migrate: dict[int, Callable[[Any], Any]] | None = None) -> Callable[[], reseal.App]:
    def make() -> reseal.App:
        app = reseal.App()
        app.state("s", of=dict, schema_version=version, migrate=migrate)
        return app

    return make


def _next_fails(lineage: Lineage, make: Callable[[], reseal.App]) -> dict[int, Any]:
    """Seals, lets a candidate of another image try, and gives its restore-failed event."""
    lineage.seal()
    lineage.instance.kill()
    lineage._make = make
    candidate = lineage.candidate()
    try:
        candidate.supervisor.until("DEAD")
        candidate.supervisor.wait(lambda: "restore-failed" in dict(candidate.supervisor.events), "restore-failed")
        found: dict[int, Any] = dict(candidate.supervisor.events)["restore-failed"]
        return found
    finally:
        candidate.kill()


def test_an_older_schema_is_migrated_step_by_step() -> None:
    with Lineage(_versioned(1)) as lineage:
        lineage.app.states["s"]["k"] = {"name": "n"}
        lineage._make = _versioned(3, {1: lambda value: {**value, "email": None}, 2: lambda value: {**value, "age": 0}})
        app = lineage.reseal()
        assert app.states["s"]["k"] == {"name": "n", "email": None, "age": 0}
        assert lineage.reseal().states["s"]["k"] == {"name": "n", "email": None, "age": 0}


@pytest.mark.parametrize("make", [_versioned(2), reseal.App], ids=["another version", "no such state"])
def test_a_state_that_the_image_does_not_read_fails_the_candidate_and_loses_nothing(make: Any) -> None:
    with Lineage(_versioned(1)) as lineage:
        lineage.app.states["s"]["k"] = {"a": 1}
        assert _next_fails(lineage, make)[1] == "RECORD"
        lineage._make = _versioned(1)
        lineage.instance = lineage._born()
        assert lineage.app.states["s"]["k"] == {"a": 1}


def test_a_restore_hook_that_throws_fails_the_candidate_without_telling_what_it_said() -> None:
    def make(broken: bool) -> reseal.App:
        app = reseal.App()
        app.snapshot("s", version=1)(lambda: "secret content")

        def load(document: Any, _: int) -> None:
            if broken:
                raise RuntimeError(f"cannot use {document}")

        app.restore("s", versions=(1,))(load)
        return app

    with Lineage(lambda: make(False)) as lineage:
        found = _next_fails(lineage, lambda: make(True))
        assert found[1] == "HOOK"
        assert "RuntimeError" in found[2]
        assert "secret" not in found[2]
        lineage._make = lambda: make(False)
        lineage.instance = lineage._born()


# -- serving


class Web:
    """A WSGI application over a counter; ``/slow`` waits until told."""

    def __init__(self, app: reseal.App) -> None:
        self.counts: State[int] = app.states["counts"]
        self.release = threading.Event()
        self.entered = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/slow":
            self.entered.set()
            self.release.wait(10)
        if environ["REQUEST_METHOD"] == "POST":
            with self.counts.transaction() as tx:
                tx["n"] = tx.get("n", 0) + 1
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(self.counts.get("n", 0)).encode()]


class Service:
    def __init__(self, authority: Authority | None = None, drain_timeout: float = 5.0) -> None:
        self.webs: list[Web] = []
        self.hooks: list[str] = []
        self.quiesce: Callable[[], None] = lambda: self.hooks.append("quiesce")

        def make() -> reseal.App:
            app = reseal.App(drain_timeout=drain_timeout)
            app.state("counts", of=int)
            app.on_quiesce(timeout=1.0)(lambda: self.quiesce())
            app.on_resume(lambda: self.hooks.append("resume"))
            app.on_identity_change(lambda: self.hooks.append("identity"))
            return app

        self.lineage = Lineage(make, self._web, authority)

    def _web(self, app: reseal.App) -> Web:
        self.webs.append(Web(app))
        return self.webs[-1]

    def call(self, method: str = "GET", path: str = "/", key: str | None = None) -> tuple[int, str, str | None]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.lineage.instance.port, timeout=10, context=context)
        connection.request(method, path, headers={"Idempotency-Key": key} if key else {})
        answer = connection.getresponse()
        content = answer.read().decode()
        connection.close()
        return answer.status, content, answer.getheader("Reseal-Rule")


def test_a_request_in_flight_is_finished_before_the_state_is_sealed() -> None:
    service = Service()
    with service.lineage as lineage:
        answers: list[tuple[int, str, str | None]] = []
        slow = threading.Thread(target=lambda: answers.append(service.call("POST", "/slow")))
        slow.start()
        assert service.webs[0].entered.wait(5)
        lineage.instance.supervisor.advise("finish", lineage.authority.prepare(True))
        lineage.instance.supervisor.until("QUIESCING")
        time.sleep(0.1)
        assert lineage.authority.state == "PREPARED"
        service.webs[0].release.set()
        slow.join()
        lineage.instance.supervisor.wait(lambda: lineage.authority.state == "SEALED", "sealed")
        assert answers == [(200, "1", None)]
        assert service.call()[0::2] == (503, "EPOCH_CHANGED")
        lineage.instance.kill()
        lineage.instance = lineage._born()
        assert service.call()[:2] == (200, "1")
        assert service.hooks == ["identity", "resume", "quiesce", "identity", "resume"]


def test_an_application_that_never_drains_serves_on_after_the_deadline() -> None:
    service = Service(drain_timeout=0.3)
    with service.lineage as lineage:
        slow = threading.Thread(target=lambda: service.call("POST", "/slow"))
        slow.start()
        assert service.webs[0].entered.wait(5)
        supervisor = lineage.instance.supervisor
        supervisor.advise("finish", lineage.authority.prepare(True))
        supervisor.events.clear()
        supervisor.wait(lambda: "drain-deadline" in dict(supervisor.events), "drain-deadline")
        assert "serving" in dict(supervisor.events), "a supervisor that came back in the drain must hear of the port"
        assert supervisor.state == "SERVING"
        assert service.call("POST")[0] == 200
        service.webs[0].release.set()
        slow.join()
        lineage.authority.abort()
        lineage.reseal()
        assert service.call()[:2] == (200, "2")


def test_a_quiesce_hook_that_throws_or_hangs_gives_the_reseal_up() -> None:
    service = Service(drain_timeout=0.5)
    with service.lineage as lineage:
        supervisor = lineage.instance.supervisor
        for hook in (lambda: [][0], lambda: time.sleep(3)):
            service.quiesce = hook
            supervisor.events.clear()
            supervisor.advise("finish", lineage.authority.prepare(True))
            supervisor.wait(lambda: "drain-deadline" in dict(supervisor.events), "drain-deadline")
            lineage.authority.abort()
            assert service.call("POST")[0] == 200
        service.quiesce = lambda: None
        lineage.reseal()
        assert service.call()[1] == "2"


def test_the_answer_of_an_idempotency_key_survives_the_reseal_and_is_not_computed_again() -> None:
    service = Service()
    with service.lineage as lineage:
        assert service.call("POST", "/", "k1") == (200, "1", None)
        assert service.call("POST", "/", "k1") == (200, "1", None)
        assert service.call("POST", "/", "k2") == (200, "2", None)
        lineage.reseal()
        assert service.call("POST", "/", "k1") == (200, "1", None)
        assert service.call("POST", "/other", "k1")[0] == 422
        assert service.call()[1] == "2"


def test_under_rpo_zero_an_answer_leaves_only_when_the_head_covers_it() -> None:
    service = Service(Authority(rpo_updates=0))
    with service.lineage as lineage:
        for number in range(1, 6):
            assert service.call("POST") == (200, str(number), None)
            assert service.call() == (200, str(number), None)
        lineage.take_over()
        assert service.call() == (200, "5", None)


def test_under_an_rpo_no_more_acknowledged_updates_than_that_are_lost() -> None:
    service = Service(Authority(rpo_updates=4))
    with service.lineage as lineage:
        acknowledged = 0
        for _ in range(30):
            acknowledged += service.call("POST")[0] == 200
        lineage.take_over()
        assert acknowledged == 30
        assert int(service.call()[1]) >= acknowledged - 4


def test_an_update_that_waits_for_its_checkpoint_at_the_lock_is_unknown_and_its_retry_is_answered_once() -> None:
    service = Service(Authority(rpo_updates=0))
    with service.lineage as lineage:
        authority = lineage.authority
        real = authority.checkpoint

        def withheld(message: bytes) -> bytes:
            raise Refused("UNAVAILABLE", "withheld by the test")

        authority.checkpoint = withheld  # type: ignore[method-assign]
        answers: list[tuple[int, str, str | None]] = []
        waiting = threading.Thread(target=lambda: answers.append(service.call("POST", "/", "k1")))
        waiting.start()
        supervisor = lineage.instance.supervisor
        supervisor.wait(lambda: "authority-refused" in dict(supervisor.events), "a withheld checkpoint")
        lineage.seal()
        waiting.join()
        assert answers[0][0::2] == (503, "UNKNOWN")
        authority.checkpoint = real  # type: ignore[method-assign]
        lineage.instance.kill()
        lineage.instance = lineage._born()
        assert service.call("POST", "/", "k1") == (200, "1", None)
        assert service.call()[1] == "1"


# -- outside an instance


def test_development_mode_works_unchanged_and_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    app = developed(lambda app: (app.state("s", of=int), app.key("kek")))
    app.states["s"]["k"] = 1
    assert len(app.keys["kek"].reveal()) == 32
    assert app.phase == "DEVELOPMENT"
    assert "DEVELOPMENT MODE" in capfd.readouterr().err
    with pytest.raises(Refused):
        app.quote(b"data")


def test_an_app_quote_never_passes_as_evidence() -> None:
    with Lineage(_with_key) as lineage:
        quote = lineage.app.quote(b"data")
        assert b"reseal/v1/app-quote" in quote
        assert b"reseal/v1/evidence" not in quote


def test_a_dataclass_lives_through_a_reseal() -> None:
    def make() -> reseal.App:
        app = reseal.App()
        app.state("customers", of=Customer)
        return app

    with Lineage(make) as lineage:
        lineage.app.states["customers"]["c"] = Customer("n", ["a", "b"], 2.0)
        assert lineage.reseal().states["customers"]["c"] == Customer("n", ["a", "b"], 2.0)


def test_state_is_not_written_before_the_activation() -> None:
    app = reseal.App()
    state = app.state("s", of=int)
    with pytest.raises(Refused) as refused:
        state["k"] = 1
    assert refused.value.rule == "WRONG_STATE"
