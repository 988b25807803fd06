"""Secrets of a running site, where they may be, and who can read what of a process; for the attack list and test_hygiene."""

from __future__ import annotations

import base64
import contextlib
import os
import pathlib
import resource
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import planted
from canary import Canary, Hit, Scanner
from services import SERVICE, Site
from world import RESEAL, Process, jdk, serving, wait_for

NOBODY = 65534
PLAIN_CORES = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip() == "core"
"""Whether the kernel writes a core into the working directory of what dies."""

APP = SERVICE.replace("    pass\n", "    app.installed = new.reveal()\n")
"""The service of the tests; it holds on to its key, so that there is something to be found."""


@dataclass(frozen=True)
class Secrets:
    """The canaries of one lineage; each is a real secret of the running site."""

    record: Canary
    key: Canary
    operator: Canary
    supervisor: Canary
    authority: Canary
    authority_tls: Canary
    held: list[Canary]
    """What the authority has of its lineages, and what opens the newest head."""

    @property
    def all(self) -> list[Canary]:
        return [
            *(self.record, self.key, self.operator, self.supervisor, self.authority, self.authority_tls),
            *self.held,
        ]

    def but(self, *names: str) -> list[Canary]:
        """All but those that somebody has by right."""
        return [each for each in self.all if each.name not in names]


def start(site: Site, name: str, app: pathlib.Path) -> Process:
    """The supervisor, with patience: whoever asks is about secrets and attacks, not about speed."""
    words = ["run", "--lineage", name, "--drain-ms", "600000", "--", sys.executable, str(app)]
    return site.world.start(name, *words, ready="serving", within_s=600, cwd=site.home)


