"""What an application declares is refused early, lives through re-seals, and never shows a secret."""

from __future__ import annotations

import copy
import json
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

import reseal
from reseal.errors import Refused
from reseal.testing import Lineage


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


def test_a_child_that_is_forked_while_a_thread_uses_keys_has_neither_them_nor_the_connections() -> None:
    with Lineage(_with_key) as lineage:
        ring, server = lineage.app.ring, lineage.instance.runtime._server
        used, over = threading.Event(), threading.Event()

        def use() -> None:
            with ring.lock:
                used.set()
                over.wait(10)

        user = threading.Thread(target=use)
        user.start()
        assert used.wait(10)
        child = os.fork()
        if child == 0:
            os._exit(ring.find("kek", 1) is not None or server._listener.fileno() >= 0)
        deadline = time.monotonic() + 10
        while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < deadline:
            time.sleep(0.01)
        if ended == (0, 0):
            os.kill(child, signal.SIGKILL)
            ended = os.waitpid(child, 0)
        over.set()
        user.join()
        assert ended == (child, 0)
        assert lineage.app.keys["kek"].current().generation == 1


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
