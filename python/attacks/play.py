"""The side of the attack list that needs Python or whole processes. ``reseal attack run`` starts it.

Reads ``id side`` a line, answers ``ending TAB rule TAB detail``: ``won``, ``refused`` or ``harmless``.
With an argument, the site is made there and stays.
"""

from __future__ import annotations

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE, HERE.parent, HERE.parents[1] / "e2e"):
    sys.path.insert(0, str(folder))

import channel
import lifetimes
import losses
import processes
import supervision
from ending import Ending

ATTACKS = {
    **channel.ATTACKS,
    **lifetimes.ATTACKS,
    **losses.ATTACKS,
    **processes.ATTACKS,
    **supervision.ATTACKS,
}


def main() -> int:
    for kept in sys.argv[1:]:
        processes.keep(pathlib.Path(kept))
    out = sys.stdout
    sys.stdout = sys.stderr  # what anybody prints must not pass for an ending
    try:
        for line in sys.stdin:
            name, side = line.split()
            ending: Ending = ATTACKS[name][side]()
            out.write("\t".join(" ".join(part.split()) for part in ending) + "\n")
            out.flush()
    finally:
        processes.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
