"""What is said before a re-seal, and what is shown of it afterwards."""

from __future__ import annotations

import json
import pathlib
import subprocess

from services import SERVICE, Site

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
    assert code == 0 and dry == plan
    assert (plan["possible"], plan["updates_lost"]) == ("yes", 0)
    assert plan["next_key_generation"] == plan["key_generation"] + 1
    said = site.world.cli("plan", "planned").stdout
    assert "key generation 1 -> 2, epoch 1 -> 2" in said and "EMULATED" in said, said
    after = site.status("planned")
    assert {each: after[each] for each in LEFT_ALONE} == {each: before[each] for each in LEFT_ALONE}
    assert site.client("planned").get("/a").body == b"one"


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
