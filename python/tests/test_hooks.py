"""Hooks of the application: when they run, and what one that fails or exits costs."""

from __future__ import annotations

import sys
import threading
import time

import pytest
from service import Service

import reseal
from reseal.ahead import Ahead
from reseal.errors import Refused
from reseal.instance import Trust
from reseal.link import Link
from reseal.runtime import Runtime
from reseal.testing import Authority, Lineage, Platform, Supervisor


class Exiting:
    """Makes applications whose hook of that name exits, from the second instance on."""

    def __init__(self, hook: str, first: int = 2) -> None:
        self.hook = hook
        self.first = first
        self.born = 0

    def __call__(self) -> reseal.App:
        self.born += 1
        number = self.born
        app = reseal.App(drain_timeout=2.0)
        app.key("kek")

        def hook(name: str) -> None:
            if name == self.hook and number >= self.first:
                sys.exit("cannot reach the database")

        app.snapshot("visits", version=1)(lambda: hook("snapshot"))
        app.restore("visits", versions=(1,))(lambda value, version: hook("restore"))
        app.on_key("kek")(lambda old, new, reason: hook(reason))
        app.on_resume(lambda: hook("resume"))
        app.on_quiesce(timeout=1.0)(lambda: hook("quiesce"))
        return app


@pytest.mark.parametrize(("hook", "event"), [("restore", "restore-failed"), ("activation", "install-failed")])
def test_a_candidate_whose_hook_exits_is_over_and_says_so(hook: str, event: str) -> None:
    with Lineage(Exiting(hook)) as lineage:
        lineage.seal()
        lineage.instance.kill()
        lineage.instance = lineage.candidate()
        lineage.instance.supervisor.wait(lambda: event in dict(lineage.instance.supervisor.events), event)
        assert lineage.instance.runtime.wait() == 1
        assert lineage.app.phase == "DEAD"


def test_a_declared_key_that_the_policy_does_not_name_is_refused_before_the_commit() -> None:
    born: list[reseal.App] = []

    def make() -> reseal.App:
        born.append(reseal.App())
        born[-1].key("kek")
        if len(born) == 2:
            born[-1].key("forgotten")
        return born[-1]

    with Lineage(make) as lineage:
        lineage.seal()
        lineage.instance.kill()
        lineage.instance = lineage.candidate()
        supervisor = lineage.instance.supervisor
        supervisor.wait(lambda: "restore-failed" in dict(supervisor.events), "restore-failed")
        assert dict(supervisor.events)["restore-failed"][1] == "POLICY_REFUSED"
        assert "'forgotten'" in dict(supervisor.events)["restore-failed"][2]
        assert lineage.authority.state == "SEALED"
        lineage.instance.kill()
        lineage.instance = lineage._born()


def test_a_first_instance_whose_key_the_policy_does_not_name_is_not_admitted() -> None:
    authority = Authority()
    supervisor = Supervisor(authority)
    app = reseal.App()
    app.key("forgotten")
    authority.begin()
    trust = Trust((authority.key.public,), None, authority.lineage)
    app.start_in(Runtime(app, lambda *_: [], Platform(), trust, Ahead(Link(supervisor.endpoint))))
    supervisor.advise("challenge", authority.challenge())
    supervisor.wait(lambda: "refused" in dict(supervisor.events), "refused")
    assert dict(supervisor.events)["refused"] == {1: "grant", 2: "POLICY_REFUSED"}
    assert authority.epoch == 0
    app._runtime.dead("exit")
    supervisor.close()


def test_an_on_resume_hook_that_exits_leaves_an_instance_that_serves() -> None:
    with Lineage(Exiting("resume")) as lineage:
        assert lineage.reseal().phase == "SERVING"
        lineage.checkpoint()


def test_a_rekey_whose_hook_exits_stays_on_the_old_generation() -> None:
    with Lineage(Exiting("rekey", first=1)) as lineage:
        supervisor = lineage.instance.supervisor
        supervisor.advise("rekey-grant", lineage.authority.rekey())
        supervisor.wait(lambda: "install-failed" in dict(supervisor.events), "install-failed")
        assert lineage.app.keys["kek"].current().generation == 1
        lineage.checkpoint()


