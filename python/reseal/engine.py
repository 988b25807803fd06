"""What drives an instance: advice in, messages out, one step at a time (transport T4).

One thread polls, one works, one renews. Only the worker moves the instance; the lock is held around
each step of it and never while a container is streamed.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from reseal import rsc1
from reseal.ahead import Ahead
from reseal.courier import Host, refusal
from reseal.errors import Refused, ResealError, say, where
from reseal.instance import Instance
from reseal.link import LinkError
from reseal.machine import State
from reseal.renewals import Renewals
from reseal.restoring import Restoring

__all__ = ["Engine"]

FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 0.1


class Engine(Restoring):
    """Runs until the instance is dead or told to exit."""

    def __init__(self, instance: Instance, host: Host, ahead: Ahead) -> None:
        super().__init__(instance, host, ahead)
        self._work: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._renewals = Renewals(self._renewed)
        self._checkpoint_wanted = threading.Event()
        self._over = False
        self._handlers: dict[str, Callable[[bytes], None]] = {
            "challenge": self._challenge,
            "plat-check": self._plat_check,
            "grant": self._grant,
            "activation": self._activation,
            "finish": self._finish,
            "abort": self._abort,
            "seal": self._seal,
            "checkpoint": self._checkpoint,
            "wanted": self._wanted,
            "rekey-grant": self._rekey,
            "passport": self._newest,
            "renew": lambda _: self._renew(),
            "retired": self._retired,
            "exit": self._exit,
        }

    # -- threads

    def start(self) -> None:
        for target, name in ((self._poll, "poll"), (self._run, "engine")):
            threading.Thread(target=target, name=f"reseal-{name}", daemon=True).start()
        self._renewals.start()

    def stop(self) -> None:
        self._over = True
        self._work.put(("", b""))
        self._renewals.stop()

    def want_checkpoint(self) -> None:
        """Asks for a checkpoint unless one waits already; from any thread."""
        if not self._checkpoint_wanted.is_set():
            self._checkpoint_wanted.set()
            self._work.put(("wanted", b""))

    def _poll(self) -> None:
        after = 0
        pause = FIRST_PAUSE_S
        while not self._over:
            try:
                if self._lost:
                    self._introduce()
                    self._renewals.now_if_missed()
                for item in self._link.poll(after):
                    number, verb, payload = item
                    if type(number) is not int or type(verb) is not str or type(payload) is not bytes:
                        raise LinkError("advice that is not [number, verb, payload]")
                    after = max(after, number)
                    self._work.put((verb, payload))
                pause = FIRST_PAUSE_S
            except (LinkError, ValueError, TypeError):
                self._lost = True
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)

    def _run(self) -> None:
        while not self._over:
            verb, payload = self._work.get()
            handler = self._handlers.get(verb)
            if handler is None:
                continue
            try:
                handler(payload)
            except Refused as refused:
                say(f"{verb} refused: {refused}")
                self._tell("refused", {1: verb, 2: refused.rule})
            except LinkError as failure:
                say(f"{verb}: {failure}")
                self._lost = True
            except BaseException as failure:  # a hook of the application, such as a snapshot's; it may also exit
                say(f"{verb}: {where(failure)}")
                self._tell("refused", {1: verb, 2: "HOOK"})

    # -- handlers, on the worker thread

    def _challenge(self, payload: bytes) -> None:
        with self._lock:
            request = self.instance.challenge(payload)
        self._send("/message/grant-request", request)

    def _plat_check(self, payload: bytes) -> None:
        with self._lock:
            found = self.instance.plat_check(payload)
        self._event("plat-check", {1: found})

    def _grant(self, payload: bytes) -> None:
        with self._lock:
            grant = self.instance.grant(payload)
        if grant.genesis:
            self._granted()
            body, updates = self._store("genesis")
            self._host.acknowledged(updates)
            with self._lock:
                ready = self.instance.begun(body)
        else:
            try:
                ready = self._restore(grant)
            except BaseException as failure:
                self._failed("restore-failed", failure)
                return
        self._send("/message/ready", ready)

    def _activation(self, payload: bytes) -> None:
        try:
            with self._lock:
                self.instance.activation(payload, self._host.install_keys)
        except BaseException as failure:
            if self.instance.state is not State.DEAD:
                raise
            self._tell("install-failed", {1: _public(failure)})
            self._host.dead("install-failed")
            return
        self._serve(resumed=False)

    def _serve(self, resumed: bool) -> None:
        """Also without a supervisor to tell: the introduction to the next one says where we serve."""
        self._host.serving(resumed)
        self._plan_renewal()
        self._announce("serving", {1: self._host.port()})

    def _finish(self, payload: bytes) -> None:
        if self._host.holding():
            self._wanted(b"")
        with self._lock:
            self.instance.finish(payload)
        rule = self._undrained()
        if rule:
            with self._lock:
                self.instance.enter("drain-deadline")
            self._serve(resumed=True)  # a supervisor that came back meanwhile does not know the port
            self._event("drain-deadline", {1: rule})
            return
        with self._lock:
            self.instance.drained()
        self._announce("drained", {})
        self._seal(b"")

    def _undrained(self) -> str:
        """Why requests in flight did not end; empty when they did."""
        try:
            return "" if self._host.drain() else "DRAIN_DEADLINE"
        except Refused as refused:
            say(f"drain: {refused}")
        except BaseException as failure:
            say(f"drain: {where(failure)}")
        return "HOOK"

    def _seal(self, _: bytes) -> None:
        body = self._store("seal")[0]
        with self._lock:
            receipt = self.instance.sign_receipt(body)
        self._send("/message/seal-receipt", receipt)

    def _store(self, kind: str) -> tuple[rsc1.Body, int]:
        """A fresh container of the whole state, durable at the supervisor under its temporary name."""
        updates, records = self._host.seal_records()
        with self._lock:
            sealing = self.instance.begin(kind)
        chunks = sealing.stream([_all(records)], self.instance.finish_values)
        status = self._link.put("/container", chunks)
        body = sealing.body
        if status != 201 or body is None:
            raise LinkError(f"PUT /container: status {status}")
        return body, updates

    def _abort(self, payload: bytes) -> None:
        with self._lock:
            self.instance.abort(payload)
        self._serve(resumed=True)

    def _checkpoint(self, _: bytes) -> None:
        self._checkpoint_wanted.clear()
        with self._lock:
            self.instance.check("checkpoint")
        body, updates = self._store("checkpoint")
        with self._lock:
            message = self.instance.checkpoint(body)
        status, answer = self._call("/message/checkpoint", message)
        if status != 200:
            say(f"checkpoint: {refusal(status, answer)}")
            return
        with self._lock:
            self.instance.acknowledged(answer)
        self._host.acknowledged(updates)

    def _wanted(self, _: bytes) -> None:
        """A checkpoint of our own accord: what comes in its way is no answer to advice."""
        self._checkpoint_wanted.clear()
        if self.instance.state is not State.SERVING:
            return
        try:
            self._checkpoint(b"")
        except (Refused, LinkError) as failure:
            say(f"checkpoint: {failure}")

    def _rekey(self, payload: bytes) -> None:
        with self._lock:
            generation = self.instance.rekey(payload)
        failed: BaseException | None = None
        try:
            self._host.install_keys("rekey", generation)  # without the lock: passports end while a hook works
        except BaseException as failure:
            failed = failure
        with self._lock:
            self.instance.rekeyed(done=failed is None)
        if failed is not None:
            self._tell("install-failed", {1: _public(failed)})
        self._renew()

    def _retired(self, payload: bytes) -> None:
        with self._lock:
            self.instance.retired(payload)

    def _passport(self, payload: bytes) -> None:
        with self._lock:
            self.instance.accept_passport(payload)
        self._plan_renewal()

    def _newest(self, payload: bytes) -> None:
        """A passport whose renewal was answered, and we did not hear of it: it may end at any time."""
        self._passport(payload)
        if self.instance.state is not State.LOCKED:
            self._renew()

    def _exit(self, _: bytes) -> None:
        self._host.dead("exit")

    # -- passports

    def _plan_renewal(self) -> None:
        with self._lock:
            message = self.instance.passport
            held = None if message is None else self.instance.accept_passport(message)
        if held is not None:
            self._renewals.plan(held.not_after - held.not_before)

    def _renewed(self) -> bool:
        """Whether nothing came in the way of a renewal; on the thread of renewals."""
        try:
            self._renew()
        except Refused as refused:
            if refused.rule != "WRONG_STATE":
                say(f"renew refused: {refused}")
                self._tell("refused", {1: "renew", 2: refused.rule})
            return False
        except LinkError:
            self._lost = True
            return False
        return True

    def _renew(self) -> None:
        with self._lock:
            message = self.instance.renew()
        status, answer = self._call("/message/renew", message)
        if status != 200:
            say(f"renew: {refusal(status, answer)}")
            return
        self._passport(answer)


def _all(stores: list[list[bytes]]) -> Any:
    for records in stores:
        yield from records


def _public(failure: BaseException) -> str:
    return str(failure) if isinstance(failure, ResealError) else f"on_key raised {where(failure)}"
