"""A directory laid out as the platform lays out an image, and a device for one process started from it."""

from __future__ import annotations

import os
import pathlib
import socket
import subprocess
import sys
import sysconfig
import threading

from reseal import cbor
from reseal.errors import Refused
from reseal.testing import Authority, Platform, Supervisor

PACKAGE = pathlib.Path(__file__).resolve().parents[1] / "reseal"
STDLIB = pathlib.Path(sysconfig.get_path("stdlib"))
SITE = pathlib.Path(sysconfig.get_path("purelib"))


def lay_out(root: pathlib.Path, main: str, values: dict[str, str]) -> None:
    (root / "app").mkdir(parents=True)
    (root / "site").mkdir()
    (root / "app" / "app.py").write_text(main)
    os.symlink(PACKAGE, root / "site" / "reseal")
    for entry in SITE.iterdir():
        if entry.name.startswith(("cryptography", "cbor2", "_cbor2", "cffi", "_cffi", "pycparser")):
            os.symlink(entry, root / "site" / entry.name)
    lines = ["reseal manifest 1", "main\t-\tapp/app.py", *(f"value\t{name}\t{value}" for name, value in values.items())]
    for part in ("app", "site"):
        for folder, _, files in os.walk(root / part, followlinks=True):
            lines += [f"file\t-\t{pathlib.Path(folder, name).relative_to(root)}" for name in files]
    for folder, _, files in os.walk(STDLIB):
        if "site-packages" not in folder:
            lines += [f"stdlib\t-\t{pathlib.Path(folder, name).relative_to(STDLIB)}" for name in files]
    (root / "manifest").write_text("\n".join(lines) + "\n")


class Device:
    """T2 for one connection: the token once, then keys, reports and quotes."""

    def __init__(self, path: pathlib.Path, platform: Platform) -> None:
        self.path = path
        self.token = os.urandom(32)
        self._platform = platform
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        connection, _ = self._listener.accept()
        stream = connection.makefile("rb")
        while head := stream.read(4):
            request = cbor.decode(stream.read(int.from_bytes(head, "big")))
            answer = cbor.encode(self._answer(request))
            connection.sendall(len(answer).to_bytes(4, "big") + answer)

    def _answer(self, request: list[object]) -> list[object]:
        match request:
            case ["launch", token]:
                return [0, bytes(32)] if token == self.token else [1, "TOKEN", "not this token"]
            case ["egetkey", bytes(wanted)]:
                try:
                    return [0, self._platform.egetkey(wanted)]
                except Refused as refused:
                    return [300, refused.rule, refused.detail]
            case ["report", _, _]:
                report = bytearray(432)
                report[:16], report[258:260] = self._platform.cpu_svn, self._platform.isv_svn.to_bytes(2, "little")
                return [0, bytes(report)]
            case ["quote", bytes(data)]:
                return [0, self._platform.quote(data)]
        return [305, "FAULT", "no such request"]


def start(
    root: pathlib.Path, device: Device, supervisor: Supervisor, authority: Authority, options: tuple[str, ...] = ()
) -> subprocess.Popen[bytes]:
    """The interpreter as the platform starts it: isolated, empty environment, token on standard input."""
    advice = {"device": str(device.path), "endpoint": supervisor.endpoint, "lineage": authority.lineage.hex()}
    body = cbor.encode_value(advice)
    process = subprocess.Popen(
        [os.path.realpath(sys.executable), "-I", "-S", "-B", *options, str(root / "site" / "reseal" / "boot.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={},
    )
    assert process.stdin is not None
    process.stdin.write(device.token + len(body).to_bytes(4, "big") + body)
    process.stdin.close()
    process.stdin = None  # so that communicate() does not flush it
    return process
