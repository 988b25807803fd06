"""Secrets of a running site, where they may be, and who can read what of a process; for the attack list."""

from __future__ import annotations

import os
import pathlib
import secrets
import socket
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from canary import Canary, Hit, Scanner
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from services import SERVICE, Site

NOBODY = 65534

APP = SERVICE.replace("    pass\n", "    app.installed = new.reveal()\n")
"""The service of the tests; it holds on to its key, so that there is something to be found."""


@dataclass(frozen=True)
class Secrets:
    """The canaries of one lineage; each is a real secret of the running site."""

    record: Canary
    key: Canary
    operator: Canary
    supervisor: Canary
    authority_tls: Canary

    @property
    def all(self) -> list[Canary]:
        return [self.record, self.key, self.operator, self.supervisor, self.authority_tls]


def private_scalar(pem: pathlib.Path, name: str) -> Canary:
    """The secret number of a P-256 key file."""
    key = load_pem_private_key(pem.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Canary(name, key.private_numbers().private_value.to_bytes(32, "big"))


def start(site: Site, name: str, app: pathlib.Path) -> None:
    """The supervisor, with patience: whoever asks is about secrets and attacks, not about speed."""
    words = ["run", "--lineage", name, "--", sys.executable, str(app)]
    site.world.start(name, *words, ready="serving", within_s=600)


def plant(site: Site, name: str) -> Secrets:
    """Starts the lineage, writes a record, gives a key to the authority and rotates to it."""
    app = site.app(name, APP, life_ms=4000)
    start(site, name, app)
    key = secrets.token_bytes(32)
    words = ["authority", "keys", "add", name, "--purpose", "app", "--file", "-", "--home", str(site.home)]
    reseal = [str(pathlib.Path(__file__).resolve().parents[1] / "reseal"), *words]
    subprocess.run(reseal, input=key, check=True, capture_output=True)
    record = secrets.token_hex(24)
    with site.client(name) as client:
        assert client.put("/secret", record.encode()).status == 200
    code, found = site.rotate(name)
    assert code == 0, found
    lineage = site.home / "lineages" / name
    return Secrets(
        Canary("record", record.encode()),
        Canary("key generation", key),
        private_scalar(site.home / "operator" / "operator.pem", "operator's key"),
        private_scalar(lineage / "supervisor.pem", "supervisor's key"),
        private_scalar(site.home / "authority" / "tls.key", "authority's TLS key"),
    )


def files(site: Site, name: str, planted: Secrets) -> list[Hit]:
    """Hits in every file of the site but those whose purpose is to hold that secret; and in temporary files."""
    home = site.home
    held = [home / "operator", home / "authority" / "keystore", home / "authority" / "tls.key"]
    held += [each / "supervisor.pem" for each in (home / "lineages").iterdir()]
    scanner = Scanner(planted.all)
    hits = list(scanner.tree(home, leave_out=held))
    for folder in ("/tmp", "/dev/shm", "/var/tmp"):
        for path in pathlib.Path(folder).glob("*"):
            if path.is_file() and os.access(path, os.R_OK) and path.stat().st_size < 64 << 20:
                hits += scanner.file(path)
    return hits


def as_nobody(work: Callable[[], object]) -> str:
    """What another user of this machine gets: ``OK`` with what he read, or the name of the error. Needs root."""
    here, there = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child only makes system calls
        pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            answer = f"OK {work()!r}"
        except OSError as fault:
            answer = type(fault).__name__
        os.write(there, answer.encode()[:4000])
        os._exit(0)
    os.close(there)
    os.waitpid(pid, 0)
    with os.fdopen(here, "rb") as answers:
        return answers.read().decode()


def frame(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def ask(path: pathlib.Path, content: bytes) -> bytes:
    """One frame to a local socket and the first one back; empty if the peer hung up."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(10)
        peer.connect(str(path))
        peer.sendall(frame(content))
        with peer.makefile("rb") as answer:
            head = answer.read(4)
            return answer.read(struct.unpack(">I", head)[0]) if len(head) == 4 else b""


def core_limits(pid: int) -> tuple[str, str]:
    """Soft and hard limit of core files."""
    for line in pathlib.Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith("Max core file size"):
            soft, hard = line.split()[4:6]
            return soft, hard
    raise AssertionError(f"no core limit of {pid}")


def attach_refusal(pid: int) -> str:
    """What ``jcmd`` says when it asks the process to open its door."""
    java = subprocess.check_output([str(pathlib.Path(__file__).resolve().parents[1] / "build" / "jdk.sh")], text=True)
    jcmd = [java.strip() + "/bin/jcmd", str(pid), "VM.version"]
    done = subprocess.run(jcmd, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def pids(site: Site, name: str) -> dict[str, int]:
    """Process ids of the site's programs and of the serving instance."""
    found: dict[str, Any] = {each: process.pid for each, process in site.world.processes.items()}
    found["instance"] = next(pid for pid, state in site.service(name) if state == "SERVING")
    return found