def add_key(site: Site, name: str) -> subprocess.Popen[bytes]:
    """``reseal authority keys add``, which waits for the bytes on its standard input."""
    words = ["authority", "keys", "add", name, "--purpose", "app", "--file", "-", "--home", str(site.home)]
    return subprocess.Popen(
        [str(RESEAL), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=site.home
    )


def prepare(site: Site, name: str, source: str = APP) -> Secrets:
    """Starts the lineage, writes a record and gives a key to the authority, for the next generation."""
    app = site.app(name, source, life_ms=4000)
    start(site, name, app)
    key = give_key(site, name)
    record = secrets.token_hex(24)
    site.planted.append(Canary("record", record.encode()))
    with site.client(name) as client:
        assert client.put("/secret", record.encode()).status == 200
    return collected(site, name, Canary("record", record.encode()), key)


def give_key(site: Site, name: str) -> Canary:
    """A key of ours, for the next generation."""
    key = secrets.token_bytes(32)
    adding = add_key(site, name)
    _, said = adding.communicate(key, 120)
    assert adding.returncode == 0, said
    site.planted.append(Canary("key generation", key))
    return site.planted[-1]


def plant(site: Site, name: str) -> Secrets:
    """The same, and rotates to the key."""
    before = prepare(site, name)
    code, found = site.rotate(name)
    assert code == 0, found
    return collected(site, name, before.record, before.key)


def collected(site: Site, name: str, record: Canary, key: Canary) -> Secrets:
    """With all that the site holds at this moment."""
    home = site.home
    return Secrets(
        record,
        key,
        planted.pem_number(home / "operator" / "operator.pem", "K_O"),
        planted.pem_number(home / "lineages" / name / "supervisor.pem", "K_S"),
        planted.authority_key(home),
        planted.pem_number(home / "authority" / "tls.key", "authority's TLS key"),
        planted.lineage_keys(home) + planted.sealed_state(home, name),
    )


def by_right(home: pathlib.Path) -> list[pathlib.Path]:
    """The files whose purpose is to hold a secret."""
    held = [home / "operator" / "operator.pem", home / "authority" / "keystore", home / "authority" / "tls.key"]
    return held + list((home / "lineages").glob("*/supervisor.pem"))


def files(site: Site, wanted: list[Canary]) -> list[Hit]:
    """Hits in every file of the site but those, and in all that was written to temporary directories since its start."""
    copies = site.home / "platform" / "images"  # of programs, made before there was a secret
    scanner = Scanner(wanted)
    hits = list(scanner.tree(site.home, leave_out=[*by_right(site.home), copies]))
    for path in temporary(site.began, site.home):
        with contextlib.suppress(FileNotFoundError):
            hits += scanner.file(path)
    return hits


def temporary(since: float, leave_out: pathlib.Path) -> Iterator[pathlib.Path]:
    """Files in temporary directories, however deep, that were written since then and that we may read."""
    for root in ("/tmp", "/dev/shm", "/var/tmp"):
        for at, folders, names in os.walk(root):
            folders[:] = [each for each in folders if pathlib.Path(at, each) != leave_out]
            for path in (pathlib.Path(at, name) for name in names):
                with contextlib.suppress(FileNotFoundError):
                    found = path.lstat()
                    recent = found.st_mtime >= since and found.st_size < 256 << 20
                    if recent and stat.S_ISREG(found.st_mode) and os.access(path, os.R_OK):
                        yield path


def at_the_end(site: Site) -> tuple[list[Canary], list[Canary]]:
    """What its files hold by right, and what follows from that or was given by tests. The authority still answers."""
    home = site.home
    kept = [
        planted.pem_number(home / "operator" / "operator.pem", "K_O"),
        planted.pem_number(home / "authority" / "tls.key", "TLS key"),
        planted.authority_key(home),
        *(planted.pem_number(each, f"K_S of {each.parent.name}") for each in home.glob("lineages/*/supervisor.pem")),
        *planted.lineage_keys(home),
    ]
    derived = [each for name in planted.alive(home) for each in planted.sealed_state(home, name)]
    return kept, derived + site.planted


def after_the_suite(site: Site, kept: list[Canary], others: list[Canary]) -> list[Hit]:
    """Those secrets in all files that all tests leave: journals, logs, proofs, databases, containers.

    What was put there on purpose is found, and so is each key in the file that holds it by right.
    """
    found = {hit.canary for path in by_right(site.home) for hit in Scanner(kept).file(path)}
    assert found == {each.name for each in kept}, found
    control = Canary("control", secrets.token_bytes(32))
    with tempfile.TemporaryDirectory() as folder:
        put = [site.home / "logs" / "control", pathlib.Path(folder, "deep", "er")]
        put[1].parent.mkdir()
        for path, text in zip(put, (control.content.hex(), base64.b64encode(control.content).decode()), strict=True):
            path.write_text(f"said: {text}")
        hits = files(site, [*kept, *others, control])
        put[0].unlink()
    assert {hit.place for hit in hits if hit.canary == control.name} == {str(path) for path in put}, hits
    return [hit for hit in hits if hit.canary != control.name]


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


def core_limits(pid: int) -> tuple[str, str]:
    """Soft and hard limit of core files."""
    for line in pathlib.Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith("Max core file size"):
            soft, hard = line.split()[4:6]
            return soft, hard
    raise AssertionError(f"no core limit of {pid}")


def attaches_elsewhere() -> None:
    """The same ``jcmd`` gets into a JVM that has its door open; an error if it does not, as a refusal then says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        words = [str(jdk() / "bin" / "jwebserver"), "-b", "127.0.0.1", "-p", "0", "-d", folder]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                wait_for("jcmd at a JVM of no launcher", lambda: not attach_refusal(server.pid), 60)
            finally:
                server.kill()


def attach_refusal(pid: int, *command: str) -> str:
    """What ``jcmd`` says when it asks the process to open its door."""
    jcmd = [str(jdk() / "bin" / "jcmd"), str(pid), *(command or ("VM.version",))]
    done = subprocess.run(jcmd, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def taken_core(pid: int, folder: pathlib.Path) -> pathlib.Path | None:
    """A core that a debugger takes of the living process, which no limit forbids to root; nothing without gdb."""
    if shutil.which("gcore") is None:
        return None
    subprocess.run(["gcore", "-o", str(folder / "core"), str(pid)], capture_output=True, timeout=120, check=True)
    return folder / f"core.{pid}"


def forced_core(pid: int) -> pathlib.Path | None:
    """Kills the process with a signal that dumps core, after raising its limit as far as we may; where the core is, if there is one."""
    folder = pathlib.Path(f"/proc/{pid}/cwd").resolve()
    before = set(folder.glob("core*"))
    with contextlib.suppress(PermissionError):  # a hard limit is raised with CAP_SYS_RESOURCE only
        resource.prlimit(pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    os.kill(pid, signal.SIGSYS)
    wait_for(f"the end of {pid}", lambda: ended(pid), 120)
    return next(iter(set(folder.glob("core*")) - before), None)


def ended(pid: int) -> bool:
    """Gone, or a corpse that nobody has fetched: its core is complete."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def pids(site: Site, name: str) -> dict[str, int]:
    """Process ids of the site's programs and of the serving instance."""
    found: dict[str, Any] = {each: process.pid for each, process in site.world.processes.items()}
    found["instance"] = serving(site.status(name))["pid"]
    return found
