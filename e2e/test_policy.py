"""Default deny, as an operator meets it: each denial prints the line that would allow it, and the line does."""

from __future__ import annotations

import json
import pathlib
import subprocess
from typing import Any

from services import SERVICE, Site


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
