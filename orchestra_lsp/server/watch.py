"""Whether the editor's process still lives: a server whose editor died must not stay behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from time import sleep

INTERVAL_S = 1.0


def follow(process_id: int, gone: Callable[[], None]) -> None:
    """Call `gone` from a thread once the process has ended."""
    from threading import Thread  # the door asks `is_alive` before its first answer, when there is no time for this import

    Thread(target=_wait, args=(process_id, gone), name="orchestra-watch", daemon=True).start()


def is_alive(process_id: object) -> bool:
    """Whether this is the number of a process that exists, even if it belongs to somebody else."""
    if not isinstance(process_id, int) or process_id <= 0:
        return False
    return _is_alive_windows(process_id) if sys.platform == "win32" else _is_alive_posix(process_id)


def _wait(process_id: int, gone: Callable[[], None]) -> None:
    while is_alive(process_id):
        sleep(INTERVAL_S)
    gone()


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
