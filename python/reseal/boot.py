"""The boot stub: the first measured code of an instance.

The platform starts it as ``python3 -I -S -B boot.py`` with an empty environment and one message on
standard input (transport T3). It opens the device with the one-time token, reads the measured
manifest, closes every way by which code outside the manifest could come in, and runs the
application. It imports nothing of the SDK, and no module that the manifest does not name.
"""

import sys


class Refused(ImportError):
    """Code outside the manifest was asked for; the rule and the path are in the message."""


def read_launch(stream):
    """The token and the advice map from standard input; anything else is refused."""
    token = stream.read(32)
    head = stream.read(4)
    body = stream.read(int.from_bytes(head, "big")) if len(head) == 4 else b""
    if len(token) != 32 or len(head) != 4 or len(body) != int.from_bytes(head, "big"):
        raise SystemExit("boot: standard input ends before the launch message does")
    return token, text_map(body)


def text_map(body):
    """A CBOR map of text to text (value profile)."""
    count, at = cbor_head(body, 0, 5)
    entries = {}
    for _ in range(count):
        size, at = cbor_head(body, at, 3)
        key, at = body[at : at + size].decode(), at + size
        size, at = cbor_head(body, at, 3)
        entries[key], at = body[at : at + size].decode(), at + size
    if at != len(body):
        raise SystemExit("boot: launch advice has bytes after its map")
    return entries


def cbor_head(body, at, major):
    if at >= len(body) or body[at] >> 5 != major:
        raise SystemExit("boot: launch advice is not a map of text to text")
    info = body[at] & 31
    if info < 24:
        return info, at + 1
    size = {24: 1, 25: 2, 26: 4}.get(info)
    if size is None or at + 1 + size > len(body):
        raise SystemExit("boot: launch advice has a length that is not allowed")
    return int.from_bytes(body[at + 1 : at + 1 + size], "big"), at + 1 + size


def open_device(path, token):
    """Shows the token once; the connection that answers is this instance's SECS."""
    import _socket

    device = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        device.connect(path)
    except OSError as failure:
        raise SystemExit("boot: device does not answer: " + str(failure)) from None
    request = b"\x82\x66launch\x58\x20" + token
    device.sendall(len(request).to_bytes(4, "big") + request)
    answer = receive(device, int.from_bytes(receive(device, 4), "big"))
    if answer[:4] != b"\x82\x00\x58\x20" or len(answer) != 36:
        raise SystemExit("boot: device refused the launch token: " + ascii(answer[:200]))
    return device.detach(), answer[4:]


def receive(device, size):
    if not 0 < size <= 1 << 20:
        raise SystemExit("boot: device announced a frame of %d bytes" % size)
    got = b""
    while len(got) < size:
        more = device.recv(size - len(got))
        if not more:
            raise SystemExit("boot: device closed the connection")
        got += more
    return got


class Manifest:
    """The measured list: what may run, and the values that are fixed."""

    def __init__(self, root, stdlib):
        self.main = ""
        self.values = {}
        self.files = set()
        with open(root + "/manifest", encoding="utf-8") as text:
            if text.readline() != "reseal manifest 1\n":
                raise SystemExit("boot: manifest has an unknown version")
            for line in text:
                kind, first, second = line.rstrip("\n").split("\t")
                if kind == "main":
                    self.main = root + "/" + second
                elif kind == "value":
                    self.values[first] = second
                elif kind == "file":
                    self.files.add(root + "/" + second)
                elif kind == "stdlib":
                    self.files.add(stdlib + "/" + second)
                elif kind not in ("interpreter", "library"):
                    raise SystemExit("boot: manifest has an unknown line: " + kind)
        if self.main not in self.files:
            raise SystemExit("boot: manifest names no main file of its own")


class ManifestFinder:
    """Finds modules on the image's path and hands out only those that the manifest names."""

    def __init__(self, manifest, finder):
        self.manifest = manifest
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        spec = self.finder.find_spec(name, path, target)
        if spec is None or spec.origin is None:
            return spec
        if spec.origin not in self.manifest.files:
            raise Refused("module outside the manifest: " + name + " at " + spec.origin, name=name)
        return spec

    def invalidate_caches(self):
        self.finder.invalidate_caches()


