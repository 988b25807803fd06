"""Room in memory, taken at once: thousands of page faults cost more than encrypting what goes there."""

from __future__ import annotations

import ctypes
import mmap

__all__ = ["buffers", "grow_heap", "one_heap"]

_HUGE = 2 << 20
_POPULATE_WRITE = 23
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_ARENA_MAX = -1, -2, -8
_DEFAULT = 128 << 10
_HEAP_KEPT = 64 << 20
_PIECES = 256


def buffers(count: int, size: int) -> list[memoryview]:
    """Zeroed buffers that live as long as one of them does, in huge pages where the kernel has them."""
    room = mmap.mmap(-1, -(-count * size // _HUGE) * _HUGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    _advise(ctypes.addressof(ctypes.c_char.from_buffer(room)), len(room), mmap.MADV_HUGEPAGE, _POPULATE_WRITE)
    whole = memoryview(room)
    return [whole[each * size : (each + 1) * size] for each in range(count)]


def _advise(begin: int, size: int, *advices: int) -> None:
    """Through libc, since ``mmap.madvise`` has the interpreter wait; what a kernel does not know has no effect."""
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for each in advices:
        madvise(begin, size, each)


def one_heap() -> None:
    """For all threads, before the first is started: where one frees, another finds room."""
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def grow_heap(size: int, *, ahead: bool = False) -> None:
    """The C heap grows by this much now, in huge pages; a hint, without which all works more slowly.

    What a restore frees in between stays in the heap instead of being faulted in again. ``ahead`` of
    its use the pages are made too; of a gibibyte that takes longer than making each when it is used.
    """
    if size < _HUGE:
        return
    libc = ctypes.CDLL(None)
    libc.sbrk.restype = ctypes.c_void_p
    libc.sbrk.argtypes = (ctypes.c_ssize_t,)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = (ctypes.c_size_t,)
    libc.free.argtypes = (ctypes.c_void_p,)
    begin = libc.sbrk(0)
    libc.mallopt(_M_TRIM_THRESHOLD, _HEAP_KEPT)
    libc.mallopt(_M_TOP_PAD, size)
    pieces: list[int] = []
    while (end := libc.sbrk(0)) == begin and len(pieces) < _PIECES:
        pieces.append(libc.malloc(_DEFAULT - 64))
    for piece in pieces:
        libc.free(piece)
    libc.mallopt(_M_TOP_PAD, _DEFAULT)
    if end > begin:
        advices = (mmap.MADV_HUGEPAGE, *([_POPULATE_WRITE] if ahead else []))
        _advise(begin + mmap.PAGESIZE - 1 & -mmap.PAGESIZE, end - begin & -mmap.PAGESIZE, *advices)
