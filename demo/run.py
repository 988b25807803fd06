"""The demo: four real processes, 10,000 records, one re-seal, one kill -9. The clients give the verdict.

    demo/run.py [--app DIR] [--keep DIR] [--json]

Exit code 0 only if the planned operation failed no request, lost nothing, and the kill cost nothing that
an acknowledged checkpoint covered. ``--app DIR`` re-seals another service that answers like
``python/examples/customers``; after a failed re-seal nothing is killed any more.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "e2e"))

from acts import NAME, Demo  # noqa: E402
from world import WorldError, remove  # noqa: E402

APP = ROOT / "python" / "examples" / "customers"
SOCKET_PATH_MOST = 100


def main() -> int:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0],
        epilog="--json: longest_gap_ms is the slowest request of any client while the planned re-seal ran; recovery_ms goes from the "
        "kill to the first answer of the new instance to any client; takeover_wait_ms is the part of it that the supervisor spent "
        "in PERMIT, where a takeover waits for the end of the killed instance's passport; proof is null where none is left.",
    )
    parser.add_argument("--app", metavar="DIR", type=pathlib.Path, default=APP, help="whose app.py is the service")
    parser.add_argument("--keep", metavar="DIR", type=pathlib.Path, help="leave everything there, also the proof")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    options = parser.parse_args()
    home = options.keep.absolute() if options.keep else pathlib.Path(tempfile.mkdtemp(prefix="reseal-demo-"))
    if len(str(home / "lineages" / NAME / "control.sock")) > SOCKET_PATH_MOST:
        parser.error(f"{home} is too long for a socket below it; choose a shorter --keep")
    if options.keep and home.exists() and any(home.iterdir()):
        parser.error(f"{home} is not empty; the demo makes a lineage of its own")
    app = options.app.absolute() / "app.py"
    if not app.is_file():
        parser.error(f"{app} is not a file; --app names a directory that holds one")
    begun = time.monotonic()
    demo = Demo(home, app, lambda line: print(line, flush=True))
    try:
        result = demo.run()
    except (WorldError, subprocess.TimeoutExpired) as fault:
        print(f"the demo could not go on: {fault}", file=sys.stderr)
        print(f"logs: {home / 'logs'}", file=sys.stderr)
        if options.json:
            print(json.dumps(demo.result))
        return 1
    for each in demo.faults:
        print(f"FAILED: {each}")
    if not options.keep and not demo.faults:
        remove(home)
        result["proof"] = None
    print(_line(result, demo.faults, time.monotonic() - begun))
    if options.json:
        print(json.dumps(result))
    return 1 if demo.faults else 0


def _line(result: dict[str, Any], faults: list[str], seconds: float) -> str:
    parts = [
        f"{'FAILED' if faults else 'DONE'}  {result['requests']} requests, {result['failed']} failed when planned",
        f"{result['lost']} updates lost, {result['beyond_rpo']} newer than the last checkpoint at the kill",
        f"epoch {result['epoch']}, key generation {result['key_generation']}",
        f"measurement {'equal' if result['mrenclave_equal'] else 'CHANGED'}",
        f"longest wait {result['longest_gap_ms']:.0f} ms, back {result['recovery_ms']:.0f} ms after the kill",
        f"platform EMULATED · {seconds:.1f} s",
    ]
    return " · ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
