"""The relay on the public port against a direct connection to the instance, in turns.  usage: relay.py [--rounds N] [--mebibytes N]

TLS ends in the instance either way. Client, relay and instance share the cores of this machine, so what the relay takes from the
throughput is more than where they have one each.
"""

from __future__ import annotations

import argparse
import pathlib
import socket
import ssl
import statistics
import tempfile
import time

from service import NAME, fill, machine, percentile, running
from world import serving

SMALL = b"GET /?64 HTTP/1.1\r\nHost: bench\r\n\r\n"


def context() -> ssl.SSLContext:
    """Nothing is checked: what is measured is the way, and attestation is the same on both."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def connect(tls: ssl.SSLContext, port: int) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return tls.wrap_socket(plain)


def ask(connection: ssl.SSLSocket, request: bytes, buffer: memoryview) -> int:
    """Bytes of the body of the answer."""
    connection.sendall(request)
    got = connection.recv_into(buffer)
    head = bytes(buffer[:got])
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    end = head.index(b"\r\n\r\n") + 4
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    left = length - (len(head) - end)
    while left > 0:
        count = connection.recv_into(buffer)
        if count == 0:
            raise SystemExit("the connection ended inside an answer")
        left -= count
    return length


def round_trips(tls: ssl.SSLContext, port: int, count: int) -> list[float]:
    buffer = memoryview(bytearray(1 << 18))
    found = []
    with connect(tls, port) as connection:
        for _ in range(count):
            begun = time.perf_counter()
            ask(connection, SMALL, buffer)
            found.append((time.perf_counter() - begun) * 1e6)
    return found


def fresh(tls: ssl.SSLContext, port: int) -> float:
    """Connect, handshake, one request; microseconds."""
    buffer = memoryview(bytearray(1 << 18))
    begun = time.perf_counter()
    with connect(tls, port) as connection:
        ask(connection, SMALL, buffer)
        return (time.perf_counter() - begun) * 1e6


def rate(tls: ssl.SSLContext, port: int, mebibytes: int) -> float:
    buffer = memoryview(bytearray(1 << 18))
    request = f"GET /?{mebibytes << 20} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
    with connect(tls, port) as connection:
        begun = time.perf_counter()
        return ask(connection, request, buffer) / (time.perf_counter() - begun) / (1 << 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--mebibytes", type=int, default=128, help="of each download")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="re") as home, running(pathlib.Path(home)) as world:
        fill(world, 16, 1024)
        status = world.json("status", NAME)
        ports = {"direct": serving(status)["port"], "relay": status["supervisor"]["public_port"]}
        trips: dict[str, list[float]] = {way: [] for way in ports}
        opens: dict[str, list[float]] = {way: [] for way in ports}
        rates: dict[str, list[float]] = {way: [] for way in ports}
        for turn in range(given.rounds + 1):  # the first one warms up
            for way, port in ports.items():
                tls = context()
                measured = (
                    round_trips(tls, port, 300),
                    [fresh(tls, port) for _ in range(20)],
                    rate(tls, port, given.mebibytes),
                )
                if turn:
                    trips[way] += measured[0]
                    opens[way] += measured[1]
                    rates[way].append(measured[2])
    print(f"{given.rounds} rounds in turns; {machine()}")
    print(f"{'way':<8} {'request p50 us':>15} {'p99 us':>8} {'connect+TLS+request p50 us':>27} {'download MiB/s':>15}")
    for way in ports:
        print(
            f"{way:<8} {statistics.median(trips[way]):15.0f} {percentile(trips[way], 0.99):8.0f}"
            f" {statistics.median(opens[way]):27.0f} {statistics.median(rates[way]):15.0f}"
        )
    added = statistics.median(trips["relay"]) - statistics.median(trips["direct"])
    share = statistics.median(rates["relay"]) / statistics.median(rates["direct"])
    print(f"the relay adds {added:.0f} us to a request and passes {share:.0%} of the direct rate")


if __name__ == "__main__":
    main()
