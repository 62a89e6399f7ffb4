"""Makes HTTP clients: proxies and certificates as the environment says, none of it for this machine itself."""

from __future__ import annotations

import logging
import os
import ssl
from typing import TYPE_CHECKING, TypeAlias
from urllib.request import getproxies

from orchestra_lsp import __version__

if TYPE_CHECKING:
    import httpx

    from orchestra_lsp.tools.wire.http1 import Transport

#: Where people keep the certificates of a network that inspects TLS; the first that is set replaces all others.
CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
MAX_CONNECTIONS = 64
#: httpx's own client, or ours where no proxy stands between.
Pool: TypeAlias = "httpx.AsyncClient | Transport"
MAX_IDLE = 16
IDLE_SECONDS = 60.0


class Unusable(ValueError):
    """The environment's proxy or certificate settings cannot be used; says which variables to look at."""


def make(direct: bool, secure: bool) -> Pool:
    """Imports httpx and reads certificates, about 100 ms: call it in a thread. Raises Unusable."""
    import httpx

    for name in ("httpx", "httpcore"):  # at lower levels they write down addresses and what servers say
        logging.getLogger(name).setLevel(logging.WARNING)
    limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_IDLE, keepalive_expiry=IDLE_SECONDS)
    # Compressed answers are not asked for: they would come in blocks instead of words.
    headers = {"user-agent": f"orchestra-lsp/{__version__}", "accept-encoding": "identity"}
    verify = certificates() if secure or not direct else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if direct or not _proxied():
            from orchestra_lsp.tools.wire.http1 import Transport

            return Transport(verify, limits, headers)
        return httpx.AsyncClient(verify=verify, limits=limits, headers=headers, timeout=None, follow_redirects=False)
    except ImportError:
        raise Unusable("the proxy is a SOCKS proxy; set HTTPS_PROXY to an HTTP proxy, or install httpx[socks]") from None
    except (ValueError, httpx.InvalidURL):
        # The address may hold a password, so it is not repeated.
        raise Unusable("the proxy's address is not one; check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY") from None


def _proxied() -> bool:
    """Whether the environment or the system names any proxy; httpx knows which address goes through it."""
    return any(name != "no" for name in getproxies())


def certificates() -> ssl.SSLContext:
    """Trust what the environment names, else the public authorities and those of this machine. Raises Unusable."""
    for variable in CA_VARIABLES:
        if path := os.environ.get(variable):
            return _only(variable, path)
    if folder := os.environ.get("SSL_CERT_DIR"):
        return _only("SSL_CERT_DIR", folder)
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context


def _only(variable: str, path: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(capath=path) if os.path.isdir(path) else ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise Unusable(f"{variable} does not name readable certificates ({error.strerror or 'no certificate in it'})") from None
