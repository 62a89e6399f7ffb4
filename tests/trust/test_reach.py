"""The proof that an endpoint is on this machine is read off the address alone, and in doubt there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.trust.reach import Loopback, loopback

HERE = (
    *(
        "http://127.0.0.1",
        "http://127.0.0.1:8080/v1",
        "https://127.255.255.254/",
        "http://localhost:11434",
        "HTTP://LocalHost/x?y#z",
        "http://llm.localhost/",
    ),
    *("http://[::1]", "http://[::1]:8080/v1", "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
)
DOUBT = (
    *(
        "http://127.0.0.1@evil.io",
        "http://localhost:80@evil.io/",
        "http://localhost.evil.io",
        "http://127.0.0.1.evil.io",
        "http://evil.io#@127.0.0.1",
        "http://evil.io/localhost",
    ),
    *(
        "http://2130706433",
        "http://0x7f000001",
        "http://0177.0.0.1",
        "http://127.1",
        "http://127.0.1",
        "http://0.0.0.0",
        "http://[::]",
        "http://[::127.0.0.1]",
        "http://[::ffff:8.8.8.8]",
    ),
    *(
        "http://localhost\\@evil.io",
        "http://localhost%2eevil.io",
        "http://local\thost",
        " http://localhost",
        "http://localhost ",
        "http://localhost\n.evil.io",
        "http://localhost.",
        "http://.localhost",
    ),
    *(
        "ftp://localhost",
        "localhost",
        "//localhost",
        "file:///etc/passwd",
        "",
        "http://",
        "http:///x",
        "http://localhost:99999999",
        "http://[::1%25eth0]/",
        "http://\uff11\uff12\uff17.0.0.1",
        "http://\u2460\u2461\u2466.0.0.1",
    ),
    *(
        "http://127.0.0.1:80:80",
        "http://[::1",
        "http://::1",
        "http://localhost@",
        "https://10.0.0.1",
        "http://192.168.0.2",
        "http://host.docker.internal",
    ),
)


@pytest.mark.parametrize("url", HERE)
def test_here(url: str) -> None:
    proof = loopback(url, marked_local=True)
    assert proof is not None
    assert proof.url == url
    assert loopback(url, marked_local=False) is None


@pytest.mark.parametrize("url", DOUBT)
def test_in_doubt_none(url: str) -> None:
    assert loopback(url, marked_local=True) is None


def test_nobody_else_makes_a_proof() -> None:
    with pytest.raises(TypeError, match="loopback"):
        Loopback("http://evil.io")


@given(
    st.text(max_size=30),
    st.sampled_from(
        ("http://{}", "http://localhost{}", "http://127.0.0.1{}", "http://{}localhost", "http://{}@localhost", "http://localhost@{}")
    ),
)
def test_what_other_parsers_see_as_the_host_is_this_machine(text: str, form: str) -> None:
    import httpx

    url = form.format(text)
    if loopback(url, marked_local=True):
        host = httpx.URL(url).host
        assert host in ("localhost", "::1") or host.startswith(("127.", "::ffff:")) or host.endswith(".localhost")
