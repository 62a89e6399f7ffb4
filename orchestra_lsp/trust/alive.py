"""Whether a process is there, and which one of its number it is. Standard library only: the server's door asks before it answers."""

from __future__ import annotations

import os
import sys


def is_alive(process_id: object) -> bool:
    """Whether this is the number of a process that exists, even if it belongs to somebody else."""
    if not isinstance(process_id, int) or process_id <= 0:
        return False
    return _is_alive_windows(process_id) if sys.platform == "win32" else _is_alive_posix(process_id)


def started(process_id: int) -> int:
    """When a process began, in ticks of this machine; 0 where the system does not tell. Numbers are used again, times are not."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        with open(f"/proc/{process_id}/stat", "rb") as stream:
            # The name in brackets may hold anything, spaces and brackets included.
            return int(stream.read().rpartition(b")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return 0


def _is_alive_posix(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)  # signal 0 only asks
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _is_alive_windows(process_id: int) -> bool:
    import ctypes

    synchronize, timed_out, access_denied = 0x00100000, 0x102, 5
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]  # exists on Windows only
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(synchronize, False, process_id)
    if not handle:
        return bool(ctypes.get_last_error() == access_denied)  # type: ignore[attr-defined]  # exists on Windows only
    try:
        return bool(kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == timed_out)
    finally:
        kernel.CloseHandle(ctypes.c_void_p(handle))
