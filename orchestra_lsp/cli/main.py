"""The command line: `orchestra`. Typer reads the flags; what they mean is declared by the words themselves."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from orchestra_lsp.commands.registry import Parameter, Takes

if TYPE_CHECKING:
    import typer

    from orchestra_lsp.cli.word import Word

WRONG_USE: Final = 2
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141  # as a shell reports it
OUR_FAULT: Final = 70  # EX_SOFTWARE of sysexits.h

ABOUT: Final = """Put every AI coding tool you have behind your editor; this is its command line.

\b
  orchestra try FILE              see what it does with your code
  orchestra review PATH           find faults
  orchestra do "words of yours"   say what you want
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: this process's own) and give its exit code."""
    _prepare_streams()
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except Exception:  # noqa: BLE001 - a fault of ours must not look like "findings", which is what Python's own exit code 1 means
        import traceback

        traceback.print_exc()
        print("orchestra: that was a fault in Orchestra LSP itself; please report it with the lines above.", file=sys.stderr)
        return OUR_FAULT


def _run(arguments: list[str]) -> int:
    if arguments in (["--version"], ["version"]):  # worth no import of anything
        from orchestra_lsp import __version__

        print(f"orchestra {__version__}")
        return 0
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    try:
        _app()(args=arguments, prog_name="orchestra", standalone_mode=True)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Typer would call it 1, which means findings
            raise end.__context__ from None
        sys.stdout.flush()
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _app() -> typer.Typer:
    import typer

    from orchestra_lsp.cli.word import words

    app = typer.Typer(
        help=ABOUT,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def root(version: bool = typer.Option(False, "--version", help="Show the version and exit.")) -> None:
        """`--version` alone is answered before Typer is imported."""

    for word in words().values():
        app.command(word.name, help=word.summary, short_help=word.summary)(_callback(word))
    return app


def _callback(word: Word) -> Callable[..., None]:
    """A function whose signature tells Typer the word's parameters."""

    def call(**given: Any) -> None:
        import typer

        raise typer.Exit(_act(word, given))

    parameters = [*word.parameters, *word.options]
    call.__signature__ = inspect.Signature([_typer_parameter(parameter) for parameter in parameters])  # type: ignore[attr-defined]  # mypy knows no such attribute of functions
    call.__annotations__ = {_python_name(parameter): _TYPES[parameter.takes] for parameter in parameters}
    return call


def _act(word: Word, given: Mapping[str, Any]) -> int:
    from orchestra_lsp.cli.word import Options
    from orchestra_lsp.commands.registry import WrongUse, checked_arguments
    from orchestra_lsp.engine.errors import Unanswered

    try:
        options = checked_arguments(word.name, word.options, _given(word.options, given))
        arguments = checked_arguments(word.name, word.parameters, _given(word.parameters, given))
        form = options.text("format")
        return word.act(arguments, Options(form == "json", options.flag("yes"), form if form not in ("", "text", "json") else ""))
    except (WrongUse, Unanswered) as error:
        print(f"orchestra {word.name}: {str(error).removeprefix(f'{word.name}: ')}", file=sys.stderr)
        return WRONG_USE


def _given(parameters: Sequence[Parameter], values: Mapping[str, Any]) -> dict[str, object]:
    """What was really said, by the parameters' own names; words are joined to a sentence."""
    found = {parameter: values[_python_name(parameter)] for parameter in parameters}
    return {
        parameter.name: " ".join(value) if parameter.takes is Takes.WORDS else value
        for parameter, value in found.items()
        if value not in (None, False, [], "")
    }


_TYPES: Final[Mapping[Takes, Any]] = {
    Takes.PATHS: list[str] | None,
    Takes.PATH: str | None,
    Takes.WORDS: list[str] | None,
    Takes.SENTENCE: str | None,
    Takes.TEXT: str | None,
    Takes.FLAG: bool,
    Takes.CHOICE: str | None,
}


def _typer_parameter(parameter: Parameter) -> inspect.Parameter:
    import typer

    flag = f"--{parameter.name}"
    default: Any
    match parameter.takes:
        case Takes.PATHS | Takes.WORDS | Takes.PATH | Takes.SENTENCE:
            metavars = {Takes.PATHS: "PATH", Takes.WORDS: "WORD", Takes.PATH: "FILE"}
            metavar = metavars.get(parameter.takes, parameter.name.upper())
            default = typer.Argument(None, help=parameter.summary, metavar=metavar, show_default=False)
        case Takes.FLAG:
            default = typer.Option(False, flag, help=parameter.summary)
        case Takes.CHOICE:
            default = typer.Option(None, flag, help=parameter.summary, metavar="|".join(parameter.choices), show_default=False)
        case Takes.TEXT:
            default = typer.Option(None, flag, help=parameter.summary, metavar=parameter.name.upper(), show_default=False)
    return inspect.Parameter(_python_name(parameter), inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_TYPES[parameter.takes])


def _python_name(parameter: Parameter) -> str:
    return parameter.name.replace("-", "_")


def _prepare_streams() -> None:
    """No character may end the program: a console of another encoding, or a file name that is no text, gets escapes."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def _reader_gone() -> int:
    """Whoever read our output has left; the flush at exit must not complain about it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED
