"""Exit codes, JSON and pipes of the real command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib

import pytest

from orchestra_lsp import __version__
from orchestra_lsp.cli.word import words
from orchestra_lsp.commands.registry import Takes
from tests.cli.terminal import ORCHESTRA, SHOP, Terminal, model_server, with_model
from tests.commands.support import git, repository, write

UNSAFE = "import yaml\n\nDATA = yaml.load(TEXT)\n"


# --- the frame ---


def test_help_names_every_word(terminal: Terminal) -> None:
    text = terminal.out("--help")
    for name, word in words().items():
        assert name in text
        assert " ".join(word.summary.split()) in " ".join(text.split())


def test_every_word_has_help_with_all_that_it_takes(terminal: Terminal) -> None:
    """One process for all: only what it prints is of interest here."""
    code = "import sys\nfrom orchestra_lsp.cli.main import main\nfor name in sys.argv[1:]:\n    print(chr(12)); main([name, '--help'])"
    command = [sys.executable, "-c", code, *words()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=terminal.environment(), check=True)
    pages = done.stdout.split("\f")[1:]
    for word, page in zip(words().values(), pages, strict=True):
        text = " ".join(page.split())
        assert f"Usage: orchestra {word.name}" in text
        for parameter in [*word.parameters, *word.options]:
            assert parameter.summary in text
            if parameter.takes in (Takes.TEXT, Takes.FLAG, Takes.CHOICE):
                assert f"--{parameter.name}" in text


def test_version(terminal: Terminal) -> None:
    assert terminal.out("--version") == f"orchestra {__version__}\n"
    assert terminal.out("version") == f"orchestra {__version__}\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("reviw", "Did you mean 'review'?"),
        ("review --nonsense", "--nonsense"),
        ("review", "orchestra review: Name at least one file or folder"),
        ("review nowhere.py", "orchestra review: There is no file or folder 'nowhere.py'."),
        ("review --format yaml .", "orchestra review: format is one of text, json, sarif, github, gitlab, junit, not 'yaml'"),
        ("explain .", "orchestra explain: . is a folder; name a file in it."),
        ("explain nowhere.py", "orchestra explain: There is no file 'nowhere.py'."),
        ("try", "orchestra try: try needs paths"),
        ("do", "orchestra do: do needs words"),
        ("mask nowhere.txt", "orchestra mask: nowhere.txt cannot be read"),
    ],
)
def test_wrong_use_is_two_and_a_sentence(terminal: Terminal, line: str, said: str) -> None:
    text = terminal.err(*line.split(), code=2)
    assert said in text
    assert "Traceback" not in text


def test_help_is_a_word_too(terminal: Terminal) -> None:
    assert terminal.out("help") == terminal.out("--help")
    assert terminal.out("help", "review") == terminal.out("review", "--help")


def test_help_imports_nothing_heavy(terminal: Terminal) -> None:
    code = (
        "import sys\nfrom orchestra_lsp.cli.main import main\nmain(['--help'])\n"
        "heavy = {'rich', 'pydantic', 'numpy', 'httpx', 'tree_sitter', 'sqlite3', 'lsprotocol', 'pygls'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, env=terminal.environment(), check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_an_interrupt_ends_it_quietly(terminal: Terminal) -> None:
    pipe = subprocess.PIPE
    process = subprocess.Popen([*ORCHESTRA, "mask"], stdin=pipe, stdout=pipe, stderr=pipe, env=terminal.environment())
    assert process.stdin
    process.stdin.write(b"x" * 70_000 + b"\n")
    process.stdin.flush()
    time.sleep(1.5)  # until it waits for more
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signal to one process")
@pytest.mark.parametrize("word", ["review", "facts"])
def test_an_interrupt_ends_long_work_at_the_next_file(terminal: Terminal, word: str) -> None:
    write(terminal.folder, {f"page_{number}.py": UNSAFE * 2000 for number in range(400)})
    process = subprocess.Popen(
        [*ORCHESTRA, word, "."], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=terminal.folder, env=terminal.environment()
    )
    time.sleep(1.5)  # in the middle of work that takes much longer
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - start < 3
    assert process.returncode == 130
    assert b"Traceback" not in err


@pytest.mark.skipif(os.name == "nt", reason="a shell with head is needed")
def test_a_reader_that_leaves_is_no_fault(terminal: Terminal) -> None:
    write(terminal.folder, {f"page_{number}.py": UNSAFE * 30 for number in range(60)})
    line = f"{' '.join(ORCHESTRA)} review . | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=60, cwd=terminal.folder, env=terminal.environment(), check=False
    )
    assert done.stdout.splitlines()[1] == "141"
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_output_of_any_encoding_goes_through(terminal: Terminal) -> None:
    write(terminal.folder, {"h\u00fctte.py": UNSAFE})
    done = terminal.run("review", ".", extra={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 1
    assert b"h\\xfctte.py:3:8: " in done.stdout


# --- review, fix and facts ---


def test_fix_makes_what_is_safe_and_nothing_else(terminal: Terminal) -> None:
    write(terminal.folder, {"a.py": "def f(x, y=[]):\n    return f'no'\n", "b.py": "B = 1\n"})
    assert terminal.out("fix", ".") == "Changed a.py\n"
    assert (terminal.folder / "a.py").read_text(encoding="utf-8") == "def f(x, y=[]):\n    return 'no'\n"
    assert terminal.out("fix", ".").startswith("No fix that is safe is wanted here")
    assert "That would change something" in terminal.err("do", "fix a.py", code=2)


def test_review_is_clean_or_has_findings(terminal: Terminal) -> None:
    write(terminal.folder, {"good.py": "a = 1\n", "bad.py": UNSAFE})
    assert terminal.out("review", "good.py") == ""
    assert terminal.out("review", ".", code=1).startswith("bad.py:3:8: ")
    found = terminal.json("review", "--format", "json", "bad.py", code=1)
    assert [(row["path"], row["line"], row["cwe"]) for row in found] == [("bad.py", 3, [502])]
    assert terminal.json("review", "good.py", "--format", "json") == []
    (terminal.folder / "blob.py").write_bytes(b"\0")
    for word in ("review", "facts", "try", "explain"):
        assert "blob.py is binary." in terminal.err(word, "blob.py", code=2)


def test_review_obeys_the_projects_settings(terminal: Terminal) -> None:
    write(terminal.folder, {"bad.py": UNSAFE})
    rule = terminal.json("review", "--format=json", ".", code=1)[0]["rule"]
    write(terminal.folder, {"orchestra.toml": f'[review]\nrules_off = ["{rule}"]\n'})
    assert terminal.json("review", "--format=json", ".") == []


def test_faulty_settings_are_told_and_the_rest_works(terminal: Terminal) -> None:
    write(terminal.folder, {"bad.py": UNSAFE, "orchestra.toml": "[review]\nidle = 3\n"})
    done = terminal.run("review", "bad.py")
    assert done.returncode == 1
    assert b"review.idle: there is no such setting" in done.stderr


def test_review_of_what_is_staged(terminal: Terminal) -> None:
    repository(terminal.folder, {"old.py": UNSAFE})
    write(terminal.folder, {"new.py": UNSAFE})
    git(terminal.folder, "add", "new.py")
    assert [row["path"] for row in terminal.json("review", "--staged", "--format", "json", code=1)] == ["new.py"]
    assert terminal.out("do", "review what I staged", code=1).startswith("new.py:3:8")


def test_facts_of_the_fixture(terminal: Terminal) -> None:
    path = str(SHOP / "service" / "orders.py")
    found = terminal.json("facts", path, "--format", "json")
    assert [list(one) for one in found] == [["path", "language", "lines", "complexity", "functions"]]
    assert (found[0]["path"], found[0]["language"]) == (path, "python")
    functions = {one["name"]: one for one in found[0]["functions"]}
    assert list(functions["discount"]) == ["name", "startLine", "endLine", "cyclomatic", "cognitive", "nesting", "parameters"]
    assert functions["discount"]["startLine"] == 59
    assert functions["discount"]["cyclomatic"] == 11
    assert "discount" in terminal.out("facts", path)


def test_facts_of_every_language_of_the_fixture(terminal: Terminal) -> None:
    found = terminal.json("facts", str(SHOP), "--format", "json")
    languages = {one["language"] for one in found if one["functions"]}
    assert languages >= {"python", "typescript", "tsx", "javascript", "go", "rust", "java", "c", "cpp"}


# --- mask ---

TOKEN = "ghp_" + "q8Rk2Zt7Wm4Xv9Lc1Bn6Hd3Jf5Gs0PyTaEuI"


def test_mask_reads_and_writes_streams(terminal: Terminal) -> None:
    done = terminal.run("mask", stdin=b'caf\xe9\r\ntoken = "' + TOKEN.encode() + b'"\r\n')
    assert done.returncode == 0
    assert done.stdout.startswith(b'caf\xe9\r\ntoken = "ORCSEC_')
    assert done.stdout.endswith(b'"\r\n')
    assert TOKEN.encode() not in done.stdout
    assert done.stderr.strip().startswith(b"1 secret masked: ")


def test_mask_reads_a_file_and_what_has_no_secret_stays(terminal: Terminal) -> None:
    write(terminal.folder, {"a.txt": "nothing here\n"})
    done = terminal.run("mask", "a.txt")
    assert (done.returncode, done.stdout, done.stderr.strip()) == (0, b"nothing here\n", b"No secret was found.")


# --- doctor, status, why, init ---


def test_doctor_without_any_tool_is_well(terminal: Terminal) -> None:
    found = terminal.json("doctor", "--format", "json")
    assert found["version"] == __version__
    assert [(one["name"], one["state"]) for one in found["tools"]] == [("local", "ready")]
    assert found["settings"] == {"sources": [], "problems": [], "experimental": []}
    assert "All is well" not in terminal.out("doctor")
    assert "tool local" in terminal.out("doctor")


def test_doctor_says_what_is_wrong_and_what_to_do(terminal: Terminal) -> None:
    terminal.settings(
        '[tools.gone]\nkind = "openai"\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\nlocal = true\n'
        '[tools.typo]\nkind = "opnai"\n[tools.off]\nkind = "openai"\nenabled = false\n'
        "[experimental]\nmask_personal = true\n[review]\nnonsense = 1\n"
    )
    found = terminal.json("doctor", "--format", "json", code=1)
    tools = {one["name"]: one for one in found["tools"]}
    assert tools["gone"]["state"] == "down"
    assert not tools["gone"]["reachable"]
    assert tools["typo"]["state"] == "down"
    assert tools["off"]["state"] == "off"
    assert not tools["off"]["enabled"]
    assert all(one["remedy"] for one in tools.values() if one["state"] != "ready")
    assert found["settings"]["experimental"] == ["mask_personal"]
    assert found["settings"]["problems"][0]["key"] == "review.nonsense"


def test_doctor_reaches_what_is_there(terminal: Terminal) -> None:
    with model_server("hello") as url:
        terminal.settings(with_model(url))
        found = terminal.json("doctor", "--format", "json")
    assert {one["name"]: one["state"] for one in found["tools"]} == {"local": "ready", "here": "ready"}


def test_status_calls_nobody(terminal: Terminal) -> None:
    terminal.settings('[tools.gone]\nkind = "openai"\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\nlocal = true\n')
    assert {one["tool"]: one["state"] for one in terminal.json("status", "--format", "json")} == {"local": "ready", "gone": "ready"}


def test_why_without_a_record(terminal: Terminal) -> None:
    assert terminal.json("why", "--format", "json") == []
    assert "Nothing is on record yet" in terminal.run("why").stderr.decode()


def test_init_writes_once(terminal: Terminal) -> None:
    assert "orchestra.toml" in terminal.out("init")
    written = (terminal.folder / "orchestra.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(written)) == {"completion", "review", "index"}
    assert "--force writes it anew" in terminal.err("init", code=2)
    (terminal.folder / "orchestra.toml").write_text("mine", encoding="utf-8")
    terminal.out("init", "--force")
    assert (terminal.folder / "orchestra.toml").read_text(encoding="utf-8") == written
    assert terminal.json("doctor", "--format", "json")["settings"]["problems"] == []


def test_init_writes_the_persons_own_file(terminal: Terminal) -> None:
    terminal.out("init", "--user")
    assert "[tools.name]" in (terminal.home / "config.toml").read_text(encoding="utf-8")
    assert not (terminal.folder / "orchestra.toml").exists()
    assert terminal.json("doctor", "--format", "json")["settings"]["problems"] == []


# --- do ---


def test_do_shows_what_it_understood(terminal: Terminal) -> None:
    write(terminal.folder, {"bad.py": UNSAFE})
    done = terminal.run("do", "please", "review", "bad.py", "as", "json")
    assert done.returncode == 1
    assert b"> orchestra review bad.py" in done.stderr
    assert json.loads(done.stdout)[0]["path"] == "bad.py"


def test_do_changes_nothing_unasked(terminal: Terminal) -> None:
    assert "say --yes" in terminal.err("do", "set up this project", code=2)
    assert not (terminal.folder / "orchestra.toml").exists()
    terminal.out("do", "--yes", "set up this project")
    assert (terminal.folder / "orchestra.toml").exists()


def test_do_says_which_word_it_does_not_know(terminal: Terminal) -> None:
    write(terminal.folder, {"sums.py": "def discount(a, b):\n    return a + b\n"})
    assert "> orchestra explain --symbol discount" in terminal.err("do", "explain discount", code=2)
    said = terminal.err("do", "explain monads", code=2)
    assert "There is no file, folder or function 'monads' here." in said
    assert "--symbol" not in said


def test_do_does_not_guess(terminal: Terminal) -> None:
    assert "was not understood" in terminal.err("do", "order a pizza", code=2)
    text = terminal.err("do", "don't review bad.py", code=2)
    assert "Did you mean" in text
    assert "orchestra review bad.py" in text


# --- what models do ---

CODE = "def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a - b\n"


def test_without_a_model_one_line_says_what_to_add(terminal: Terminal) -> None:
    write(terminal.folder, {"sums.py": CODE})
    for line in ("explain sums.py", "rewrite sums.py", "write-tests sums.py", "document --symbol add sums.py"):
        text = terminal.err(*line.split(), code=2)
        assert len(text.strip().splitlines()) == 1
        assert "[tools." in text


def test_an_explanation_is_printed_with_its_tool(terminal: Terminal) -> None:
    write(terminal.folder, {"sums.py": CODE})
    with model_server("It **adds**.") as url:
        terminal.settings(with_model(url))
        text = terminal.out("explain", "--symbol", "add", "sums.py")
        assert text.startswith("It **adds**.\n\n*here: ")
        assert terminal.json("why", "--format", "json")[0]["tool"] == "here"


def test_a_rewrite_is_shown_and_made_only_on_yes(terminal: Terminal) -> None:
    write(terminal.folder, {"sums.py": CODE})
    with model_server("```python\ndef add(a, b):\n    return sum((a, b))\n```") as url:
        terminal.settings(with_model(url))
        shown = terminal.run("rewrite", "--symbol", "add", "sums.py")
        assert shown.returncode == 0
        assert b"-    return a + b\n+    return sum((a, b))\n" in shown.stdout
        assert b"Nothing was changed. Say --yes" in shown.stderr
        assert (terminal.folder / "sums.py").read_text(encoding="utf-8") == CODE
        terminal.out("rewrite", "--symbol", "add", "sums.py", "--yes")
    assert (terminal.folder / "sums.py").read_text(encoding="utf-8") == CODE.replace("a + b", "sum((a, b))")


def test_tests_get_a_file_of_their_own(terminal: Terminal) -> None:
    write(terminal.folder, {"sums.py": CODE, "tests/keep.txt": ""})
    with model_server("```python\ndef test_add():\n    assert add(1, 2) == 3\n```") as url:
        terminal.settings(with_model(url))
        edits = terminal.json("write-tests", "sums.py", "--format", "json")
        assert edits["files"][0]["new"]
        assert not (terminal.folder / "tests" / "test_sums.py").exists()
        for _ in range(2):
            terminal.out("write-tests", "sums.py", "--yes")
    text = (terminal.folder / "tests" / "test_sums.py").read_text(encoding="utf-8")
    assert text == "def test_add():\n    assert add(1, 2) == 3\n" + "\n\ndef test_add():\n    assert add(1, 2) == 3\n"
