"""Secrets stay with who has them by right, launchers close their doors, and the authority's API stands a siege.

Every search of a memory or a core finds, in the same bytes, the one secret that is there by right. The platform's memory, and the
supervisor's after a re-seal, are searched by attack A24.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import http.client
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import hygiene
import pytest
import siege
from asking import row
from canary import Canary, Hit, Scanner
from hygiene import Secrets
from services import Site, patient
from world import RESEAL, Process, wait_for

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="an instance is not to be looked into but by root")

NAME = "kept"
LINK = [
    ("POST", "born"),
    ("GET", "advice?after=0"),
    ("POST", "event/drained"),
    ("POST", "message/renew"),
    ("PUT", "container"),
    ("GET", "container/" + "00" * 32),
]
"""Every call of transport T4."""


def names(hits: Iterator[Hit]) -> set[str]:
    return {hit.canary for hit in hits}


@contextlib.contextmanager
def client_in_flight(site: Site, flag: pathlib.Path, own: Canary) -> Iterator[int]:
    """Pid of a client that has written its own record and waits for an answer."""
    status = site.status(NAME)
    script = str(pathlib.Path(__file__).with_name("hygiene_client.py"))
    url = f"https://127.0.0.1:{status['supervisor']['public_port']}"
    spki = str(site.home / "public" / "authority.spki")
    words = [script, url, spki, status["lineage_id"], status["mrenclave"], str(site.home / "client.seen")]
    with subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE, cwd=site.home) as process:
        assert process.stdin is not None
        process.stdin.write(own.content)
        process.stdin.close()
        wait_for("the slow request", pathlib.Path(f"{flag}.begun").exists, 120)
        try:
            yield process.pid
        finally:
            process.kill()


@contextlib.contextmanager
def reseal_in_flight(site: Site) -> Iterator[Process]:
    """A ``reseal rotate`` that waits for the drain, with the operator's key."""
    supervisor = site.world.processes[NAME]
    permits = supervisor.output().count("PERMIT    done")
    words = [str(RESEAL), "rotate", NAME, "--home", str(site.home)]
    process = Process("rotate", words, site.world.logs / "rotate.log", site.home)
    try:
        wait_for("the drain", lambda: supervisor.output().count("PERMIT    done") > permits, 120)
        yield process
    finally:
        process.popen.kill()
        process.popen.wait()


