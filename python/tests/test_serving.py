"""A service answers through re-seals and takeovers: each request once, and what was acknowledged is kept."""

from __future__ import annotations

import threading
import time

import pytest
from service import Service

from reseal.errors import Refused
from reseal.testing import Authority


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


def withhold_checkpoints(authority: Authority) -> None:
    def withheld(message: bytes) -> bytes:
        raise Refused("UNAVAILABLE", "withheld by the test")

    authority.checkpoint = withheld  # type: ignore[method-assign]


@pytest.mark.parametrize(("path", "key", "within"), [("/", "k1", 0), ("/pool", None, 1)])
def test_neither_a_repeat_nor_the_work_of_another_thread_is_acknowledged_beyond_the_rpo(
    path: str, key: str | None, within: int
) -> None:
    service = Service(Authority(rpo_updates=1))
    with service.lineage as lineage:
        withhold_checkpoints(lineage.authority)
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
        withhold_checkpoints(lineage.authority)
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
