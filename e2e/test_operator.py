"""What an operator asks for by hand: abort, recover, retire; with real processes and his own key."""

from __future__ import annotations

import json
import os
import signal

import pytest
from services import SERVICE, Background, Site, answers, patient, refusing_restore
from world import serving, wait_for


def test_an_abort_while_a_request_is_drained_leaves_the_old_instance_serving(site: Site) -> None:
    flag = site.home / "undone.go"
    supervisor = site.start("undone", site.app("undone", patient(flag)), "--drain-ms", "200000")
    client = site.client("undone")
    assert client.put("/a", b"one").status == 200
    held = site.client("undone")
    slow = Background(lambda: held.get("/slow").status)
    wait_for("the request to be sent", lambda: held.passport is not None, 60)
    rotation = Background(lambda: site.rotate("undone"))
    wait_for("the drain", lambda: supervisor.output().count("PERMIT    done") > 2, 120)
    abort = Background(lambda: site.world.told("abort", "undone"))
    wait_for("the abort", lambda: "QUIESCE   failed" in supervisor.output(), 120)
    flag.touch()
    code, summary = abort.result()
    assert code == 0, summary
    assert summary["updates_lost"] == "0"
    code, summary = rotation.result()
    assert (code, summary["rule"]) == (10, "ABORTED")
    assert slow.result() == 200, "the request in flight was finished, not failed"
    assert client.get("/a").body == b"one"
    status = site.status("undone")
    assert (status["state"], status["epoch"]) == ("ACTIVE", 1)
    assert site.rotate("undone")[0] == 0, "the next operation is not hindered"
    assert client.get("/a").body == b"one"


def test_an_abort_of_nothing_is_refused_and_touches_nothing(site: Site) -> None:
    app = site.app("calm", SERVICE)
    assert site.world.told("abort", "calm")[0] == 20, "there is no supervisor yet"
    site.start("calm", app)
    code, summary = site.world.told("abort", "calm")
    assert (code, summary["rule"]) == (20, "NOTHING_TO_ABORT")
    code, summary = site.world.told("recover", "calm")
    assert (code, summary["rule"]) == (20, "ACTIVE_SERVES")
    assert "reseal rotate" in summary["next"]
    assert site.status("calm")["epoch"] == 1


def test_an_abort_gives_up_an_operation_that_has_stopped(site: Site) -> None:
    flag = site.home / "stays-locked"
    site.start("given-up", site.app("given-up", refusing_restore(flag)))
    client = site.client("given-up")
    assert client.put("/a", b"one").status == 200
    flag.touch()
    assert site.rotate("given-up")[0] == 50
    flag.unlink()
    code, summary = site.world.told("abort", "given-up")
    assert code in (0, 10), summary
    wait_for("a takeover from the head that was sealed", lambda: answers(client, b"one"), 60)
    assert site.status("given-up")["epoch"] == 2


def test_a_takeover_that_policy_denies_to_the_host_is_the_operators_to_ask(site: Site) -> None:
    app = site.write("orphan", SERVICE)
    policy = site.draft("orphan", app)
    policy["lineages"][0]["supervisors"][0]["may"] = ["abort"]
    assert site.apply(json.dumps(policy)).returncode == 0
    supervisor = site.start("orphan", app)
    client = site.client("orphan")
    assert client.put("/a", b"one").status == 200
    assert site.rotate("orphan")[0] == 0, "so that the head holds what was written"
    os.kill(serving(site.status("orphan"))["pid"], signal.SIGKILL)
    wait_for("the refusal", lambda: site.status("orphan")["supervisor"]["situation"] == "HALTED", 60)
    detail = site.status("orphan")["supervisor"]["detail"]
    assert "DENY verb=takeover" in detail and '"may"' in detail, detail
    assert not answers(client, b"one"), supervisor.output()
    code, summary = site.world.told("recover", "orphan")
    assert (code, summary["updates_lost"]) == (0, "at most 64"), summary
    assert client.get("/a").body == b"one"
    assert site.status("orphan")["epoch"] == 3


@pytest.mark.parametrize("verb", ["recover", "abort", "retire", "plan", "rotate", "status"])
def test_every_verb_names_an_unknown_lineage(site: Site, verb: str) -> None:
    done = site.world.cli(verb, "nobody", check=False)
    assert done.returncode == 20 and "UNKNOWN_LINEAGE" in done.stderr and "policy apply" in done.stderr


def test_retire_destroys_the_old_keys_once(site: Site) -> None:
    app = site.write("tidy", SERVICE)
    policy = site.draft("tidy", app)
    policy["lineages"][0]["supervisors"][0]["may"] = ["takeover", "abort"]
    assert site.apply(json.dumps(policy)).returncode == 0
    site.start("tidy", app)
    client = site.client("tidy")
    assert client.put("/a", b"one").status == 200
    for _ in range(3):
        assert site.rotate("tidy")[0] == 0
    before = generations(site, "tidy")
    assert len(before) == 4, "the host may not retire, so nothing is retired"
    code, summary = site.world.told("retire", "tidy", "--dry-run")
    assert code == 0 and generations(site, "tidy") == before
    code, summary = site.world.told("retire", "tidy")
    assert code == 0, summary
    after = generations(site, "tidy")
    assert max(after) == max(before) and len(after) < len(before), (before, after)
    assert client.get("/a").body == b"one"
    code, refused = site.world.told("retire", "tidy")
    assert code == 20 and refused["rule"] == "NOTHING_TO_RETIRE" and "raises its floor" in refused["next"], refused


def generations(site: Site, name: str) -> list[int]:
    found = json.loads(site.world.cli("authority", "keys", "list", name, "--json").stdout)
    return [each["number"] for each in found["generation"] if each["state"] != "destroyed"]