def install_guard(manifest):
    """An audit hook cannot be taken out again: from here on foreign code is refused."""

    def foreign(path):
        if isinstance(path, bytes):
            path = path.decode("utf-8", "surrogateescape")
        return isinstance(path, str) and path.startswith(("/", ".")) and path not in manifest.files

    def check_import(args):
        if foreign(args[1]):
            raise Refused("native module outside the manifest: " + str(args[1]))

    def check_compile(args):
        if foreign(args[1]):
            raise Refused("source outside the manifest: " + str(args[1]))

    def check_exec(args):
        if foreign(getattr(args[0], "co_filename", None)):
            raise Refused("code outside the manifest: " + args[0].co_filename)

    def check_library(args):
        if args[0] is not None and args[0] not in manifest.files:
            raise Refused("library outside the manifest: " + str(args[0]))

    def no_process(args):
        raise Refused("an instance starts no other program: " + str(args[0]))

    checks = {
        "import": check_import,
        "compile": check_compile,
        "exec": check_exec,
        "ctypes.dlopen": check_library,
        "subprocess.Popen": no_process,
        "os.exec": no_process,
        "os.posix_spawn": no_process,
        "os.spawn": no_process,
        "os.system": no_process,
        "pty.spawn": no_process,
    }

    def hook(event, args, find=checks.get):
        check = find(event)
        if check is not None:
            check(args)

    sys.addaudithook(hook)


def restrict_imports(root, manifest):
    import importlib.machinery as machinery

    stdlib = [path for path in sys.path if not path.endswith(".zip")]
    sys.path[:] = [root + "/app", *stdlib, root + "/site"]
    hook = machinery.FileFinder.path_hook(
        (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
        (machinery.SourceFileLoader, machinery.SOURCE_SUFFIXES),
    )
    sys.path_hooks[:] = [hook]
    sys.path_importer_cache.clear()
    finder = ManifestFinder(manifest, machinery.PathFinder)
    sys.meta_path[:] = [machinery.BuiltinImporter, machinery.FrozenImporter, finder]
    return machinery


def bind_process():
    """No core dump and no attach without privileges; and no life after the platform's own death."""
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    if prctl(4, 0, 0, 0, 0) != 0:
        raise SystemExit("boot: prctl(PR_SET_DUMPABLE) failed")
    if prctl(1, 9, 0, 0, 0) != 0:
        raise SystemExit("boot: prctl(PR_SET_PDEATHSIG) failed")


def load_launch_state(root, machinery):
    """``reseal._launch`` without the package around it, so that the SDK finds it filled."""
    path = root + "/site/reseal/_launch.py"
    loader = machinery.SourceFileLoader("reseal._launch", path)
    state = type(sys)("reseal._launch")
    state.__spec__ = machinery.ModuleSpec("reseal._launch", loader, origin=path)
    state.__file__ = path
    loader.exec_module(state)
    sys.modules["reseal._launch"] = state
    return state


def boot():
    import os

    root = __file__[: -len("/site/reseal/boot.py")]
    token, advice = read_launch(sys.stdin.buffer)
    manifest = Manifest(root, os.path.dirname(os.__file__))
    bind_process()
    machinery = restrict_imports(root, manifest)
    install_guard(manifest)
    state = load_launch_state(root, machinery)
    state.advice.update(advice)
    state.values.update(manifest.values)
    state.device_fd, state.mrenclave = open_device(advice.get("device", ""), token)
    del token
    return machinery, manifest.main


def run(machinery, path):
    """Runs the application the way ``python3 app.py`` would."""
    loader = machinery.SourceFileLoader("__main__", path)
    main = type(sys)("__main__")
    main.__file__ = path
    main.__loader__ = loader
    main.__builtins__ = __builtins__
    sys.modules["__main__"] = main
    sys.argv[:] = [path]
    exec(loader.get_code("__main__"), main.__dict__)


if __name__ == "__main__":
    run(*boot())
