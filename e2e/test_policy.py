"""Default deny, as an operator meets it: each denial prints the line that would allow it, and the line does."""

from __future__ import annotations

import hashlib
import json
import pathlib
import subprocess
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from planted import key_store
from services import SERVICE, Site
from world import wait_for


def verdict_of(site: Site, policy: Any, *flags: str) -> tuple[int, Any]:
    """Exit code and verdict of ``authority policy test`` on a policy."""
    path = site.home / "tested.json"
    path.write_text(json.dumps(policy))
    done = site.world.cli("authority", "policy", "test", str(path), "--json", *flags, check=False)
    return done.returncode, json.loads(done.stdout)["lineage"][0]


def with_line(line: str) -> Any:
    """The fields of a line as a denial prints it."""
    return json.loads("{" + line + "}")


def test_the_line_that_a_denial_prints_admits_the_image(site: Site) -> None:
    app = site.write("printed", SERVICE)
    policy = site.draft("printed", app)
    allowed = policy["lineages"][0].pop("allowed")
    policy["lineages"][0]["allowed"] = []
    assert site.apply(json.dumps(policy)).returncode == 0
    refused = site.run("printed", app)
    assert refused.returncode == 20
    printed = json.loads(refused.stderr[refused.stderr.index("{") : refused.stderr.rindex("}") + 1])
    assert printed == allowed[0]
    policy["lineages"][0]["allowed"] = [printed]
    assert site.apply(json.dumps(policy)).returncode == 0
    site.start("printed", app)
    assert site.status("printed")["state"] == "ACTIVE"
    request = site.home / "printed.request"
    saved = site.world.cli("rotate", "printed", "--save-request", str(request))
    assert "nothing was asked" in saved.stdout
    assert site.status("printed")["fence"] == 1
    code, verdict = verdict_of(site, policy, "--request", str(request))
    assert (code, verdict["verdict"], verdict["request"]) == (0, "ALLOW", "reseal")
    assert verdict["by"] == "operators[0] allowed[0] platforms[0]"
    policy["lineages"][0]["allowed"] = []
    code, verdict = verdict_of(site, policy, "--request", str(request))
    assert (code, verdict["verdict"], verdict["rule"]) == (45, "DENY", "MEASUREMENT_REFUSED")
    policy["lineages"][0] |= with_line(verdict["would_allow"])
    assert verdict_of(site, policy, "--request", str(request))[0] == 0
    code, verdict = verdict_of(site, policy, "--sigstruct", str(site.home / "lineages" / "printed" / "image.sigstruct"))
    assert (code, verdict["by"]) == (0, "allowed[0]")
    policy["lineages"][0]["operators"] = []
    code, verdict = verdict_of(site, policy, "--request", str(request))
    assert (code, verdict["rule"]) == (45, "SIGNER")
    assert '"operators"' in verdict["would_allow"]


def prod(site: Site, name: str, **fields: Any) -> subprocess.CompletedProcess[str]:
    policy = site.draft(name, write_once(site, name))
    policy["lineages"][0] |= {"env": "prod", "life_ms": 120000, "skew_ms": 5000, **fields}
    return site.apply(json.dumps(policy))


def write_once(site: Site, name: str) -> pathlib.Path:
    path = site.home / "apps" / name / "app.py"
    return path if path.exists() else site.write(name, SERVICE)


def test_env_prod_names_no_emulated_root_and_lowers_nothing(site: Site) -> None:
    emulated = prod(site, "strict")
    assert emulated.returncode == 20
    assert "platforms.kind" in emulated.stderr and "cannot name an emulated platform" in emulated.stderr
    for field, value in (("life_ms", 2000), ("skew_ms", 200), ("permit_s", 10)):
        lowered = prod(site, "strict", platforms=[], **{field: value})
        assert lowered.returncode == 20
        assert field in lowered.stderr, lowered.stderr
    done = site.world.cli("status", "strict", check=False)
    assert done.returncode == 20 and "UNKNOWN_LINEAGE" in done.stderr