def test_passports_are_renewed_while_a_hook_takes_its_time_over_a_rekey() -> None:
    renewed: list[int] = []

    def make() -> reseal.App:
        app = reseal.App()
        app.key("kek")

        @app.on_key("kek")
        def slow(old: object, new: object, reason: str) -> None:
            deadline = time.monotonic() + 5.0
            first = len(renewed)
            while reason == "rekey" and len(renewed) < first + 2:
                if time.monotonic() > deadline:
                    raise TimeoutError
                time.sleep(0.01)

        return app

    with Lineage(make, authority=Authority(life_ms=300)) as lineage:
        real = lineage.authority.renew

        def renew(message: bytes) -> bytes:
            renewed.append(1)
            return real(message)

        lineage.authority.renew = renew  # type: ignore[method-assign]
        lineage.rekey()


def test_a_refusal_by_the_hook_itself_is_a_failed_installation_and_the_renewal_says_so() -> None:
    def make() -> reseal.App:
        app = reseal.App()
        app.key("kek")

        @app.on_key("kek")
        def refusing(old: object, new: object, reason: str) -> None:
            if reason == "rekey":
                raise Refused("UNAVAILABLE", "the database is away")

        return app

    with Lineage(make) as lineage:
        supervisor, instance = lineage.instance.supervisor, lineage.instance.runtime._instance
        before = instance.passport
        supervisor.advise("rekey-grant", lineage.authority.rekey())
        supervisor.wait(lambda: "install-failed" in dict(supervisor.events), "install-failed")
        assert dict(supervisor.events)["install-failed"] == {1: "UNAVAILABLE: the database is away"}
        lineage.checkpoint()
        assert instance.passport != before


def test_a_drain_that_ends_in_an_exit_or_breaks_is_told_as_the_hooks_and_the_instance_serves_on() -> None:
    with Lineage(Exiting("quiesce", first=1)) as lineage:
        supervisor = lineage.instance.supervisor

        def broken(deadline: float) -> bool:
            raise RuntimeError("can't start new thread")

        for run in (lineage.app.run_quiesce_hooks, broken):
            lineage.app.run_quiesce_hooks = run  # type: ignore[method-assign]
            supervisor.events.clear()
            supervisor.advise("finish", lineage.authority.prepare(True))
            supervisor.wait(lambda: "drain-deadline" in dict(supervisor.events), "drain-deadline")
            assert dict(supervisor.events)["drain-deadline"] == {1: "HOOK"}
            assert lineage.app.phase == "SERVING"
            lineage.authority.abort()


def test_a_snapshot_that_exits_is_refused_and_the_abort_is_obeyed() -> None:
    maker = Exiting("snapshot", first=9)
    with Lineage(maker) as lineage:
        maker.first = 1
        supervisor = lineage.instance.supervisor
        supervisor.advise("finish", lineage.authority.prepare(True))
        supervisor.wait(lambda: "refused" in dict(supervisor.events), "refused")
        assert dict(supervisor.events)["refused"] == {1: "finish", 2: "HOOK"}
        maker.first = 9
        supervisor.advise("abort", lineage.authority.abort())
        supervisor.until("SERVING")
        lineage.reseal()


def test_no_request_runs_before_the_hooks_of_a_resumption_have_ended() -> None:
    service = Service()
    with service.lineage as lineage:
        lineage.seal()
        answers: list[tuple[int, str, str | None]] = []
        early = threading.Thread(target=lambda: answers.append(service.call("POST")))
        server = lineage.instance.runtime._server

        def resume() -> None:
            early.start()
            while not server._answering and answers == []:
                time.sleep(0.005)
            assert service.webs[0].counts.get("n") is None
            service.hooks.append("resumed")

        service.resume = resume
        lineage.instance.supervisor.advise("abort", lineage.authority.abort())
        lineage.instance.supervisor.until("SERVING")
        while not answers:
            time.sleep(0.005)
        assert (answers, service.hooks[-1]) == ([(200, "1", None)], "resumed")
