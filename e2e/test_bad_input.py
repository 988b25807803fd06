"""What goes wrong from outside: a clear message, a stable exit code, nothing lost. Real processes throughout."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from typing import Any

from services import (
    EXITS_EARLY,
    LOSES_A_PASSPORT,
    NEVER_CONNECTS,
    SERVICE,
    Background,
    Site,
    answers,
    endless,
    refusing_key,
    refusing_restore,
)
from world import wait_for


def test_an_unknown_lineage_is_named(site: Site) -> None:
    app = site.home / "nobody.py"
    app.write_text(SERVICE)
    done = site.run("nobody", app)
    assert done.returncode == 20
    assert "UNKNOWN_LINEAGE" in done.stderr and "policy apply" in done.stderr
    assert site.world.cli("rotate", "nobody", check=False).returncode == 20


def test_an_image_that_policy_does_not_name_prints_the_line_that_would_allow_it(site: Site) -> None:
    app = site.app("changed", SERVICE)
    app.write_text(SERVICE + "# another byte\n")
    done = site.run("changed", app)
    assert done.returncode == 20
    assert "MEASUREMENT_NOT_ALLOWED" in done.stderr and '"mrenclave"' in done.stderr


def test_an_empty_policy_is_refused_and_allows_nothing(site: Site) -> None:
    for content, found in (("", "empty"), ("{}", "version"), ('{"version": 1, "lineages": []}', "lineages")):
        done = site.apply(content)
        assert done.returncode == 20
        assert "POLICY" in done.stderr and found in done.stderr and "policy.md" in done.stderr


def test_an_empty_list_denies_and_the_line_that_would_allow_is_printed(site: Site) -> None:
    app = site.write("closed", SERVICE)
    policy = site.draft("closed", app)
    policy["lineages"][0]["allowed"] = []
    assert site.apply(json.dumps(policy)).returncode == 0
    done = site.run("closed", app)
    assert done.returncode == 20
    assert "MEASUREMENT_NOT_ALLOWED" in done.stderr and "'allowed'" in done.stderr
    assert site.status("closed")["state"] == "EMPTY"


def test_an_unknown_policy_field_is_named_with_where_it_is(site: Site) -> None:
    policy = site.draft("typo", site.write("typo", SERVICE))
    policy["lineages"][0]["live_ms"] = 1
    done = site.apply(json.dumps(policy))
    assert done.returncode == 20
    assert "lineages.live_ms: is not a field" in done.stderr
    assert site.world.cli("status", "typo", check=False).returncode == 20, "a refused file gives birth to nothing"


def test_a_port_in_use_is_named(site: Site) -> None:
    app = site.app("port", SERVICE)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = site.run("port", app, "--public-port", str(port))
    assert done.returncode == 20
    assert "PORT_IN_USE" in done.stderr and str(port) in done.stderr


def test_an_application_that_never_connects_is_given_up_and_can_be_run_again(site: Site) -> None:
    app = site.app("mute", NEVER_CONNECTS)
    done = site.run("mute", app, "--birth-ms", "700")
    assert done.returncode == 10
    assert "NEVER_CONNECTED" in done.stdout + done.stderr
    assert site.status("mute")["state"] == "EMPTY"


def test_an_application_that_exits_early_is_given_up_with_where_its_log_is(site: Site) -> None:
    app = site.app("short", EXITS_EARLY)
    done = site.run("short", app)
    assert done.returncode == 10
    assert "log" in done.stdout + done.stderr
    assert site.status("short")["state"] == "EMPTY"


def test_a_second_supervisor_on_one_directory_is_refused(site: Site) -> None:
    app = site.app("twice", SERVICE)
    site.start("twice", app)
    done = site.run("twice", app)
    assert done.returncode == 20
    assert "SECOND_SUPERVISOR" in done.stderr
    assert site.status("twice")["supervisor"]["situation"] == "IDLE"


def test_the_status_of_a_stopped_supervisor_is_what_the_register_says(site: Site) -> None:
    app = site.app("stopped", SERVICE)
    supervisor = site.start("stopped", app)
    supervisor.popen.send_signal(signal.SIGSTOP)
    try:
        done = site.world.cli("status", "stopped")
    finally:
        supervisor.popen.send_signal(signal.SIGCONT)
    assert "ACTIVE" in done.stdout and "none answers here" in done.stdout
    assert "is it stopped?" in done.stderr
    wait_for("its answer", lambda: site.status("stopped")["supervisor"]["situation"] == "IDLE", 20)


def test_a_request_that_never_ends_aborts_the_reseal_and_the_old_instance_serves_on(site: Site) -> None:
    app = site.app("stuck", SERVICE)
    site.start("stuck", app)
    client = site.client("stuck")
    assert client.put("/a", b"one").status == 200
    held = site.client("stuck")
    threading.Thread(target=endless, args=(held,), daemon=True).start()
    wait_for("the request to be sent", lambda: held.passport is not None, 60)
    code, summary = site.rotate("stuck")
    assert (code, summary["rule"]) == (10, "DRAIN_DEADLINE")
    assert summary["updates_lost"] == "0"
    assert client.get("/a").body == b"one"
    assert site.status("stuck")["epoch"] == 1


def test_a_restore_hook_that_throws_stops_with_the_head_intact_and_resumes(site: Site) -> None:
    flag = site.home / "locked"
    app = site.app("picky", refusing_restore(flag))
    site.start("picky", app)
    client = site.client("picky")
    assert client.put("/a", b"one").status == 200
    flag.touch()
    code, summary = site.rotate("picky")
    assert code == 50
    assert "--resume" in summary["next"]
    assert site.status("picky")["state"] == "SEALED"
    code, summary = site.rotate("picky", "--resume")
    assert code == 50
    why = site.status("picky")["supervisor"]["detail"]
    code, refused = site.rotate("picky", "--mode", "rekey")
    assert (code, refused["rule"]) == (20, "WRONG_STATE") and "--resume" in refused["next"]
    assert site.status("picky")["supervisor"]["detail"] == why, "the reason of the stop is not replaced"
    flag.unlink()
    code, summary = site.rotate("picky", "--resume")
    assert code == 0, summary
    assert client.get("/a").body == b"one"


def test_a_key_hook_that_throws_at_the_first_start_leaves_a_supervisor_that_can_be_told_to_go_on(site: Site) -> None:
    flag = site.home / "no-database"
    flag.touch()
    app = site.app("unkeyed", refusing_key(flag))
    supervisor = site.launch("unkeyed", app)
    supervisor.await_line("stopped unkeyed")
    assert "INSTALL_FAILED" in supervisor.output() and "--mode rekey" in supervisor.output()
    flag.unlink()
    code, summary = site.rotate("unkeyed", "--mode", "rekey")
    assert code == 0, summary
    supervisor.await_line("serving unkeyed")
    assert site.client("unkeyed").put("/a", b"one").status == 200


def test_a_torn_journal_costs_nothing(site: Site) -> None:
    app = site.app("torn", SERVICE)
    site.start("torn", app)
    assert site.client("torn").put("/a", b"one").status == 200
    assert site.rotate("torn")[0] == 0
    site.world.processes.pop("torn").kill()
    journal = site.home / "lineages" / "torn" / "journal"
    content = journal.read_bytes().rstrip(b"\0")
    for torn in (content[:-3], content[:17], b"", b"\xff" * 100):
        journal.write_bytes(torn)
        site.start("torn", app)
        assert site.client("torn").get("/a").body == b"one"
        assert site.rotate("torn")[0] == 0
        site.world.processes.pop("torn").kill()


def test_a_renewal_whose_answer_is_lost_does_not_end_the_service(site: Site) -> None:
    app = site.app("lossy", LOSES_A_PASSPORT, life_ms=2000)
    site.start("lossy", app)
    [log] = (site.home / "lineages" / "lossy" / "instances").glob("*/stderr.log")
    wait_for("the lost renewal", lambda: "STALE_PASSPORT" in log.read_text())
    time.sleep(2.5)  # the passport before it has ended
    with site.client("lossy") as client:
        assert client.put("/a", b"one").status == 200


def test_without_its_authority_a_rotation_is_blocked_and_the_service_goes_on(site: Site) -> None:
    app = site.app("alone", SERVICE)
    site.start("alone", app)
    client = site.client("alone")
    assert client.put("/a", b"one").status == 200
    site.world.processes.pop("authority").kill()
    try:
        done = site.world.cli("rotate", "alone", check=False)
        assert done.returncode == 20
        assert "AUTHORITY_UNREACHABLE" in done.stderr
        code, known = site.world.told("status", "alone")
        assert code == 20 and known["rule"] == "AUTHORITY_UNREACHABLE"
        assert known["supervisor"]["situation"] == "IDLE", "what is known here is said all the same"
    finally:
        site.world.start("authority", "authority", "start", ready="ready", within_s=60)
    wait_for("the passport to be renewed", lambda: answers(client, b"one"), 30)
    assert site.rotate("alone")[0] == 0


def test_an_authority_that_vanishes_during_a_rotation_is_waited_for(site: Site) -> None:
    app = site.app("midway", SERVICE)
    supervisor = site.start("midway", app)
    client = site.client("midway")
    assert client.put("/a", b"one").status == 200
    result: list[tuple[int, Any]] = []
    permits = supervisor.output().count("PERMIT    done")  # that of the birth is there already
    operator = threading.Thread(target=lambda: result.append(site.rotate("midway")))
    operator.start()
    wait_for("a permit", lambda: supervisor.output().count("PERMIT    done") > permits, 30)
    site.world.processes.pop("authority").kill()
    wait_for("what it waits for", lambda: "; waits: " in site.world.told("status", "midway")[1]["supervisor"]["detail"])
    site.world.start("authority", "authority", "start", ready="ready", within_s=60)
    operator.join(60)
    assert result and result[0][0] == 0, result
    assert client.get("/a").body == b"one"


def test_an_image_that_the_epc_cannot_hold_is_refused_as_epc(site: Site) -> None:
    app = site.write("wide", SERVICE)
    assert site.apply(json.dumps(site.draft("wide", app, "--heap-pages", "10000000"))).returncode == 0
    done = site.run("wide", app, "--heap-pages", "10000000")
    assert done.returncode == 20
    assert "EPC" in done.stdout + done.stderr and "10000000 EPC pages" in done.stdout + done.stderr
    assert site.status("wide")["state"] == "EMPTY"


def test_a_platform_that_does_not_quote_stops_a_rotation_before_anything_is_touched(site: Site) -> None:
    app = site.app("unquoted", SERVICE)
    site.start("unquoted", app)
    with site.client("unquoted") as client:
        assert client.put("/note", b"kept").status == 200
        site.world.cli("platform", "fault", "quoting-away", "--amount", "1")
        blocked = site.world.cli("rotate", "unquoted", "--json", check=False)
        told = json.loads(blocked.stdout.splitlines()[-1])
        assert (blocked.returncode, told["outcome"], told["rule"]) == (20, "BLOCKED", "UNAVAILABLE"), blocked.stdout
        assert "quote" in told["detail"] and site.status("unquoted")["epoch"] == 1
        assert client.get("/note").body == b"kept"
        assert site.world.cli("rotate", "unquoted").returncode == 0
        assert client.get("/note").body == b"kept"


def test_collateral_that_is_gone_after_the_permit_strands_nothing(site: Site) -> None:
    collateral, away = site.home / "platform" / "collateral", site.home / "away"
    flag = site.home / "unpinned.locked"
    supervisor = site.start("unpinned", site.app("unpinned", refusing_restore(flag), permit_s=10))
    client = site.client("unpinned")
    assert client.put("/a", b"one").status == 200
    flag.touch()
    assert site.rotate("unpinned")[0] == 50, "SEALED, the old instance gone"
    time.sleep(10)
    flag.unlink()
    collateral.rename(away)
    try:
        resumed = Background(lambda: site.rotate("unpinned", "--resume"))
        wait_for("the refusal", lambda: "PERMIT_EXPIRED" in supervisor.output(), 120)
        assert not answers(client, b"one")
        assert site.status("unpinned")["state"] == "SEALED"
    finally:
        away.rename(collateral)
    code, summary = resumed.result()
    assert code == 0, summary
    assert client.get("/a").body == b"one"


def test_under_a_living_permit_a_rotation_needs_no_collateral(site: Site) -> None:
    collateral, away = site.home / "platform" / "collateral", site.home / "away"
    supervisor = site.start("pinned", site.app("pinned", SERVICE))
    client = site.client("pinned")
    assert client.put("/a", b"one").status == 200
    permits = supervisor.output().count("PERMIT    done")
    rotation = Background(lambda: site.rotate("pinned"))
    wait_for("a permit", lambda: supervisor.output().count("PERMIT    done") > permits, 120)
    collateral.rename(away)
    try:
        code, summary = rotation.result()
    finally:
        away.rename(collateral)
    assert code == 0, summary
    assert client.get("/a").body == b"one"
