"""What a relying party asks for in the demo, the end-to-end tests and the benchmarks: one image, on the emulated platform."""

from __future__ import annotations

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))

from reseal.client import EMULATED, Policy
from reseal.messages import FLAG_DEMO_POLICY

SKEW_MS = 200
"""Lineages are drafted with it, and clients allow for it: all clocks are those of one machine."""


def policy(spki: pathlib.Path | str, lineage: str, mrenclave: str, also: int = 0) -> Policy:
    """``also``: flags of a passport that are accepted beside that of a demo's policy."""
    flags = FLAG_DEMO_POLICY | also
    return Policy.of(str(spki), lineage, [mrenclave], [EMULATED], accept_flags=flags, skew_ms=SKEW_MS)
