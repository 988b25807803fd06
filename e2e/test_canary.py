"""The scanner must find what is there: a scanner that finds nothing proves nothing."""

import base64
import pathlib
import subprocess
import sys
from collections.abc import Callable

import pytest
from canary import Canary, Scanner

SECRET = bytes(range(7, 39))


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize(
    "coded", [bytes, lambda b: b.hex().encode(), lambda b: b.hex().upper().encode(), base64.b64encode]
)
def test_a_planted_secret_is_found_in_every_form_at_every_alignment(
    coded: Callable[[bytes], bytes], shift: int, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 1000 + coded(b"abc"[:shift] + SECRET + b"tail") + b"y" * 1000)
    assert {hit.canary for hit in Scanner([Canary("k", SECRET)]).tree(tmp_path)} == {"k"}


def test_text_is_found_across_line_ends_colons_and_in_the_alphabet_of_urls(tmp_path: pathlib.Path) -> None:
    colons = ":".join(f"{byte:02x}" for byte in SECRET).encode()
    wrapped = base64.b64encode(b"key" * 10 + SECRET)
    urls = base64.urlsafe_b64encode(b"\xff" * 3 + SECRET[::-1] + b"\xfb\xff" * 4)
    for text in (colons, b"\r\n".join((wrapped[:64], wrapped[64:]))):
        (tmp_path / "text").write_bytes(text)
        assert {hit.canary for hit in Scanner([Canary("k", SECRET)]).tree(tmp_path)} == {"k"}, text
    assert b"_" in urls
    hits = Scanner([Canary("u", (SECRET[::-1] + b"\xfb\xff" * 4))]).blocks([urls[:20], urls[20:]], "stream")
    assert [hit.form for hit in hits] == ["base64+0"]


def test_the_number_of_a_key_is_found_as_limbs_and_as_words() -> None:
    canary = Canary("n", SECRET, number=True)
    words = b"".join(SECRET[at : at + 4][::-1] for at in range(0, 32, 4))
    assert [hit.form for hit in Scanner([canary]).blocks([b"a" + SECRET[::-1]], "stream")] == ["limbs"]
    assert [hit.form for hit in Scanner([canary]).blocks([words + b"a"], "stream")] == ["words"]


def test_a_secret_across_two_blocks_is_found() -> None:
    blocks = [b"0" * 50 + SECRET[:9], SECRET[9:] + b"1" * 50]
    assert [hit.form for hit in Scanner([Canary("k", SECRET)]).blocks(blocks, "stream")] == ["raw"]


def test_a_secret_in_the_memory_of_a_process_is_found_and_another_one_is_not() -> None:
    code = f"import sys; kept = bytes.fromhex('{SECRET.hex()}'[::-1][::-1]); print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        hits = list(Scanner([Canary("kept", SECRET), Canary("absent", SECRET[::-1])]).process(child.pid))
        child.kill()
    assert ("kept", "raw") in {(hit.canary, hit.form) for hit in hits}
    assert "absent" not in {hit.canary for hit in hits}


def test_a_short_canary_is_refused() -> None:
    with pytest.raises(ValueError, match="need 12"):
        Canary("short", b"abc").forms()
