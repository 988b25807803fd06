"""An attested client in a process of its own: writes what standard input says to /client, then waits for the answer to /slow.

hygiene_client.py URL SPKI_FILE LINEAGE MRENCLAVE MEMORY
"""

from __future__ import annotations

import sys

import relying
from reseal.client import AttestedClient, Memory


def main(url: str, spki: str, lineage: str, mrenclave: str, memory: str) -> None:
    policy = relying.policy(spki, lineage, mrenclave)
    record = sys.stdin.buffer.read()
    # Its memory and the cores of others are searched while the request is in flight; that may take minutes.
    with AttestedClient(url, policy, Memory(memory), timeout_s=600.0, connect_within_s=60.0) as client:
        assert client.put("/client", record).status == 200
        print("written", flush=True)
        client.get("/slow")


if __name__ == "__main__":
    main(*sys.argv[1:])
