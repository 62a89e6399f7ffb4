"""Chances are chances, and a person's answers move them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra_lsp.model import Outcome, Span, Suggestion
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.tools.local.counts import Place, look
from orchestra_lsp.tools.local.document import NO_DOCUMENT, Encoder
from orchestra_lsp.tools.local.engine import LocalEngine
from orchestra_lsp.tools.local.mixer import FEATURES, chances, features, trained
from orchestra_lsp.tools.local.stream import Stream
from orchestra_lsp.tools.local.taste import Taste

lines = st.lists(st.sampled_from(["a = f(b, c)", "    return a", "if a:", "x.append(a)", "f(x, 1)", ""]), min_size=1, max_size=30)


def chances_after(text: str, start: str = "", bias: float = 0.0) -> dict[str, float]:
    encoder = Encoder()
    document = encoder.document(text, "python")
    stream = Stream(document, encoder)
    seen = look(Place(document, NO_DOCUMENT, stream, Stream(NO_DOCUMENT, encoder), (), start), encoder)
    if len(seen.candidates):
        assert features(seen, encoder).shape == (len(seen.candidates), FEATURES)
    return chances(seen, encoder, bias)


@settings(max_examples=60)
@given(lines, st.sampled_from(["", "a", "f", "zz"]))
def test_chances_leave_room_for_the_unseen(given_lines: list[str], start: str) -> None:
    found = chances_after("\n".join(given_lines), start)
    assert all(0 <= chance <= 1 for chance in found.values())
    assert sum(found.values()) < 1.0001
    assert all(text.startswith(start) for text in found)


def test_the_weights_fit_the_sources() -> None:
    assert trained()["inner"].shape[0] == FEATURES


def test_what_stood_there_each_time_is_likeliest() -> None:
    found = chances_after("connect(host, port)\nsend(data)\n" * 5 + "connect(host,")
    assert max(found, key=found.__getitem__) == "port"
    assert found["port"] > 0.8


def test_a_new_name_is_carried_over() -> None:
    """`self.colour = colour` stands nowhere, but much of its shape."""
    shapes = "".join(f"    def set_{name}(self, {name}):\n        self.{name} = {name}\n" for name in ("size", "weight", "height", "depth"))
    found = chances_after("class A:\n" + shapes + "    def set_colour(self, colour):\n        self.colour = ")
    assert max(found, key=found.__getitem__) == "colour"


def test_outcomes_move_the_chances() -> None:
    text = "a = f(b)\nb = f(c)\nc = g(d)\nd = "
    assert sum(chances_after(text, bias=1.0).values()) > sum(chances_after(text).values()) > sum(chances_after(text, bias=-1.0).values())


def test_refusals_make_it_shyer_and_bolder_again() -> None:
    taste = Taste()
    for _ in range(12):
        taste.heard(0.6, False)
    assert taste.bias < 0
    assert taste.minimum(0.4) > 0.4
    for _ in range(40):
        taste.heard(0.6, True)
    assert taste.bias > 0
    assert taste.minimum(0.4) == 0.4


def test_the_bias_stays_within_bounds() -> None:
    taste = Taste()
    for _ in range(1000):
        taste.heard(0.9, False)
    assert -2 < taste.bias < -1


def test_the_engine_hears_only_of_its_own() -> None:
    engine = LocalEngine()
    text = "value = compute(first)\n" * 3 + "value = compute(second)\nvalue = com"
    buffer = open_buffer("file:///a.py", "/a.py", 1, "python", text)
    before = engine.offer(buffer, len(text)).confidence
    engine.heard(Suggestion("1", "x", Span(0, 0), "other", "", 1.0, 0.9), Outcome.DISMISSED)
    engine.heard(Suggestion("1", "x", Span(0, 0), "local", "", 1.0, 0.9), Outcome.SHOWN)
    assert engine.offer(buffer, len(text)).confidence == before
    engine.heard(Suggestion("1", "x", Span(0, 0), "local", "", 1.0, 0.9), Outcome.DISMISSED)
    shyer = engine.offer(buffer, len(text)).confidence
    assert shyer < before
    engine.heard(Suggestion("1", "x", Span(0, 0), "local", "", 1.0, 0.9), Outcome.DISMISSED)
    assert engine.offer(buffer, len(text)).confidence == shyer
