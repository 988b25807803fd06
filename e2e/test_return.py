"""A supervisor that ended and comes back: clients and instance meet it again at once."""

from __future__ import annotations

import signal
import threading
import time

from services import SERVICE, Background, Site, answers, endless
from world import wait_for


def let_through(site: Site, name: str) -> int:
    """Where the supervisor would let clients through if it came back now; 0 while it parks them."""
    return int((site.home / "lineages" / name / "ports").read_text().split()[2])


def serves_at(site: Site, name: str) -> list[int]:
    return [each["port"] for each in site.status(name)["supervisor"]["instances"]]


def test_clients_are_let_through_before_the_authority_has_answered(site: Site) -> None:
    app = site.app("returns", SERVICE)
    supervisor = site.start("returns", app)
    client = site.client("returns")
    client.put("/a", b"kept")
    assert serves_at(site, "returns") == [let_through(site, "returns")]
    authority = site.world.processes["authority"]
    authority.popen.send_signal(signal.SIGSTOP)
    try:
        supervisor.kill()
        again = site.launch("returns", app)
        wait_for("an answer", lambda: answers(client, b"kept"))
        assert "serving" not in again.output(), "the authority stands still: nothing is settled"
    finally:
        authority.popen.send_signal(signal.SIGCONT)
    again.await_line("serving")
    assert answers(client, b"kept")


def test_a_supervisor_that_comes_back_without_its_authority_lets_clients_through_until_it_is_there_again(
    site: Site,
) -> None:
    app = site.app("without", SERVICE, life_ms=120000)
    supervisor = site.start("without", app)
    client = site.client("without")
    client.put("/a", b"kept")
    site.world.processes.pop("authority").kill()
    try:
        supervisor.kill()
        again = site.launch("without", app)
        again.await_line("reseal: warning: authority ")
        wait_for("an answer", lambda: answers(client, b"kept"))
        refused = site.run("newborn", app)
        assert refused.returncode == 20 and "AUTHORITY_UNREACHABLE" in refused.stderr, "what was never told its lineage"
        assert again.alive() and "serving" not in again.output(), "it asks again"
    finally:
        site.world.start("authority", "authority", "start", ready="ready", within_s=60)
    again.await_line("serving")
    assert answers(client, b"kept")
    assert site.rotate("without")[0] == 0


def test_what_is_ended_in_order_goes_on_later_with_every_update(site: Site) -> None:
    app = site.app("ends", SERVICE)
    supervisor = site.start("ends", app, "--checkpoint-ms", "0")
    client = site.client("ends")
    for path in ("/a", "/b", "/c"):
        client.put(path, path.encode())
    supervisor.stop()
    assert "no last checkpoint" not in supervisor.output()
    site.world.processes.pop("platform").stop()
    site.world.start("platform", "platform", "start", ready="ready")
    site.start("ends", app)
    client = site.client("ends")
    wait_for("its first passport", lambda: answers(client, b"/a"))
    assert [client.get(path).body for path in ("/a", "/b", "/c")] == [b"/a", b"/b", b"/c"]


def test_nobody_is_let_through_while_it_drains_and_a_drain_that_fails_is_served_again(site: Site) -> None:
    app = site.app("drains", SERVICE.replace("drain_timeout=1.0", "drain_timeout=5.0"))
    supervisor = site.start("drains", app)
    client = site.client("drains")
    client.put("/a", b"kept")
    held = site.client("drains")
    held.get("/a")
    threading.Thread(target=endless, args=(held,), daemon=True).start()
    time.sleep(0.5)
    rotation = Background(lambda: site.rotate("drains"))
    wait_for("the drain", lambda: let_through(site, "drains") == 0, 60)
    supervisor.kill()
    again = site.launch("drains", app)
    again.await_line("DRAIN_DEADLINE", 60)
    wait_for("an answer", lambda: answers(client, b"kept"), 60)
    assert serves_at(site, "drains") == [let_through(site, "drains")], "the supervisor that came back knows the port"
    assert (site.status("drains")["state"], site.status("drains")["epoch"]) == ("ACTIVE", 1)
    code, told = rotation.result()
    assert (code, told["outcome"], told["rule"]) == (50, "UNKNOWN", "SUPERVISOR_ENDED"), told
    assert "reseal status drains" in told["next"]


def test_a_supervisor_that_cannot_do_its_work_ends_and_the_next_one_finishes(site: Site) -> None:
    app = site.app("breaks", SERVICE)
    supervisor = site.start("breaks", app)
    client = site.client("breaks")
    client.put("/a", b"kept")
    instances = site.home / "lineages" / "breaks" / "instances"
    aside = instances.rename(instances.with_name("aside"))
    instances.write_text("a file where the directories of instances are made")
    rotation = Background(lambda: site.rotate("breaks"))
    wait_for("its end", lambda: not supervisor.alive(), 60)
    assert (supervisor.popen.returncode, rotation.result()[0] != 0) == (50, True)
    assert "cannot make a directory for an instance" in supervisor.output()
    instances.unlink()
    aside.rename(instances)
    site.launch("breaks", app).await_line("serving", 60)
    wait_for("an answer", lambda: answers(client, b"kept"), 60)
    assert (site.status("breaks")["state"], site.status("breaks")["epoch"]) == ("ACTIVE", 2)