@contextlib.contextmanager
def waiting_command(
    cwd: pathlib.Path, nobody: bool = False, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A command that has answered once and waits for more."""
    pipe = subprocess.PIPE
    words = [str(RESEAL), "verify", "--batch", "-"]
    if nobody:
        words = ["setpriv", f"--reuid={hygiene.NOBODY}", f"--regid={hygiene.NOBODY}", "--clear-groups", *words]
    with subprocess.Popen(
        words, stdin=pipe, stdout=pipe, stderr=pipe, cwd=cwd, env=os.environ | (env or {}), bufsize=0
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b'{"id": "up"}\n')
        assert b"up" in process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def flag(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("flag") / "go"


@pytest.fixture(scope="module")
def planted(shared_site: Site, flag: pathlib.Path) -> Iterator[Secrets]:
    """The running lineage, its record and its key; the key waits for the next generation."""
    yield hygiene.prepare(shared_site, NAME, patient(flag, hygiene.APP))
    shared_site.tidy()


def test_no_launched_program_lets_anybody_attach_load_an_agent_or_dump_it(
    shared_site: Site, planted: Secrets, tmp_path: pathlib.Path
) -> None:
    assert planted.all
    with waiting_command(shared_site.home) as command:
        pids = {name: process.pid for name, process in shared_site.world.processes.items()}
        doors_are_closed({**pids, "command": command.pid}, tmp_path)


def doors_are_closed(jvms: dict[str, int], tmp_path: pathlib.Path) -> None:
    assert set(jvms) == {"authority", "platform", NAME, "command"}
    dump = tmp_path / "heap.hprof"
    tried = [
        (name, pid, order)
        for name, pid in jvms.items()
        for order in (("VM.version",), ("GC.heap_dump", str(dump)), ("JVMTI.agent_load", "/nobody.so"))
    ]
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        for (name, _, order), said in zip(
            tried, threads.map(lambda each: hygiene.attach_refusal(each[1], *each[2]), tried), strict=True
        ):
            assert "does not support the attach mechanism" in said, f"{order} at {name}: {said or 'done'}"
    assert not dump.exists()
    for name, pid in jvms.items():
        assert hygiene.core_limits(pid) == ("0", "0"), name
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        assert b"-XX:-EnableDynamicAgentLoading" in words and b"-XX:+EnableDynamicAgentLoading" not in words, name


def test_a_crash_leaves_no_core_and_no_report_and_the_environment_adds_no_option(tmp_path: pathlib.Path) -> None:
    """A report shows registers and the arrays that they point to: somebody's key, perhaps."""
    opened = {
        "JAVA_TOOL_OPTIONS": "-XX:+HeapDumpOnOutOfMemoryError",
        "JDK_JAVA_OPTIONS": "-XX:-DisableAttachMechanism",
        "_JAVA_OPTIONS": "-XX:-DisableAttachMechanism -XX:ErrorFile=report -XX:+CreateCoredumpOnCrash",
    }
    with waiting_command(tmp_path, env=opened) as command:
        assert "does not support the attach mechanism" in hygiene.attach_refusal(command.pid)
        os.kill(command.pid, signal.SIGSEGV)
        out, err = command.communicate(timeout=60)
    assert b"SIGSEGV" in out, "what failed is said all the same"
    assert b"Picked up" not in out + err and b"NOTE" not in out + err
    assert list(tmp_path.iterdir()) == []
    assert not list(pathlib.Path("/tmp").glob(f"hs_err_pid{command.pid}*"))


@pytest.fixture
def open_folder() -> Iterator[pathlib.Path]:
    """In which everybody may leave a core."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        path.chmod(0o777)
        yield path


@pytest.mark.parametrize("nobody", [False, True])
def test_no_signal_makes_a_command_leave_anything(open_folder: pathlib.Path, nobody: bool) -> None:
    if nobody and os.getuid() != 0:
        pytest.skip("only root runs a command as another user")
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSYS):
        with waiting_command(open_folder, nobody) as command:
            assert hygiene.core_limits(command.pid) == ("0", "0")
            os.kill(command.pid, signal.SIGQUIT)
            os.kill(command.pid, number)
            command.communicate(timeout=60)
        assert command.returncode != 0
        assert list(open_folder.iterdir()) == [], number
        assert not list(pathlib.Path("/tmp").glob(f"*{command.pid}*.log"))


@AS_ROOT
def test_what_programs_show_of_themselves_holds_only_what_is_theirs(shared_site: Site, planted: Secrets) -> None:
    """Arguments, environment and open files; the key store is the authority's, an instance's staging its own."""
    wanted = [*hygiene.collected(shared_site, NAME, planted.record, planted.key).all]
    pids = hygiene.pids(shared_site, NAME)
    keys = str(shared_site.home / "authority" / "keystore")
    for name, pid in pids.items():
        hits = list(Scanner(wanted).surface(pid))
        if name == "authority":
            assert "K_A" in {hit.canary for hit in hits if hit.place == keys}
            hits = [hit for hit in hits if hit.place != keys]
        assert not hits, name


def dumped(process: Process) -> bool:
    return "Full thread dump" in process.output()


def test_a_dump_of_threads_holds_no_secret(shared_site: Site, planted: Secrets) -> None:
    wanted = hygiene.collected(shared_site, NAME, planted.record, planted.key).all
    for name, process in shared_site.world.processes.items():
        os.kill(process.pid, signal.SIGQUIT)
        wait_for(f"the dump of {name}", functools.partial(dumped, process), 120)
        assert names(Scanner(wanted).file(process.log)) == set(), name
        assert process.alive()


def test_the_instances_link_answers_only_whoever_knows_a_handle(shared_site: Site, planted: Secrets) -> None:
    """It is on loopback, where every user can connect: a handle of 64 random bits is what lets him speak."""
    directory = shared_site.home / "lineages" / NAME
    handle = shared_site.status(NAME)["supervisor"]["instances"][0]["handle"]
    port = int((directory / "ports").read_text().split()[0])
    assert not [proc for proc in pathlib.Path("/proc").glob("[0-9]*") if handle in arguments(proc)]
    before = seen_of(shared_site)
    for guess in (secrets.token_hex(8), "", NAME, before[0][0]):
        for method, call in LINK:
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as peer:
                peer.request(method, f"/i/{guess}/{call}", body=b"\xa0" if method != "GET" else None)
                assert peer.getresponse().status in (404, 409), (guess, call)
    assert seen_of(shared_site) == before


def arguments(proc: pathlib.Path) -> str:
    with contextlib.suppress(OSError):
        return (proc / "cmdline").read_text(errors="replace")
    return ""


def seen_of(site: Site) -> tuple[list[str], list[int]]:
    """Instances, and what every event but a renewal or checkpoint would change."""
    found = row(site.home, NAME)
    return [str(each["pid"]) for each in site.status(NAME)["supervisor"]["instances"]], [found[3], found[4], found[5]]


def held_by(wanted: list[Canary], core: pathlib.Path | None) -> set[str]:
    """What a core holds; nothing where none could be had."""
    if core is None:
        return set()
    try:
        return names(Scanner(wanted).file(core))
    finally:
        core.unlink()


def test_a_reseal_ends_well_while_the_api_is_besieged(shared_site: Site, planted: Secrets) -> None:
    authority = shared_site.world.processes["authority"]
    before = siege.memory_kb(authority.pid)
    epoch = row(shared_site.home, NAME)[3]
    with siege.Siege(shared_site.home) as besieged:
        told = besieged.told
        wait_for("the siege", lambda: told["strangers"]["connected"] > siege.MORE_THAN_IT_HOLDS, 60)
        wait_for("a flood", lambda: told["flood"][409] > 20, 60)
        wait_for("refusals", lambda: {"oversized_headers", "oversized_bodies"} <= set(told), 60)
        code, summary = shared_site.rotate(NAME)
        assert code == 0, (summary, told)
    assert siege.memory_kb(authority.pid) - before < siege.GROWTH_KB
    for kind in ("flood", "oversized_headers", "oversized_bodies"):
        assert set(told[kind]) <= siege.POLITE, told
    assert row(shared_site.home, NAME)[3] == epoch + 1
    with shared_site.client(NAME) as client:
        assert client.get("/secret").body == planted.record.content
    assert authority.alive() and "Exception" not in authority.output()


@AS_ROOT
@pytest.mark.skipif(not hygiene.PLAIN_CORES, reason="the kernel gives cores to a program")
def test_neither_memory_nor_a_forced_core_holds_a_secret_of_somebody_else(
    shared_site: Site, flag: pathlib.Path, planted: Secrets, tmp_path: pathlib.Path
) -> None:
    own = Canary("client's record", secrets.token_hex(24).encode())
    shared_site.planted.append(own)
    key = hygiene.give_key(shared_site, NAME)
    code, said = shared_site.rotate(NAME)
    assert code == 0, said
    planted = hygiene.collected(shared_site, NAME, planted.record, key)
    wanted = [own, *planted.all]
    pids = hygiene.pids(shared_site, NAME)
    debugger = shutil.which("gcore") is not None
    with client_in_flight(shared_site, flag, own) as client, reseal_in_flight(shared_site) as rotate:
        command = rotate.pid
        os.kill(command, signal.SIGQUIT)
        wait_for("the dump of the command", functools.partial(dumped, rotate), 120)
        assert names(Scanner(wanted).file(rotate.log)) == set()
        for pid, has in ((client, own.name), (command, "K_O"), (pids[NAME], "K_S")):
            assert names(Scanner(wanted).process(pid)) == {has}, f"of {pid}"
            assert held_by(wanted, hygiene.taken_core(pid, tmp_path)) == ({has} if debugger else set()), (
                f"core of {pid}"
            )
        assert held_by(wanted, hygiene.forced_core(client)) == {own.name}
        assert held_by(wanted, hygiene.forced_core(command)) <= {"K_O"}
    instance = pids["instance"]
    assert names(Scanner([planted.record, planted.key]).process(instance)) == {"record", "key generation"}
    assert hygiene.forced_core(instance) is None, "PR_SET_DUMPABLE is 0"
    assert held_by(wanted, hygiene.forced_core(pids[NAME])) <= {"K_S"}
