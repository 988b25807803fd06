"""What one client of the crash matrix knows: every update that was acknowledged, oldest first, and what each new answer says of them.

A chain that fits an earlier point of the history says which suffix is gone; one that fits none is wrong, whatever happened. Which
losses are allowed is not decided here: ``crash_verdict.py`` compares them with the states that the authority let be restored.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Link:
    """What the service said after one update: how many of ours, the chain over them, how many of all clients."""

    n: int
    chain: str
    all: int


@dataclass
class Finding:
    """Since the last time. Epochs are those of the passport under which the answer came."""

    requests: int = 0
    acknowledged: int = 0
    gone: list[tuple[int, int, int]] = field(default_factory=list)
    """Epoch that acknowledged the update, its number among all clients' updates, epoch that did not have it any more."""
    lowered: list[tuple[int, int, int, int]] = field(default_factory=list)
    """A count over all clients that was read, its epoch, and a smaller one that was read next, with its epoch."""
    kept: dict[int, int] = field(default_factory=dict)
    """For each epoch the newest update that it acknowledged and that the last read still had."""
    epoch: int = 0
    """Of the last read."""
    wrong: int = 0
    notes: list[str] = field(default_factory=list)


class History:
    def __init__(self) -> None:
        self.links = [(0, Link(0, "", 0))]
        """With the epoch that acknowledged each."""
        self.finding = Finding()
        self._total = (0, 0)

    def appended(self, body: bytes, said: Link, epoch: int) -> None:
        """The answer to an update: it joins the newest link, or an older one if a suffix is gone."""
        self.finding.acknowledged += 1
        for at in range(len(self.links) - 1, -1, -1):
            before = self.links[at][1]
            if self.joined(before, body) == said.chain and before.n + 1 == said.n:
                self._cut(at, epoch)
                if said.all <= before.all:
                    self.note(f"update {said} does not come after {before}")
                self._add(said, epoch)
                return
        self.note(f"the answer {said} joins nothing that was acknowledged; newest {self.links[-1][1]}")
        self._add(said, epoch)

    def seen(self, said: Link, total: int, epoch: int) -> None:
        """A read without an update under way: the newest link, or an older one if a suffix is gone."""
        self._counted(total, epoch)
        for at in range(len(self.links) - 1, -1, -1):
            if self.links[at][1] == said:
                self._cut(at, epoch)
                return
        self.note(f"read {said}, which was never acknowledged; newest {self.links[-1][1]}")

    def told(self) -> Finding:
        """What was found since the last time."""
        found, self.finding = self.finding, Finding()
        for epoch, link in self.links[1:]:
            found.kept[epoch] = link.all
        return found

    def note(self, text: str) -> None:
        self.finding.wrong += 1
        if len(self.finding.notes) < 5:
            self.finding.notes.append(text)

    @staticmethod
    def joined(link: Link, body: bytes) -> str:
        return hashlib.sha256(link.chain.encode() + body).hexdigest()

    def _add(self, said: Link, epoch: int) -> None:
        self.links.append((epoch, said))
        self._counted(said.all, epoch)

    def _counted(self, total: int, epoch: int) -> None:
        """The count over all clients never falls: a read that goes back shows, also of what others wrote."""
        if total < self._total[0]:
            self.finding.lowered.append((*self._total, total, epoch))
        self._total = (total, epoch)
        self.finding.epoch = epoch

    def _cut(self, at: int, epoch: int) -> None:
        self.finding.gone += [(acknowledged, link.all, epoch) for acknowledged, link in self.links[at + 1 :]]
        del self.links[at + 1 :]
