"""A service answers through re-seals and takeovers: each request once, and what was acknowledged is kept."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

import reseal
from reseal.errors import Refused
from reseal.state import State
from reseal.testing import Authority, Lineage


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
        if environ["PATH_INFO"] == "/pool":
            worker = threading.Thread(target=self.count)
            worker.start()
            worker.join()
        elif environ["REQUEST_METHOD"] == "POST":
            self.count()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(self.counts.get("n", 0)).rjust(len(environ["QUERY_STRING"])).encode()]

    def count(self) -> None:
        with self.counts.transaction() as tx:
            tx["n"] = tx.get("n", 0) + 1


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


def test_a_request_whose_answer_cannot_be_kept_is_carried_out_once_all_the_same() -> None:
    service = Service()
    with service.lineage as lineage:
        assert service.call("POST", "/", "k1")[0] == 200
        lineage.app.ledger.state_max = lineage.app.ledger.size + 500
        answers = [service.call("POST", "/?" + 2000 * "x", "k2") for _ in range(2)]
        assert [status for status, _, _ in answers] == [500, 500]
        assert "POLICY" in answers[1][1]
        assert service.call()[1] == "2"


def test_the_oldest_kept_answers_make_room_for_the_newest() -> None:
    service = Service()
    with service.lineage as lineage:
        for key in ("k1", "k2", "k3"):
            assert service.call("POST", "/?" + 500 * "x", key)[0] == 200
        lineage.app.ledger.state_max = lineage.app.ledger.size + 100
        assert service.call("POST", "/?" + 900 * "x", "k4")[1].strip() == "4"
        again = [service.call("POST", f"/?{size * 'x'}", key)[1].strip() for size, key in ((900, "k4"), (500, "k3"))]
        assert again == ["4", "3"]
        assert service.call("POST", "/?" + 500 * "x", "k1")[1].strip() == "5"


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


@pytest.mark.parametrize(("path", "key", "within"), [("/", "k1", 0), ("/pool", None, 1)])
def test_neither_a_repeat_nor_the_work_of_another_thread_is_acknowledged_beyond_the_rpo(
    path: str, key: str | None, within: int
) -> None:
    service = Service(Authority(rpo_updates=1))
    with service.lineage as lineage:

        def withheld(message: bytes) -> bytes:
            raise Refused("UNAVAILABLE", "withheld by the test")

        lineage.authority.checkpoint = withheld  # type: ignore[method-assign]
        answers: list[tuple[int, str, str | None]] = []
        gate = lineage.instance.runtime._gate
        calls = [threading.Thread(target=lambda: answers.append(service.call("POST", path, key))) for _ in range(3)]
        for number, call in enumerate(calls, 1):
            call.start()
            while len(answers) + gate._holding < number:
                time.sleep(0.005)
        lineage.seal()
        for call in calls:
            call.join()
        assert sorted(status for status, _, _ in answers) == [200] * within + [503] * (3 - within)


def test_what_a_container_adds_is_no_update_that_would_hold_an_answer_back() -> None:
    service = Service(Authority(rpo_updates=1))
    with service.lineage as lineage:

        def withheld(message: bytes) -> bytes:
            raise Refused("UNAVAILABLE", "withheld by the test")

        lineage.authority.checkpoint = withheld  # type: ignore[method-assign]
        supervisor = lineage.instance.supervisor
        for _ in range(3):
            supervisor.advise("checkpoint")
        supervisor.wait(lambda: [name for name, _ in supervisor.events].count("authority-refused") == 3, "refusals")
        assert service.call() == (200, "0", None)


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
