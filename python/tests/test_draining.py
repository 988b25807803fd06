"""A drain ends: what is in flight is finished, what comes waits, and nobody can prolong it."""

from __future__ import annotations

import http.client
import threading
import time

import pytest
from service import Service

from reseal import runtime


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


def test_a_request_that_comes_in_the_drain_waits_and_is_never_carried_out_by_one_that_locks() -> None:
    service = Service()
    with service.lineage as lineage:
        late, answers, slow = draining(service)
        late.request("POST", "/")
        server = lineage.instance.runtime._server
        while len(server._answering) < 2 and answers == []:
            time.sleep(0.005)
        service.webs[0].release.set()
        answer = late.getresponse()
        assert (answer.status, answer.getheader("Reseal-Rule")) == (503, "EPOCH_CHANGED")
        slow.join()
        assert answers == [(200, "1", None)]
        lineage.instance.supervisor.wait(lambda: lineage.authority.state == "SEALED", "sealed")


def test_a_request_that_comes_in_a_drain_that_fails_is_carried_out_after_it() -> None:
    service = Service(drain_timeout=0.5)
    with service.lineage as lineage:
        late, answers, slow = draining(service)
        late.request("POST", "/")
        answer = late.getresponse()
        assert (answer.status, answer.read()) == (200, b"1")
        supervisor = lineage.instance.supervisor
        supervisor.wait(lambda: "drain-deadline" in dict(supervisor.events), "drain-deadline")
        service.webs[0].release.set()
        slow.join()
        assert answers == [(200, "2", None)]


def draining(
    service: Service,
) -> tuple[http.client.HTTPSConnection, list[tuple[int, str, str | None]], threading.Thread]:
    """A drain that waits for ``/slow``, and a connection of before that has sent nothing."""
    answers: list[tuple[int, str, str | None]] = []
    slow = threading.Thread(target=lambda: answers.append(service.call("POST", "/slow")))
    slow.start()
    assert service.webs[0].entered.wait(5)
    late = service.connect()
    supervisor = service.lineage.instance.supervisor
    gate = service.lineage.instance.runtime._gate
    supervisor.advise("finish", service.lineage.authority.prepare(True))
    while gate._door.name == "OPEN":
        time.sleep(0.005)
    return late, answers, slow


def test_one_that_never_reads_its_answer_does_not_stop_a_reseal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "SETTLE_S", 0.2)
    service = Service()
    with service.lineage as lineage:
        silent = service.connect()
        silent.request("GET", "/large")
        assert service.webs[0].entered.wait(5)
        lineage.seal()
        silent.close()


def test_one_that_reads_its_answer_gets_the_whole_of_it_before_the_instance_locks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runtime, "SETTLE_S", 10.0)
    service = Service()
    with service.lineage as lineage:
        reader = service.connect()
        reader.request("GET", "/large")
        assert service.webs[0].entered.wait(5)
        supervisor = lineage.instance.supervisor
        supervisor.advise("finish", lineage.authority.prepare(True))
        supervisor.until("QUIESCING")
        sizes = []
        reading = threading.Thread(target=lambda: sizes.append(len(reader.getresponse().read())))
        reading.start()
        supervisor.wait(lambda: lineage.authority.state == "SEALED", "sealed")
        lineage.instance.kill()
        reading.join()
        assert sizes == [16 << 20]
        lineage.instance = lineage._born()


def test_a_failure_that_is_not_read_holds_no_key() -> None:
    service = Service()
    with service.lineage as lineage:
        silent = service.connect()
        silent.request("POST", "/large?fail", headers={"Idempotency-Key": "k1"})
        assert service.webs[0].entered.wait(5)
        lineage.checkpoint()
        assert service.call("POST", "/", "k2") == (200, "2", None)
        silent.close()
