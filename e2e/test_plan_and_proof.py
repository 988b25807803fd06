"""What is said before a re-seal, and what is shown of it afterwards."""

from __future__ import annotations

import json
import pathlib
import signal
import subprocess

from services import SERVICE, Site, answers
from world import wait_for

LEFT_ALONE = ("state", "epoch", "fence", "key_generation", "op_id")


def verified(site: Site, proof: pathlib.Path, *, spki: str = "authority.spki") -> subprocess.CompletedProcess[str]:
    public = site.home / "public"
    anchors = ["--authority-spki", str(public / spki), "--root", str(public / "platform-root.pem")]
    return site.world.cli("proof", "verify", str(proof), *anchors, "--json", check=False)


def test_a_plan_and_a_dry_run_say_what_would_be_and_touch_nothing(site: Site) -> None:
    site.start("planned", site.app("planned", SERVICE))
    assert site.client("planned").put("/a", b"one").status == 200
    before = site.status("planned")
    plan = site.world.json("plan", "planned")
    code, dry = site.rotate("planned", "--dry-run")
    assert code == 0
    for each in (plan, dry):
        assert each.pop("sealed_state_detail")  # checkpoints go on meanwhile
    assert dry == plan
    assert (plan["possible"], plan["updates_lost"]) == ("yes", 0)
    assert plan["next_key_generation"] == plan["key_generation"] + 1
    said = site.world.cli("plan", "planned").stdout
    assert "key generation 1 -> 2, epoch 1 -> 2" in said and "EMULATED" in said, said
    after = site.status("planned")
    assert {each: after[each] for each in LEFT_ALONE} == {each: before[each] for each in LEFT_ALONE}
    assert site.client("planned").get("/a").body == b"one"


def test_a_plan_says_whether_the_newest_sealed_state_is_still_there_and_whole(site: Site) -> None:
    supervisor = site.start("stored", site.app("stored", SERVICE)).popen
    assert site.client("stored").put("/a", b"one").status == 200
    assert site.world.json("plan", "stored")["sealed_state"] == "WHOLE"
    supervisor.send_signal(signal.SIGSTOP)  # no checkpoint comes to the rescue
    try:
        body = site.world.json("plan", "stored")["sealed_state_detail"].split()[-1]
        head = site.home / "lineages" / "stored" / "containers" / f"{body}.rsc"
        content = head.read_bytes()
        slots = 12 + int.from_bytes(content[8:12], "big")
        segment = slots + 4 + int.from_bytes(content[slots : slots + 4], "big") + 5 + 5
        for at in (20, segment, len(content) - 40):
            head.write_bytes(content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :])
            assert site.world.json("plan", "stored")["sealed_state"] == "SEALED_STATE_DAMAGED", at
        head.unlink()
        assert site.world.json("plan", "stored")["sealed_state"] == "SEALED_STATE_MISSING"
        assert "all state is lost" in site.world.cli("plan", "stored").stdout
    finally:
        supervisor.send_signal(signal.SIGCONT)
    assert site.rotate("stored")[0] == 0, "the instance has the state and seals it anew"
    assert site.world.json("plan", "stored")["sealed_state"] == "WHOLE"
    wait_for("an answer", lambda: answers(site.client("stored"), b"one"), 60)


def test_a_proof_verifies_by_the_right_anchors_and_not_when_it_was_changed(site: Site) -> None:
    site.start("proven", site.app("proven", SERVICE))
    code, summary = site.rotate("proven")
    assert code == 0, summary
    proof = site.home / "proven.proof"
    assert "proof of operation" in site.world.cli("proof", "show", "proven", "--out", str(proof)).stdout
    done = verified(site, proof)
    assert done.returncode == 0, done.stdout + done.stderr
    content = bytearray(proof.read_bytes())
    content[len(content) // 2] ^= 1
    changed = site.home / "changed.proof"
    changed.write_bytes(content)
    stranger = site.home / "public" / "stranger.spki"
    spki = (site.home / "public" / "authority.spki").read_text().strip()
    stranger.write_text(spki[:-64] + spki[-128:-64])
    for refused in (verified(site, changed), verified(site, proof, spki="stranger.spki")):
        assert refused.returncode != 0, refused.stdout
    assert verified(site, changed).returncode == 42
    assert json.loads(verified(site, changed).stdout)["verdict"] == "REFUSED"
    assert "proves nothing" in verified(site, changed).stderr
