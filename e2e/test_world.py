"""What the tests' own world promises."""

from __future__ import annotations

import os
import pathlib
import tempfile

import hygiene
from world import remove


def sealed_and_removed() -> bool:
    home = pathlib.Path(tempfile.mkdtemp(prefix="rs"))
    image = home / "platform" / "images" / "of"
    image.mkdir(parents=True)
    (image / "manifest").touch()
    image.chmod(0o500)
    remove(home)
    return home.exists()


def test_a_home_with_sealed_images_is_removed_also_by_who_is_not_root() -> None:
    assert (hygiene.as_nobody(sealed_and_removed) if os.getuid() == 0 else f"OK {sealed_and_removed()}") == "OK False"
