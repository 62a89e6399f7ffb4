"""Run as a program of its own: forbids itself, by Linux's Landlock, all files but those named, and becomes the program to confine.

python landlock.py '{"read": [...], "write": [...], "environment": {...}}' PROGRAM ARGUMENT...
Standard library only. Ends with 126 when it cannot.
"""

from __future__ import annotations

import ctypes
import json
import os
import stat
import sys
from typing import Final

CANNOT: Final = 126
#: linux/landlock.h; the numbers of the calls are the same on every architecture that has them in its common table.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH, _NO_NEW_PRIVILEGES = 1, 1, 38
_DROP_CAPABILITY, _CAPABILITIES = 24, 64
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER, _TRUNCATE, _DEVICE = (1 << bit for bit in (0, 1, 2, 3, 14, 15))
_READ: Final = _EXECUTE | _READ_FILE | _READ_FOLDER
_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICE
#: How many rights each version of the interface knows, from version 1 on.
_RIGHTS: Final = (13, 14, 15, 15, 16)
_SCOPES: Final = 3  # from version 6 on: no signals to processes outside, none of their nameless sockets


def main(arguments: list[str]) -> int:
    """Never returns where all goes well."""
    rules = json.loads(arguments[0])
    os.environ.update(rules["environment"])
    try:
        restrict(rules["read"], rules["write"])
        os.execvp(arguments[1], arguments[1:])
    except OSError as error:
        print(f"the program was not started, because it could not be confined: {error}", file=sys.stderr)
    return CANNOT


def restrict(readable: list[str], writable: list[str]) -> None:
    """From now on this process and its children see nothing else. Paths that are not there are left out. Raises OSError."""
    kernel = ctypes.CDLL(None, use_errno=True)
    version = _call(kernel, _CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    every = (1 << _RIGHTS[min(version, len(_RIGHTS)) - 1]) - 1
    words = (ctypes.c_uint64 * 3)(every, 0, _SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _call(kernel, _CREATE_RULESET, words, ctypes.c_size_t(size), 0)
    for path in readable:
        _allow(kernel, ruleset, path, every & _READ)
    for path in writable:
        _allow(kernel, ruleset, path, every)
    # Root alone has capabilities, and with them it reads the memory and the environment of others in /proc, whatever Landlock says.
    for capability in range(_CAPABILITIES):
        kernel.prctl(_DROP_CAPABILITY, capability, 0, 0, 0)
    if kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    _call(kernel, _RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(kernel: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    except OSError:
        return  # not there, or not for us: nothing to allow
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= _OF_FILES
        # struct landlock_path_beneath_attr is packed: 64 bits of rights, 32 bits of a descriptor.
        rule = rights.to_bytes(8, sys.byteorder) + handle.to_bytes(4, sys.byteorder)
        _call(kernel, _ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(handle)


def _call(kernel: ctypes.CDLL, number: int, *arguments: object) -> int:
    result = int(kernel.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock: {os.strerror(error)}")
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
