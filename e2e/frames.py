"""What goes over the sockets of a home (transport T6, T7): frames of a length and CBOR, either way."""

from __future__ import annotations

import pathlib
import socket
import struct
from typing import Any

from reseal import cbor


def write(stream: socket.socket, item: Any) -> None:
    content = cbor.encode(item)
    stream.sendall(struct.pack(">I", len(content)) + content)


def read(stream: socket.socket) -> Any:
    """``OSError`` when the peer hangs up before the end of a frame."""
    (size,) = struct.unpack(">I", _exactly(stream, 4))
    return cbor.decode(_exactly(stream, size))


def ask(path: pathlib.Path, *words: Any, within_s: float = 10.0) -> Any:
    """The first answer to a request; ``OSError`` when there is none."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(within_s)
        stream.connect(str(path))
        write(stream, list(words))
        return read(stream)


def _exactly(stream: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        more = stream.recv(size - len(content))
        if not more:
            raise OSError("the peer closed the connection")
        content += more
    return content
