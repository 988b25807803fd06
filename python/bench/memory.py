"""Peak memory beyond the state itself while 1 GiB is sealed and restored, each in a process of its own.

    python bench/memory.py [--mebibytes 1024] [--value-kib 64]

Prints one JSON object; ``beyond_mib`` is what bounds the SDK.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from reseal import records, rsc1, state
from reseal.sealing import Sealing
from reseal.segments import Streamed
from reseal.slots import StreamKeys
from reseal.unsealing import read_rounds

SALT = DEK = bytes(32)


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seal(path: str, mebibytes: int, value_kib: int) -> None:
    ledger = state.Ledger(lambda: None)
    blobs: state.State[bytes] = state.State(ledger, "blobs", bytes)
    for number in range(mebibytes * 1024 // value_kib):
        blobs[number] = os.urandom(value_kib * 1024)
    filled = peak_mib()
    keys = StreamKeys(SALT, DEK)
    core = rsc1.Core(bytes(16), 1, bytes(16), 1, bytes(32), None, 1, SALT, bytes(32), keys.pk_open).encode()
    sealing = Sealing(core, b"\x80", keys)
    with open(path, "wb") as out:
        for chunk in sealing.stream(
            [(each for store in ledger.stores.values() for each in store.values())], lambda: (1, 1, 1)
        ):
            out.write(chunk)
    if sealing.body is None:
        raise SystemExit("the container was not finished")
    parts = {"core": core.hex(), "footer": sealing.body.footer.hex()}
    print(json.dumps({"state_mib": round(filled), "beyond_mib": round(peak_mib() - filled, 1), **parts}))


def restore(path: str, core: bytes, footer: bytes) -> None:
    before = peak_mib()
    staging = records.Staging(1 << 40, lambda *_: None)
    with open(path, "rb") as source:
        source.seek(16 + len(core) + 1)
        read_rounds(Streamed(source), 16 + len(core) + 1, core, footer, StreamKeys(SALT, DEK), staging.accept)
    staging.finish()
    held = sum(sys.getsizeof(each) for store in staging.stores.values() for each in store.values()) / (1 << 20)
    print(json.dumps({"state_mib": round(held), "beyond_mib": round(peak_mib() - before - held, 1)}))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--value-kib", type=int, default=64)
    parser.add_argument("--file", default="/tmp/reseal-memory.rsc")
    parser.add_argument("--step", nargs="+", default=[])
    given = parser.parse_args()
    size = ["--mebibytes", str(given.mebibytes), "--value-kib", str(given.value_kib), "--file", given.file]
    if given.step and given.step[0] == "seal":
        seal(given.file, given.mebibytes, given.value_kib)
    elif given.step:
        core, footer = (bytes.fromhex(each) for each in given.step[1:3])
        restore(given.file, core, footer)
    else:
        me = [sys.executable, __file__, *size, "--step"]
        try:
            sealed = json.loads(subprocess.check_output([*me, "seal"]))
            core_footer = [sealed.pop("core"), sealed.pop("footer")]
            restored = json.loads(subprocess.check_output([*me, "restore", *core_footer]))
        finally:
            pathlib.Path(given.file).unlink(missing_ok=True)
        print(json.dumps({"value_kib": given.value_kib, "seal": sealed, "restore": restored}))


if __name__ == "__main__":
    main()
