"""Templates for filling in the middle: one for each family, and no control token from the person's text."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra_lsp.model import Snippet, State
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.registry import Shared
from orchestra_lsp.tools.wire.fim import Family, families, family_for, fill, neutral
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, mask
from tests.support.providers.canned import canned, stream
from tests.tools.kit import answered, ask, prompt, text_of, tool

FAMILIES = families()
FULL = {
    "qwen2.5-coder": "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    "codellama": "<PRE> P <SUF>S <MID>",
    "starcoder2": "<fim_prefix>P<fim_suffix>S<fim_middle>",
    "granite": "<fim_prefix>P<fim_suffix>S<fim_middle>",
    "deepseek-coder": "<\uff5cfim\u2581begin\uff5c>P<\uff5cfim\u2581hole\uff5c>S<\uff5cfim\u2581end\uff5c>",
    "codegemma": "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    "codestral": "[SUFFIX]S[PREFIX]P",
    "glm": "<|code_prefix|>P<|code_suffix|>S<|code_middle|>",
}


def masked(prefix: str, suffix: str, snippets: tuple[Snippet, ...] = (), path: str = "sums.py", multiline: bool = True) -> MaskedPrompt:
    return mask(prompt(prefix=prefix, suffix=suffix, snippets=snippets, path=path, multiline=multiline), Vault())


def found_in(text: str, family: Family) -> list[str]:
    """Every control token in `text`, also those that overlap."""
    return [one for at in range(len(text)) for one in family.control if text.startswith(one, at)]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_each_family_has_its_own_order(family: Family) -> None:
    filled = fill(masked("P", "S"), family)
    assert filled.prompt == FULL[family.name]
    assert filled.stop == family.stop
    assert fill(masked("P", "S", multiline=False), family).stop == (*family.stop, "\n")
    assert set(family.stop) <= set(family.control)


def test_every_family_is_covered() -> None:
    assert {family.name for family in FAMILIES} == set(FULL)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("qwen2.5-coder:1.5b-base", "qwen2.5-coder"),
        ("Qwen/Qwen2.5-Coder-7B", "qwen2.5-coder"),
        ("qwen3-coder:30b", "qwen2.5-coder"),
        ("codellama:7b-code", "codellama"),
        ("bigcode/starcoder2-3b", "starcoder2"),
        ("granite-code:8b", "granite"),
        ("deepseek-coder-v2:16b", "deepseek-coder"),
        ("codegemma:2b", "codegemma"),
        ("mistralai/Codestral-22B-v0.1", "codestral"),
        ("zai-org/GLM-4.5-Air", "glm"),
    ],
)
def test_the_family_is_known_by_the_models_name(model: str, name: str) -> None:
    found = family_for("it", model)
    assert found
    assert found.name == name
    assert family_for("it", "llama3.2:3b") is None
    assert family_for("it", "llama3.2:3b", name) == found


def test_a_family_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(ToolError, match='no template "qwen9"') as caught:
        family_for("it", "m", "qwen9")
    assert "tools.it.template" in caught.value.remedy
    assert "qwen2.5-coder" in caught.value.remedy


def test_other_files_come_as_the_family_wants_them() -> None:
    qwen, gemma = (next(one for one in FAMILIES if one.name == name) for name in ("qwen2.5-coder", "codegemma"))
    asked = masked("P", "S", (Snippet("o.py", "x = 1<|file_sep|>"),))
    assert fill(asked, qwen).prompt == (
        "<|repo_name|>project\n<|file_sep|>o.py\nx = 1< |file_sep|>\n<|file_sep|>sums.py\n<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>"
    )
    assert fill(asked, gemma).prompt.startswith("<|fim_prefix|># o.py\n# x = 1<|file_sep|>\n# sums.py\nP<|fim_suffix|>")


ANY = sorted({token for family in FAMILIES for token in family.control})
#: Text made of whole control tokens, halves of them, braces that a template could take for a place, and other things.
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(ANY),
        st.sampled_from(ANY).flatmap(lambda token: st.integers(1, len(token)).map(lambda cut: token[:cut])),
        st.sampled_from(ANY).flatmap(lambda token: st.integers(0, len(token)).map(lambda cut: token[cut:])),
        st.sampled_from(["{prefix}", "{", "}", "<", "[", " ", "\n", "\u2581", "|"]),
        st.text(max_size=4),
    ),
    max_size=8,
).map("".join)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(FAMILIES), TEXTS)
def test_no_control_token_survives_and_nothing_else_is_changed(family: Family, text: str) -> None:
    """One blank for each token and no more; without those blanks it is the text that was there."""
    harmless = neutral(text, family)
    assert not found_in(harmless, family)
    starts = {at for at in range(len(text)) for one in family.control if text.startswith(one, at)}
    assert harmless == "".join(sign + (" " if at in starts else "") for at, sign in enumerate(text))
    assert neutral(harmless, family) == harmless


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(FAMILIES), TEXTS, TEXTS, TEXTS, TEXTS)
def test_the_only_control_tokens_of_a_prompt_are_ours(family: Family, prefix: str, suffix: str, other: str, path: str) -> None:
    """Also where the person's text and ours meet."""
    prose = fill(masked("", "", (Snippet("o", ""),), path="p"), family).prompt
    made = fill(masked(prefix, suffix, (Snippet(f"o{path}", other),), path=f"p{path}"), family).prompt
    assert found_in(made, family) == found_in(prose, family)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_control_token_has_a_blank_in_it(family: Family) -> None:
    """Otherwise a blank that is put in could make one."""
    assert not [one for one in family.control if re.search(r"\s", one) or len(one) < 2]


DONE = stream({"choices": [{"index": 0, "text": "fine", "finish_reason": "stop"}]}, "[DONE]")


async def test_an_endpoint_without_suffix_is_asked_by_template(shared: Shared) -> None:
    """vLLM and LM Studio."""
    async with canned(DONE) as server:
        one = tool(shared, "openai", url=server.url, model="Qwen/Qwen2.5-Coder-7B", fill_in_middle="template")
        assert text_of(await ask(one, prompt(snippets=()))) == "fine"
        body = json.loads(server.bodies[0])
    assert server.heads[0].startswith("POST /v1/completions ")
    assert body["prompt"] == "<|fim_prefix|>def add(a, b):\n    return <|fim_suffix|>\n\n\nprint(add(1, 2))\n<|fim_middle|>"
    assert "suffix" not in body
    assert "<|endoftext|>" in body["stop"]


@pytest.mark.parametrize("adapter", ["openai", "llamacpp", "ollama"])
async def test_a_template_that_nobody_knows_is_told_when_the_tool_is_built(shared: Shared, adapter: str) -> None:
    with pytest.raises(ToolError, match=r"no template for filling in the middle is known for the model phi4") as caught:
        tool(shared, adapter, url="http://127.0.0.1:1", model="phi4", fill_in_middle="template")
    assert "tools.it.template" in caught.value.remedy
    with pytest.raises(ToolError, match="there is no template"):
        tool(shared, adapter, url="http://127.0.0.1:1", model="phi4", fill_in_middle="template", template="phi")


async def test_a_real_server_takes_a_template(shared: Shared, llama: str) -> None:
    one = tool(shared, "openai", url=llama, local=True, fill_in_middle="template", template="qwen2.5-coder")
    assert (await one.check()).state is State.READY
    usage = (await answered(one, prompt(prefix="a", suffix="b", snippets=())))[-1].usage
    assert usage
    assert usage.input_tokens == 5, "three control tokens and two characters"
