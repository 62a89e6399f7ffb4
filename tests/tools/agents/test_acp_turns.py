"""Questions to agents over the Agent Client Protocol, well-behaved ones and all others; each is a process of its own."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from orchestra_lsp.model import Kind, Piece, State, Usage
from orchestra_lsp.tools.contract import SignedOut, ToolError
from orchestra_lsp.tools.wire import acp
from orchestra_lsp.trust.mask import Vault, mask
from tests.tools.agents.conftest import QUESTION, Bench, asked
from tests.tools.kit import prompt, text_of

EDIT = prompt(Kind.EDIT, selection="return a - b\n")


async def failure(bench: Bench, behaviour: str, seconds: float = 20.0) -> ToolError:
    """What asking this agent ends with; told well, and quickly enough."""
    with pytest.raises(ToolError) as caught:
        await asked(bench.fake(behaviour), seconds=seconds)
    assert caught.value.tool == "it"
    assert caught.value.problem
    assert caught.value.remedy
    return caught.value


async def test_an_edit_is_taken_out_of_the_answer_with_what_it_cost(bench: Bench) -> None:
    pieces = await asked(bench.fake("answer"), EDIT)
    assert text_of(pieces) == "return a + b\n"
    assert pieces[-1] == Piece("return a + b\n", "stop", Usage(450, 15, 0.01, cache_read_tokens=150))


async def test_what_is_read_streams_as_it_is_said(bench: Bench) -> None:
    pieces = await asked(bench.fake("answer"))
    assert text_of(pieces) == "```python\nreturn a + b\n```"
    assert [piece.finish for piece in pieces if piece.finish] == ["stop"]


async def test_it_sees_the_prompt_in_an_empty_folder_and_in_the_mode_that_only_answers(bench: Bench) -> None:
    await asked(bench.fake("answer"), EDIT)
    (session,) = bench.sent("session/new")
    (told,) = bench.sent("session/prompt")
    assert session["mcpServers"] == []
    assert not Path(session["cwd"]).exists(), "the folder goes with the session"
    assert "You change code in an editor" in told["prompt"][0]["text"]
    assert bench.sent("session/set_mode") == [{"sessionId": told["sessionId"], "modeId": "ask"}]
    assert bench.sent("initialize")[0]["clientCapabilities"] == {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False}
    assert bench.sent("session/close")


async def test_the_process_stays_warm_and_holds_several_sessions_at_a_time(bench: Bench) -> None:
    agent = bench.fake("answer")
    await agent.start()
    await agent.start()
    answers = await asyncio.gather(*(asked(agent) for _ in range(5)))
    await asked(agent)
    assert {text_of(one) for one in answers} == {"```python\nreturn a + b\n```"}
    assert len(bench.pids()) == 1
    assert len(bench.sent("session/new")) == 6


async def test_a_model_is_set_by_the_agents_own_name_for_it(bench: Bench) -> None:
    await asked(bench.fake("answer", model="big"))
    assert bench.sent("session/set_config_option")[0]["value"] == "big-1"


async def test_its_environment_is_scrubbed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMEBODYS_TOKEN", "ghp_secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("ITS_OWN_KEY", "k-12345678")
    await asked(bench.fake("answer", key="env:ITS_OWN_KEY"))
    seen = bench.noted()[0]["environment"]
    assert seen["ITS_OWN_KEY"] == "k-12345678"
    assert {"SOMEBODYS_TOKEN", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH", "VIRTUAL_ENV"}.isdisjoint(seen)
    assert seen["HOME"] == os.environ["HOME"]


# --- agents that want more than they may ---


async def test_no_request_for_permission_is_granted_to_a_question(bench: Bench) -> None:
    assert text_of(await asked(bench.fake("escalate"))) == "given: []"


async def test_an_edit_that_is_asked_for_in_a_question_is_rejected_by_its_kind(bench: Bench) -> None:
    assert text_of(await asked(bench.fake("ask"))) == "I edit.\n\nIt was rejected."
    answers = [one["result"]["outcome"] for one in bench.noted() if "result" in one]
    assert answers == [{"outcome": "selected", "optionId": "allow"}], "the option of the kind reject_once, whatever its name"


async def test_files_terminals_and_everything_unknown_is_refused(bench: Bench) -> None:
    assert text_of(await asked(bench.fake("wants"))) == " ".join(["-32601"] * 6)


async def test_what_it_asks_after_its_turn_is_cancelled(bench: Bench) -> None:
    agent = bench.fake("after")
    assert text_of(await asked(agent)) == "fine"
    while not any("late" in one for one in bench.noted()):
        await asyncio.sleep(0.02)
    assert next(one["late"] for one in bench.noted() if "late" in one)["result"] == {"outcome": {"outcome": "cancelled"}}
    assert text_of(await asked(agent)) == "fine"


# --- agents that speak badly ---


async def test_lines_that_are_no_messages_are_passed_over(bench: Bench) -> None:
    assert text_of(await asked(bench.fake("garbage"))) == "```python\nreturn a + b\n```"


async def test_lines_may_come_in_any_pieces(bench: Bench) -> None:
    assert text_of(await asked(bench.fake("partial"))) == "h\u00e9llo \U0001d54f " * 3


async def test_bytes_that_are_no_text_become_signs_of_replacement(bench: Bench) -> None:
    text = text_of(await asked(bench.fake("bad-utf8")))
    assert text == "a\ufffd\ufffdb"
    text.encode()


async def test_unknown_kinds_and_values_are_signs_of_life(bench: Bench) -> None:
    pieces = await asked(bench.fake("enums"))
    assert text_of(pieces).strip() == "fine"
    assert pieces[-1].finish == "stop"
    assert pieces[-1].usage == Usage()


async def test_a_long_line_is_taken_and_one_that_is_too_long_is_an_error(bench: Bench) -> None:
    assert len(text_of(await asked(bench.fake("long-enough")))) == 6_000_000
    error = await failure(bench, "long-line")
    assert "more than 10,000,000 bytes" in error.problem
    assert not error.retryable


async def test_a_flood_is_cut_off(bench: Bench) -> None:
    assert "more than 8,000,000 bytes" in (await failure(bench, "flood")).problem


async def test_another_protocol_is_recognised(bench: Bench) -> None:
    error = await failure(bench, "nonsense")
    assert "does not send messages of JSON-RPC" in error.problem
    assert "tools.it.command" in error.remedy


async def test_another_version_of_the_protocol_is_told(bench: Bench) -> None:
    error = await failure(bench, "version-2")
    assert "speaks version 2 of the protocol" in error.problem


async def test_one_that_does_not_read_is_ended(bench: Bench) -> None:
    assert "does not read" in (await failure(bench, "deaf")).problem


@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [("refuse", "declined"), ("nothing", "empty answer"), ("hang-start", "did not start"), ("hang", "did not finish within")],
)
async def test_every_other_end_is_told(bench: Bench, behaviour: str, problem: str) -> None:
    assert problem in (await failure(bench, behaviour, seconds=2 if "hang" in behaviour else 20)).problem


async def test_half_a_rewritten_selection_is_an_error(bench: Bench) -> None:
    with pytest.raises(ToolError, match="limit of tokens"):
        await asked(bench.fake("too-long"), EDIT)


async def test_its_death_is_told_in_its_last_words_without_their_secrets(bench: Bench) -> None:
    agent = bench.fake("die")
    for _ in range(2):  # the second time it is started anew
        with pytest.raises(ToolError, match="ended with code 3") as caught:
            await asked(agent)
        assert "fatal: token [masked] was refused" in caught.value.problem
    assert len(set(bench.pids())) == 2


async def test_its_own_errors_are_told_without_their_secrets(bench: Bench) -> None:
    assert (await failure(bench, "fail")).problem == "the agent failed: Internal error: bad [masked] second line"


@pytest.mark.parametrize("behaviour", ["sign-in", "late-sign-in"])
async def test_who_is_not_signed_in_is_told_what_to_do(bench: Bench, behaviour: str) -> None:
    error = await failure(bench, behaviour)
    assert isinstance(error, SignedOut)
    assert "sign in" in error.remedy
    assert not error.retryable


async def test_signing_in_by_a_key_takes_nobodys_attention(bench: Bench) -> None:
    connection_order = acp.Order(Path.cwd(), authenticate="key")
    agent = bench.fake("sign-in")
    async with agent._warm.use(time.monotonic() + 10) as connection:  # type: ignore[attr-defined]
        session = await connection.open(connection_order, time.monotonic() + 10)
        connection.close_session(session.id)
    assert bench.sent("authenticate") == [{"methodId": "key"}]


# --- how it is looked after ---


async def test_the_check_says_whether_it_is_well(bench: Bench) -> None:
    assert (await bench.fake("answer").check()).state is State.READY
    signed_out = await bench.fake("sign-in").check()
    assert signed_out.state is State.SIGNED_OUT
    assert signed_out.remedy
    gone = await bench.make("acp", command=["there-is-no-such-program", "--acp"]).check()
    assert gone.state is State.DOWN
    assert "there-is-no-such-program is not on the PATH" in gone.reason
    assert gone.remedy


async def test_a_turn_that_nobody_waits_for_is_cancelled_and_the_agent_lives_on(bench: Bench) -> None:
    agent = bench.fake("hang")
    for _ in range(3):
        async with aclosing(agent.ask(mask(QUESTION, Vault()), time.monotonic() + 20)) as pieces:
            while not (await anext(pieces)).text:
                pass
    while len(bench.sent("session/close")) < 3:
        await asyncio.sleep(0.02)
    assert len(bench.sent("session/cancel")) == 3
    assert len(bench.pids()) == 1


async def test_cancelling_the_caller_cancels_the_turn(bench: Bench) -> None:
    agent = bench.fake("hang")
    waiting = asyncio.create_task(asked(agent))
    while not bench.log.exists() or not bench.sent("session/prompt"):
        await asyncio.sleep(0.02)
    begun = time.monotonic()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert time.monotonic() - begun < 1
    while not bench.sent("session/cancel"):
        await asyncio.sleep(0.02)


async def test_an_agent_that_does_not_stop_is_ended_and_replaced(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acp, "CANCEL_SECONDS", 0.2)
    agent = bench.fake("stubborn")
    with pytest.raises(ToolError, match="did not finish"):
        await asked(agent, seconds=2)
    (pid,) = bench.pids()
    while psutil.pid_exists(pid):
        await asyncio.sleep(0.02)
    with pytest.raises(ToolError, match="did not finish"):
        await asked(agent, seconds=2)
    assert len(set(bench.pids())) == 2


async def test_silence_has_a_limit_of_its_own(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acp, "IDLE_SECONDS", 0.5)
    assert "has said nothing for 0.5 s" in (await failure(bench, "hang")).problem


async def test_an_idle_agent_is_ended_and_started_again(bench: Bench) -> None:
    agent = bench.fake("answer")
    agent._warm._idle = 0.2  # type: ignore[attr-defined]
    await asked(agent)
    (pid,) = bench.pids()
    while psutil.pid_exists(pid):
        await asyncio.sleep(0.02)
    await asked(agent)
    assert len(bench.pids()) == 2


async def test_who_cannot_wait_for_the_start_leaves_it_to_the_next(bench: Bench) -> None:
    agent = bench.fake("answer")
    with pytest.raises(ToolError, match="did not start within"):
        await asked(agent, seconds=0.005)
    assert text_of(await asked(agent))
    assert len(bench.pids()) == 1


async def test_what_it_started_ends_with_it(bench: Bench) -> None:
    for behaviour in ("children", "leaves"):
        agent = bench.fake(behaviour)
        with pytest.raises(ToolError):
            await asked(agent, seconds=4)
        await agent.close()
    children = [one["child"] for one in bench.noted() if "child" in one]
    assert len(children) == 2
    for _ in range(100):
        alive = [one for one in children if psutil.pid_exists(one) and psutil.Process(one).status() != psutil.STATUS_ZOMBIE]  # init's
        if not alive:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"still there: {alive}")


async def test_folders_go_even_when_they_are_locked(bench: Bench) -> None:
    assert text_of(await asked(bench.fake("tidy")))


async def test_a_program_that_is_none_is_told(bench: Bench, tmp_path: Path) -> None:
    program = tmp_path / "agent"
    program.write_bytes(b"\x7fELF no program")
    program.chmod(0o700)
    with pytest.raises(ToolError, match="agent cannot be started") as caught:
        await asked(bench.make("acp", command=[str(program)]))
    assert "tools.it.command" in caught.value.remedy


async def test_an_agent_without_a_command_is_a_problem_of_the_settings(bench: Bench) -> None:
    with pytest.raises(ToolError, match="no command is set"):
        bench.make("acp")
    with pytest.raises(ToolError, match="has no headless door"):
        await asked(bench.fake("answer", protocol="headless"))


async def test_droid_is_asked_one_question_at_a_time_over_acp(bench: Bench) -> None:
    agent = bench.fake("hang", kind="droid", protocol="acp")
    errors = await asyncio.gather(asked(agent, seconds=2), asked(agent, seconds=1), return_exceptions=True)
    assert ["did not finish within" in str(errors[0]), "did not finish an earlier question" in str(errors[1])] == [True, True]


async def test_nothing_of_a_secret_file_is_sent(bench: Bench) -> None:
    refused = mask(prompt(Kind.EXPLAIN, path=".env", uri="file:///code/.env", selection="KEY=1"), Vault())
    with pytest.raises(ToolError) as caught:
        async with aclosing(bench.fake("answer").ask(refused, time.monotonic() + 5)) as pieces:
            await anext(pieces)
    assert caught.value.problem == refused.refused
    assert not bench.log.exists(), "it was not even started"