class Approver:
    """Somebody with a key of his own, as openssl would write it."""

    def __init__(self, site: Site, name: str) -> None:
        self._site = site
        self._name = name
        self._key = site.home / f"{name}.pem"
        made = ec.generate_private_key(ec.SECP256R1())
        private = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = made.public_key()
        self._key.write_bytes(private + public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        self.spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex()

    def approve(self, request: pathlib.Path) -> tuple[str, Any]:
        """Where the approval is, and what was shown of the request."""
        to = self._site.home / f"{self._name}.approval"
        words = ["authority", "approve", str(request), "--key", str(self._key), "--out", str(to), "--json"]
        return str(to), json.loads(self._site.world.cli(*words).stdout)


def test_what_policy_wants_approved_is_done_with_approvals_of_that_very_request(site: Site) -> None:
    alice, bob = Approver(site, "alice"), Approver(site, "bob")
    two = {"least": 2, "of": [alice.spki, bob.spki]}
    site.start("approved", site.app("approved", SERVICE, approvals={"reseal": two, "policy": two}))
    alone = site.world.cli("rotate", "approved", "--json", check=False)
    told = json.loads(alone.stdout.splitlines()[-1])
    assert alone.returncode == 20, alone.stdout
    assert told["rule"] == "NEED_APPROVAL/NEED_APPROVAL" and "lacks 2 approvals" in told["detail"]
    assert "reseal authority approve" in told["next"]
    assert site.status("approved")["epoch"] == 1

    request, other = site.home / "approved.request", site.home / "other.request"
    site.world.cli("rotate", "approved", "--save-request", str(other))
    site.world.cli("rotate", "approved", "--save-request", str(request))
    first, shown = alice.approve(request)
    assert (shown["request"], shown["epoch"], shown["new_key"]) == ("reseal", 1, True)
    made = ["rotate", "approved", "--request", str(request), "--approval", first, "--json"]
    one = site.world.cli(*made, "--approval", first, check=False)
    assert one.returncode == 20 and "lacks 1 approvals" in one.stdout
    stray, _ = bob.approve(other)
    refused = site.world.cli(*made, "--approval", stray, check=False)
    assert refused.returncode == 42 and "BINDING_MISMATCH/APPROVAL" in refused.stdout
    second, _ = bob.approve(request)
    done = json.loads(site.world.cli(*made, "--approval", second).stdout.splitlines()[-1])
    assert (done["outcome"], done["epoch"]) == ("DONE", 2)
    again = site.world.cli(*made, "--approval", second, check=False)
    assert again.returncode != 0 and site.status("approved")["epoch"] == 2


def test_a_policy_that_strikes_approvals_needs_them(site: Site) -> None:
    carol = Approver(site, "carol")
    site.app("guarded", SERVICE, approvals={"rekey": {"least": 1, "of": [carol.spki]}})
    file, request = site.home / "policy.json", site.home / "guarded.request"
    policy = json.loads(file.read_text())
    del policy["lineages"][0]["approvals"]
    refused = site.apply(json.dumps(policy))
    assert refused.returncode == 20 and "lacks 1 approvals" in refused.stderr
    words = ["authority", "policy", "apply", str(file)]
    site.world.cli(*words, "--save-request", str(request))
    approval, shown = carol.approve(request)
    assert shown["policy_file_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert shown["replaces_policy_file_sha256"] == site.status("guarded")["policy_file_sha256"]
    given = ["--request", str(request), "--approval", approval]
    content = file.read_text()
    file.write_text(content.replace('"life_ms": 8000', '"life_ms": 9000'))
    changed = site.world.cli(*words, *given, check=False)
    assert changed.returncode == 20 and "carries another policy" in changed.stderr
    file.write_text(content)
    assert "changed  guarded" in site.world.cli(*words, *given).stdout
    assert "changed  guarded" in site.apply(content.replace('"life_ms": 8000', '"life_ms": 9000')).stdout
    file.write_text(content)
    kept = site.home / "kept.request"
    site.world.cli(*words, "--save-request", str(kept))
    assert "changed  guarded" in site.world.cli(*words).stdout
    undone = site.world.cli(*words, "--request", str(kept), check=False)
    assert undone.returncode == 45 and "POLICY_REPLACED" in undone.stderr, undone.stderr
    stranger = site.world.cli("retire", "guarded", *given, check=False)
    assert stranger.returncode == 20 and "asks for policy" in stranger.stderr
    no_request = site.world.cli(*words, "--approval", approval, check=False)
    assert no_request.returncode == 2 and "--request must name" in no_request.stderr


def test_a_closed_lineage_has_no_passport_no_keys_and_no_way_back(site: Site) -> None:
    dave = Approver(site, "dave")
    app = site.app("ended", SERVICE, approvals={"close": {"least": 1, "of": [dave.spki]}})
    site.start("ended", app)
    policy, lineage = (site.home / "policy.json").read_text(), site.status("ended")["lineage_id"]
    words = ["authority", "close", "ended", "--confirm"]
    mistaken = site.world.cli(*words, "other", check=False)
    assert mistaken.returncode == 2 and "--confirm names 'other'" in mistaken.stderr
    alone = site.world.cli(*words, "ended", check=False)
    assert alone.returncode == 20 and "lacks 1 approvals" in alone.stderr
    assert site.status("ended")["state"] == "ACTIVE"
    request = site.home / "ended.request"
    site.world.cli(*words, "ended", "--save-request", str(request))
    approval, _ = dave.approve(request)
    done = site.world.cli(*words, "ended", "--request", str(request), "--approval", approval)
    assert "closed  ended" in done.stdout and site.status("ended")["state"] == "CLOSED"
    assert site.world.cli("rotate", "ended", check=False).returncode != 0
    assert site.apply(policy).returncode != 0, "its id is never used again"
    wait_for("its keys' end", lambda: not any(lineage in each for each in key_store(site.home)), 30.0)
    site.world.processes.pop("ended").stop()
    again = site.run("ended", app)
    assert again.returncode == 20 and "was closed, for ever" in again.stderr
