"""A whole instance as a process of its own, started through the boot stub: only measured code, one device."""

from __future__ import annotations

import pathlib
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from image import Device, lay_out, start

from reseal.testing import Authority, Platform, Supervisor

APP = """
import json
import reseal

service = reseal.App()
customers = service.state("customers", of=dict)
kek = service.key("kek")

@service.on_key("kek")
def install(old, new, reason):
    new.reveal()

def web(environ, start_response):
    name = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] == "PUT":
        with customers.transaction() as tx:
            tx[name] = json.loads(environ["wsgi.input"].read())
        start_response("204 No Content", [])
        return [b""]
    if environ["REQUEST_METHOD"] == "POST":
        import os
        if os.fork() == 0:
            refusals = 0
            for attempt in (lambda: customers.update({name: {}}), lambda: customers.get(name), lambda: len(customers)):
                try:
                    attempt()
                except reseal.Refused as refused:
                    refusals += refused.rule == "WRONG_STATE"
            os._exit(refusals)
        status = os.waitstatus_to_exitcode(os.wait()[1])
        start_response("200 OK", [])
        return [str(status).encode()]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(customers.get(name)).encode()]

service.serve(web)
"""


class Rig:
    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.platform = Platform()
        self.authority = Authority()
        self.authority.purposes(["kek"])
        self.containers: dict[bytes, bytes] = {}
        self.processes: list[tuple[subprocess.Popen[bytes], Supervisor]] = []
        spki = self.authority.key.public.spki.hex()
        lay_out(root / "image", APP, {"RESEAL_AUTHORITY_SPKI": spki})

    def instance(self) -> Supervisor:
        device = Device(self.root / f"d{len(self.processes)}", self.platform)
        supervisor = Supervisor(self.authority)
        supervisor.containers = self.containers
        process = start(self.root / "image", device, supervisor, self.authority)
        self.processes.append((process, supervisor))
        self.authority.begin() if self.authority.state != "SEALED" else None
        supervisor.advise("challenge", self.authority.challenge())
        try:
            supervisor.until("SERVING")
            supervisor.wait(lambda: supervisor.port > 0, "serving")
        except AssertionError as missing:
            process.kill()
            raise AssertionError(f"{missing}; output: {process.communicate()[0].decode()}") from None
        return supervisor

    def close(self) -> None:
        for process, supervisor in self.processes:
            process.kill()
            process.communicate()
            supervisor.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    with tempfile.TemporaryDirectory() as root:
        rig = Rig(pathlib.Path(root))
        yield rig
        rig.close()


def call(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    context = ssl._create_unverified_context()
    request = urllib.request.Request(f"https://127.0.0.1:{port}{path}", data=body, method=method)
    with urllib.request.urlopen(request, context=context, timeout=10) as answer:
        return answer.status, answer.read()


def test_a_process_serves_is_resealed_and_its_successor_knows_everything(rig: Rig) -> None:
    first = rig.instance()
    for number in range(50):
        assert call(first.port, "PUT", f"/c{number}", b'{"n": %d}' % number)[0] == 204
    first.advise("finish", rig.authority.prepare(True))
    first.wait(lambda: rig.authority.state == "SEALED", "sealed")
    with pytest.raises(urllib.error.HTTPError) as locked:
        call(first.port, "GET", "/c1")
    assert (locked.value.code, locked.value.headers["Reseal-Rule"]) == (503, "EPOCH_CHANGED")
    first.advise("exit")
    assert rig.processes[0][0].wait(10) == 0
    second = rig.instance()
    for number in range(50):
        assert call(second.port, "GET", f"/c{number}") == (200, b'{"n": %d}' % number)


def test_a_forked_child_has_neither_state_nor_keys(rig: Rig) -> None:
    supervisor = rig.instance()
    call(supervisor.port, "PUT", "/c", b'{"n": 1}')
    assert call(supervisor.port, "POST", "/c", b"")[1] == b"3"
    assert call(supervisor.port, "GET", "/c")[1] == b'{"n": 1}'


def test_an_instance_outlives_its_supervisor_and_introduces_itself_again(rig: Rig) -> None:
    first = rig.instance()
    call(first.port, "PUT", "/c", b'{"n": 1}')
    events = len(first.events)
    port = first.port
    first.close()
    assert call(port, "GET", "/c")[1] == b'{"n": 1}'
    first.reopen()
    first.wait(lambda: len(first.events) >= events + 3, "introduced again")
    assert [name for name, _ in first.events[events:][:3]] == ["born", "state", "serving"]
    assert first.port == port
