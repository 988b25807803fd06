"""Attacks on state that is only in one place: in memory that nobody declared, in containers that the host deletes."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable

import naive
from ending import Ending, harmless, together, won
from lineage import second

APP = """
import reseal

app = reseal.App()
notes = app.state("notes", of=str)
visits = {}

def web(environ, start_response):
    visits[environ["PATH_INFO"]] = visits.get(environ["PATH_INFO"], 0) + 1
    start_response("200 OK", [])
    return [str(visits).encode()]

app.serve(web)
"""


def undeclared_naive() -> Ending:
    """A43: what the script seals is what somebody thought of."""
    key = b"k" * 32
    enclave = naive.Enclave(key)
    enclave.state["notes"] = "kept"
    enclave.visits["/"] = 17
    successor = naive.Enclave(key, enclave.seal())
    lost = successor.state == enclave.state and successor.visits != enclave.visits
    return won("the notes are there, 17 visits are not; nobody was told") if lost else harmless("all is there")


def undeclared() -> Ending:
    """A43: the check that is run before a service goes out, on an application that counts in a dict of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "app.py"
        path.write_text(APP)
        sdk = pathlib.Path(__file__).resolve().parents[1]
        run = subprocess.run(
            [sys.executable, "-m", "reseal.lint", str(path)], cwd=sdk, capture_output=True, text=True, check=False
        )
    found = [line.split(": ", 2) for line in run.stdout.splitlines()]
    if run.returncode != 1 or len(found) != 1 or "visits" not in found[0][2]:
        return won(f"it goes out: {run.stdout}{run.stderr}")
    return Ending("refused", found[0][1], found[0][2])


def state_deleted() -> Ending:
    """A48: the host damages, then deletes every container while nobody needs one; then a plan, then a re-seal."""
    lineage = second()
    lineage.get("/a")
    endings = []
    with lineage.held():
        for harm in (_damage, pathlib.Path.unlink):
            for container in (lineage.directory / "containers").glob("*.rsc"):
                harm(container)
            plan = lineage.plan()
            if not plan["sealed_state"].startswith("SEALED_STATE_"):
                return won(f"the plan says {plan['sealed_state']}: {plan['sealed_state_detail']}")
            endings.append(Ending("refused", plan["sealed_state"], "the plan says so"))
    lineage.reseal()
    lineage.get("/a")
    if (found := lineage.plan()["sealed_state"]) != "WHOLE":
        return won(f"{found} after a re-seal")
    said = "by the plan; the instance has the state and seals it anew. If it ends before that, all is lost"
    return together(endings)._replace(detail=said)


def _damage(container: pathlib.Path) -> None:
    """A bit of the first segment; those of slots are the authority's to keep (protocol 5.1)."""
    content = bytearray(container.read_bytes())
    slots = 12 + int.from_bytes(content[8:12], "big")
    segment = slots + 4 + int.from_bytes(content[slots : slots + 4], "big") + 5 + 5
    content[segment] ^= 1
    container.write_bytes(content)


ATTACKS: dict[str, dict[str, Callable[[], Ending]]] = {
    "A43": {"naive": undeclared_naive, "reseal": undeclared},
    "A48": {"reseal": state_deleted},
}
