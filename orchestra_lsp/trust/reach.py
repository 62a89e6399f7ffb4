"""Where an endpoint ends: the proof that an address stays on this machine, read off the address alone."""

from __future__ import annotations

import re
from dataclasses import InitVar, dataclass

_SEAL = object()

#: The whole of an address, so that no other parser can see another host in it: no user part, blank, backslash or percent sign.
_ADDRESS = re.compile(r"(?i)https?://(?:\[(?P<v6>[0-9a-f:.]{2,45})\]|(?P<name>[a-z0-9.-]{1,253}))(?::[0-9]{1,5})?(?:[/?#][!-~]*)?")


@dataclass(frozen=True, slots=True)
class Loopback:
    """Proof that `url` names this machine and that the user marked it local. Only `loopback` makes one.

    Who calls it must use no proxy and follow no redirect: either would lead the plain text elsewhere.
    """

    url: str
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a Loopback is made by trust.reach.loopback alone")


def loopback(url: str, marked_local: bool) -> Loopback | None:
    """The proof, or None when there is any doubt.

    Accepted: http and https to 127.0.0.0/8, ::1, ::ffff:127.0.0.0/104, `localhost` and `*.localhost` (RFC 6761). Names are not
    looked up. Octal, decimal and shortened IPv4 forms, a user part and a trailing dot are doubt.
    """
    if not marked_local:
        return None
    match = _ADDRESS.fullmatch(url)
    if match is None:
        return None
    local = _is_loopback(match["v6"]) if match["v6"] else _is_local_name(match["name"].lower())
    return Loopback(url, seal=_SEAL) if local else None


def _is_local_name(name: str) -> bool:
    if name == "localhost":
        return True
    if name.endswith(".localhost"):
        return all(label and not label.startswith("-") and not label.endswith("-") for label in name.split("."))
    return _is_loopback(name)


def _is_loopback(literal: str) -> bool:
    from ipaddress import IPv6Address, ip_address

    try:
        address = ip_address(literal)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
