"""What a person sees on a terminal, driven through a pseudo-terminal of 100 columns."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO

import pytest

from orchestra_lsp.cli.findings import entries, grid
from orchestra_lsp.model import Category, Confidence, Finding, Severity, Span
from orchestra_lsp.review.reviewed import Reviewed
from tests.cli.terminal import ORCHESTRA, SHOP, Terminal, model_server, with_model
from tests.commands.support import opened, write

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def see(terminal: Terminal, *arguments: str, typed: str = "", extra: dict[str, str] | None = None) -> str:
    """All that appears, escapes included, when a person runs this and types `typed`."""
    import pty

    leader, follower = pty.openpty()
    environment = {**terminal.environment({"TERM": "xterm-256color", **(extra or {})})}
    environment.pop("NO_COLOR", None) if not extra else None
    process = subprocess.Popen(
        [*ORCHESTRA, *arguments], stdin=follower, stdout=follower, stderr=follower, cwd=terminal.folder, env=environment, close_fds=True
    )
    os.close(follower)
    os.write(leader, typed.encode())
    shown = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # Linux reports the end of a pseudo-terminal as an error
            break
        if not piece:
            break
        shown += piece
    os.close(leader)
    process.wait(timeout=30)
    return shown.decode()


def plain(shown: str) -> str:
    return ESCAPES.sub("", shown).replace("\r", "")


def test_findings_are_coloured_and_fit(terminal: Terminal) -> None:
    shown = see(terminal, "review", str(SHOP / "service"))
    assert "\x1b[" in shown
    text = plain(re.sub(r"[^\n]*\x1b\[2K", "", shown))  # without the line that told the progress
    assert "findings in" in text
    assert "shell=True" in text
    assert max(len(line) for line in text.splitlines() if str(SHOP) not in line) <= 100


def test_no_color_is_respected(terminal: Terminal) -> None:
    shown = see(terminal, "facts", str(SHOP / "service" / "orders.py"), extra={"NO_COLOR": "1"})
    assert "discount" in shown
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", shown)


def test_try_fits_a_terminal_of_100_columns(terminal: Terminal) -> None:
    write(terminal.folder, {"orders.py": (SHOP / "service" / "orders.py").read_text(encoding="utf-8")})
    text = plain(see(terminal, "try", "orders.py"))
    for word in ("Findings", "Hover", "Lenses", "Actions", "Offers", "local", "ms"):
        assert word in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_question_is_asked_and_no_is_the_default(terminal: Terminal) -> None:
    text = plain(see(terminal, "do", "set up this project", typed="\n"))
    assert "> orchestra init" in text
    assert "[y/N]" in text
    assert "Nothing was done." in text
    assert not (terminal.folder / "orchestra.toml").exists()
    see(terminal, "do", "set up this project", typed="y\n")
    assert (terminal.folder / "orchestra.toml").exists()


def test_a_rewrite_is_made_on_yes(terminal: Terminal) -> None:
    write(terminal.folder, {"sums.py": "def add(a, b):\n    return a + b\n"})
    with model_server("```python\ndef add(a, b):\n    return sum((a, b))\n```") as url:
        terminal.settings(with_model(url))
        text = plain(see(terminal, "rewrite", "sums.py", typed="y\n"))
    assert "+    return sum((a, b))" in text
    assert "Changed" in text
    assert (terminal.folder / "sums.py").read_text(encoding="utf-8") == "def add(a, b):\n    return sum((a, b))\n"


@pytest.mark.parametrize("column", [0, 30, 150, 390])
def test_the_marked_place_of_a_long_line_is_shown(column: int) -> None:
    from rich.console import Console

    line = "    value = " + "+".join(f"part_{number:03}" for number in range(45)) + "\n"
    start = column + 12
    buffer = opened(line)
    finding = Finding("a-rule", "Here.", Span(start, start + 8), Severity.WARNING, Confidence.HIGH, Category.QUALITY)
    console = Console(file=StringIO(), width=100, force_terminal=True, color_system="truecolor")
    console.print(grid(console, buffer, entries(Reviewed("a.py", buffer, (finding,)))))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    marked = re.search(r"\x1b\[4;33m([^\x1b]*)\x1b", shown)
    assert marked
    assert marked[1] == line[start : start + 8]


def test_python_dash_m_is_the_same_program(terminal: Terminal) -> None:
    done = subprocess.run([sys.executable, "-m", "orchestra_lsp", "--version"], capture_output=True, env=terminal.environment(), check=True)
    assert done.stdout.startswith(b"orchestra ")
