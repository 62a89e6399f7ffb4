"""Where a tool that speaks HTTP is, and the key it wants."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit, urlunsplit

from orchestra_lsp.model import Abilities, Kind, Reach
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.trust.keys import KeyUnavailable, read_key
from orchestra_lsp.trust.reach import Loopback, loopback

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of one tool. `direct`: on this machine, marked local or not, so that no proxy ever stands between."""

    tool: str
    model: str
    base: str  # scheme, host and path without a final slash
    query: str
    machine: Loopback | None  # proof that it may see plain text
    direct: bool

    @property
    def host(self) -> str:
        """Host and port as people know it."""
        return urlsplit(self.base).netloc

    @property
    def secure(self) -> bool:
        return self.base.startswith("https:")

    def at(self, path: str) -> str:
        """The whole address of `path`, which starts with a slash."""
        joint = "&" if "?" in path else "?"
        return f"{self.base}{path}" + (f"{joint}{self.query}" if self.query else "")

    def abilities(self, kinds: frozenset[Kind], context_tokens: int) -> Abilities:
        """Raises ToolError when the settings leave nothing that it could do."""
        if not kinds:
            raise ToolError(
                self.tool, "the settings leave nothing for it to do", f"add to tools.{self.tool}.kinds or remove it", retryable=False
            )
        reach = Reach.MACHINE if self.machine else Reach.OUTSIDE
        return Abilities(kinds, reach, streaming=True, context_tokens=context_tokens)


def resolve(name: str, settings: ToolSettings, default: str, model: str = "", root: str = "/v1") -> Endpoint:
    """The endpoint of tool `name`; `root` is the path meant by an address without one. Raises ToolError."""
    url = settings.url or default
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable() and " " not in url
    except ValueError:
        usable = False
    if not usable:
        raise ToolError(name, "its address is not an http or https one", f'write tools.{name}.url like "{default}"', retryable=False)
    if parts.username or parts.password:
        remedy = f"take it out and set tools.{name}.key instead"
        raise ToolError(name, "its address holds a user name or password", remedy, retryable=False)
    base = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") or root, "", ""))
    machine = loopback(url, settings.local)
    return Endpoint(name, settings.model or model, base, parts.query, machine, direct=loopback(url, True) is not None)


def rooted(endpoint: Endpoint, *versions: str) -> Endpoint:
    """The same endpoint without a version at the end of its address: people give it with and without."""
    base = endpoint.base
    for version in versions:
        base = base.removesuffix(version)
    return replace(endpoint, base=base)


def hosted(name: str, settings: ToolSettings, default: str, model: str, variable: str) -> Endpoint:
    """The endpoint of a maker's own service, which wants a key and takes a suffix but no template. Raises ToolError."""
    endpoint = rooted(resolve(name, settings, default, model, root=""), "/v1", "/beta")
    if not settings.key and not endpoint.direct:
        raise ToolError(name, "no key is set", f'set tools.{name}.key = "env:{variable}"')
    if settings.fill_in_middle == "template":
        raise ToolError(name, "its endpoint takes no templates", f"remove tools.{name}.fill_in_middle", retryable=False)
    return endpoint


def chosen(settings: ToolSettings, name: str, default: Value) -> Value:
    """What the person set, or what is right for an endpoint of which we know more than the settings' own default does."""
    return getattr(settings, name) if name in settings.model_fields_set else default


class Key:
    """A key that is read when first needed, so that no key store is opened at start-up, and again after it was refused."""

    def __init__(self, tool: str, reference: str) -> None:
        self._tool = tool
        self._reference = reference
        self._value: str | None = None
        if reference and not reference.startswith("keyring:"):
            self._value = self._load()

    def __bool__(self) -> bool:
        return bool(self._reference)

    async def read(self) -> str:
        """The key, empty when none is set. Raises ToolError."""
        if self._value is None:
            # A key store may ask the person for a password, which takes as long as they like.
            self._value = await asyncio.to_thread(self._load) if self._reference else ""
        return self._value

    def refused(self) -> None:
        """The endpoint did not accept it: read it anew next time, it may have been replaced."""
        self._value = None

    def _load(self) -> str:
        try:
            return read_key(self._reference)
        except KeyUnavailable as error:
            raise ToolError(self._tool, error.problem, error.remedy, retryable=False) from None
