"""Settings: one tree of pydantic models, merged from defaults < user file < project file < environment < editor.

What cannot be used is left out and reported as a Problem; the rest stays valid, so a typing mistake never stops the server.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

Tree = dict[str, Any]

#: A project's own file comes with a clone, so it may only tune these; everything else needs the person's own word.
PROJECT_MAY_SET = ("review", "completion", "index")
PROJECT_FILE = "orchestra.toml"
KEY_FORMS = ("env:", "keyring:", "file:")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_table(cls, value: object) -> object:
        # Lua cannot tell an empty table from an empty list, so Neovim sends `completion = {}` as [].
        return {} if value == [] else value


class ToolSettings(_Section):
    """One AI tool, `[tools.<name>]`."""

    kind: str = ""
    """The adapter that speaks to it, for instance "claude", "llamacpp" or "openai". Empty: the tool's own name."""
    enabled: bool = True
    """Switch the tool off without deleting its settings."""
    url: str = ""
    """Base address of the endpoint. Empty: the adapter's default."""
    command: list[str] = Field(default_factory=list)
    """Program and arguments of a tool that runs as a process of its own. Empty: the adapter's default, looked for on the PATH."""
    protocol: Literal["", "acp", "headless"] = ""
    """How a coding agent is driven: "acp" = the Agent Client Protocol, "headless" = one process for each request. Empty: whichever
    is installed, the Agent Client Protocol first."""
    model: str = ""
    """Model name as the endpoint knows it."""
    key: str = Field(default="", pattern=r"^(|env:.+|keyring:.+|file:.+)$")
    """Where the key is: "env:NAME", "keyring:NAME" or "file:PATH". The key itself never stands here."""
    local: bool = False
    """You vouch that this endpoint runs on this machine and keeps what it is sent; only then does it see plain text."""
    fill_in_middle: Literal["suffix", "template", "chat", "off"] = "suffix"
    """How completions are asked: "suffix" = the endpoint is sent the text after the cursor, "template" = both sides are put
    between the model's own marks (vLLM, LM Studio), "chat" = by instruction, "off" = never."""
    template: str = ""
    """Family of models whose marks "template" uses, for instance "qwen2.5-coder". Empty: by the model's name."""
    price: dict[Literal["input", "output", "cache_read"], Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """Your own price in US dollars for a million tokens, for instance {input = 0.3, output = 0.9}. Empty: the built-in price
    of the model, if it is known. Without cache_read, cached input costs as much as other input."""
    context_tokens: int = Field(default=8192, ge=256, le=2_000_000)
    """Size of the model's window in tokens."""
    kinds: list[Literal["complete", "next_edit", "explain", "edit", "test", "document", "review", "change"]] | None = None
    """Limit the tool to these kinds of request. Unset: all that it can do."""


class CompletionSettings(_Section):
    """Suggestions while typing."""

    enabled: bool = True
    """Offer completions at all."""
    automatic: bool = True
    """Offer them while typing; otherwise only when asked for."""
    languages_off: list[str] = Field(default_factory=list)
    """Languages without suggestions, for instance ["markdown"]."""
    sure: float = Field(default=0.6, ge=0, le=1)
    """The embedded engine answers at once, without a call, when its confidence reaches this."""
    minimum: float = Field(default=0.4, ge=0, le=1)
    """Offers of the embedded engine below this confidence are not shown."""
    deadline_ms: int = Field(default=1500, ge=50, le=60_000)
    """Time limit of an automatic suggestion."""
    manual_deadline_ms: int = Field(default=5000, ge=50, le=120_000)
    """Time limit of a suggestion asked for by hand."""
    wait_ms: int = Field(default=400, ge=0, le=60_000)
    """A model that has not answered after this is not waited for when the embedded engine has an offer; its answer comes next."""
    remote: bool = True
    """Let configured models complete; otherwise the embedded engine alone does."""
    cache: bool = True
    """Reuse earlier answers: typed along, the same request in flight, kept in memory. Off: nothing is reused, nor read from disk."""
    cache_on_disk: bool = True
    """Keep answers of outside tools on this machine over restarts. They are kept as the tool saw them: with secrets masked.
    Needs server.store."""
    prefetch: bool = True
    """Prepare what follows a suggestion while it is shown; models are asked at most one time in five more often for it.
    Off: only the embedded engine looks ahead."""


class ReviewSettings(_Section):
    """Findings while typing and in `orchestra review`."""

    enabled: bool = True
    """Review at all."""
    rules_off: list[str] = Field(default_factory=list)
    """Rules that stay silent: rule ids, categories ("style") or languages ("language:go")."""
    severity: dict[str, Literal["error", "warning", "info", "hint"]] = Field(default_factory=dict)
    """Another severity for a rule, by its id."""
    idle_ms: int = Field(default=500, ge=0, le=10_000)
    """A new finding on the line being typed waits for this pause."""
    baseline: str = ".orchestra/baseline.json"
    """File in the project with findings that are accepted and not told; `orchestra review --accept` writes it. Empty: none."""
    relaxed: list[str] = ["tests/*", "*/tests/*", "test/*", "*__tests__/*", "test_*.py", "*_test.*", "*.test.*", "*.spec.*"]
    """Files, by globs, that are reviewed less strictly: nothing about style or performance, and what is not certain is a hint."""
    others: list[str] = Field(default_factory=list)
    """Other servers of the same documents, which are left what they have a code for: "eslint", or "ruff:E,F" for some codes."""
    code_lens: bool = True
    """Show complexity above functions."""


class RouteSettings(_Section):
    """Which tool serves which request."""

    prefer: dict[str, list[str]] = Field(default_factory=dict)
    """Your own order of tools for a kind of request, for instance complete = ["local-llama", "openai"]."""
    profile: Literal["economy", "balanced", "quality"] = "balanced"
    """What matters when tools are compared: "economy" = price counts more, "quality" = price and time count little."""
    budget_usd: float | None = Field(default=None, ge=0, examples=[5.0])
    """Most US dollars for calls in one day, over all your editors; from 80 % on the cheapest tool goes first. Unset: no limit."""
    consensus: list[str] = Field(default_factory=list)
    """Critical code, for which several tools are asked at once and compared: kinds of request ("edit", "test", "document") or globs of
    files ("src/payments/**")."""
    consensus_tools: int = Field(default=3, ge=2, le=5)
    """How many tools are asked then."""
    learn: bool = True
    """Learn from what you accept and keep which tool serves you best. Off: only the built-in estimates count."""
    deadline_ms: int = Field(default=60_000, ge=1000, le=600_000)
    """Time limit of explanations, edits, tests and documentation."""
    change_deadline_ms: int = Field(default=600_000, ge=10_000, le=7_200_000)
    """Time limit of a change over several files by a coding agent."""


class PrivacySettings(_Section):
    """What may leave this machine. Masking of secrets cannot be switched off."""

    never_send: list[str] = Field(default_factory=list)
    """Globs of files whose text no outside tool ever sees, beside the built-in ones (.env, keys, credentials)."""
    offline: bool = False
    """Ask no outside tool at all."""
    secrets: Literal["mask", "stay"] = "mask"
    """Text with a secret in it goes to a tool on this machine whenever one can serve. When none can: "mask" = an outside tool is
    sent the text with the secret masked, "stay" = no outside tool is asked."""
    trusted_folders: list[str] = Field(default_factory=list)
    """Folders whose own orchestra.toml may also name tools, endpoints and keys."""


class IndexSettings(_Section):
    """What the embedded engine learns of the workspace."""

    enabled: bool = True
    """Learn from the workspace's files; otherwise from open buffers alone."""
    max_files: int = Field(default=2000, ge=0, le=200_000)
    """Most files read."""
    max_bytes: int = Field(default=20_000_000, ge=0, le=2_000_000_000)
    """Most bytes read."""
    keep: bool = True
    """Keep what was learned in your cache folder, readable by you alone, so that the next start need not read everything again."""


class ServerSettings(_Section):
    """The server itself."""

    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    """What goes to standard error. Source text and secrets never do."""
    parse_inline_bytes: int = Field(default=200_000, ge=0)
    """Documents up to this size are parsed at once, larger ones in a worker."""
    max_document_bytes: int = Field(default=5_000_000, ge=1000)
    """Larger documents get no parsing, review or completion."""
    store: bool = True
    """Keep decisions and outcomes on this machine, so that choices improve. Never prompts; answers as completion.cache_on_disk says."""


class ExperimentalSettings(_Section):
    """Unfinished features, off until you say so; `orchestra doctor` lists those that are on."""

    mask_personal: bool = False
    """Mask personal data too before anything is sent: e-mail, phone, IBAN, card and national id numbers, hosts inside your network."""


class Settings(_Section):
    """All settings of Orchestra LSP."""

    completion: CompletionSettings = CompletionSettings()
    review: ReviewSettings = ReviewSettings()
    route: RouteSettings = RouteSettings()
    privacy: PrivacySettings = PrivacySettings()
    index: IndexSettings = IndexSettings()
    server: ServerSettings = ServerSettings()
    experimental: ExperimentalSettings = ExperimentalSettings()
    tools: dict[str, ToolSettings] = Field(default={}, validate_default=True)
    """The AI tools by name. The embedded engine, `local`, is there unless you switch it off."""

    @field_validator("tools")
    @classmethod
    def _with_embedded(cls, tools: dict[str, ToolSettings]) -> dict[str, ToolSettings]:
        there = any((tool.kind or name) == "local" for name, tool in tools.items())
        return tools if there else {"local": ToolSettings(), **tools}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a source of settings that was left out: where, which key, what was expected."""

    source: str
    key: str
    expected: str

    def __str__(self) -> str:
        return f"{self.source}: {self.key}: {self.expected}" if self.key else f"{self.source}: {self.expected}"


@dataclass(frozen=True, slots=True)
class Source:
    """One place settings come from, lowest precedence first. `trusted` False: a project's own file."""

    name: str
    tree: Tree
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class Loaded:
    settings: Settings
    problems: tuple[Problem, ...] = ()
    sources: tuple[str, ...] = ()


def load(roots: Sequence[str] = (), editor: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read every source and merge them. Never raises for what a person wrote; see `Loaded.problems`."""
    environ = os.environ if environ is None else environ
    problems: list[Problem] = []
    user = _file(user_file(environ), problems)
    environment = _environment(environ, problems)
    from_editor = [Source("editor settings", dict(editor))] if editor else []
    trusted = _trusted_folders([*user, *environment, *from_editor])
    project = [source for root in roots for source in _file(Path(root) / PROJECT_FILE, problems, trusted=_within(root, trusted))]
    return _merge([*user, *project, *environment, *from_editor], problems)


def user_file(environ: Mapping[str, str]) -> Path:
    """The person's own file: `$ORCHESTRA_CONFIG`, else config.toml in the platform's configuration folder."""
    if named := environ.get("ORCHESTRA_CONFIG"):
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("orchestra-lsp", appauthor=False)) / "config.toml"


# --- reading ---


def _file(path: Path, problems: list[Problem], trusted: bool = True) -> list[Source]:
    try:
        return [Source(str(path), tomllib.loads(path.read_text(encoding="utf-8")), trusted)]
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(Problem(str(path), "", f"cannot be read: {error.strerror}"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(Problem(str(path), "", f"is not valid TOML: {error}"))
    return []


def _environment(environ: Mapping[str, str], problems: list[Problem]) -> list[Source]:
    """`ORCHESTRA_COMPLETION__ENABLED=false` and the like; pydantic-settings is imported only when there is one."""
    sections = tuple(f"ORCHESTRA_{name.upper()}__" for name in Settings.model_fields)
    ours = {name: value for name, value in environ.items() if name.upper().startswith(sections)}
    if not ours:
        return []
    from pydantic import create_model
    from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

    fields: dict[str, Any] = {name: (field.annotation, field) for name, field in Settings.model_fields.items()}
    reader = EnvSettingsSource(
        create_model("FromEnvironment", __base__=BaseSettings, **fields), env_prefix="ORCHESTRA_", env_nested_delimiter="__"
    )
    reader.env_vars = {name.lower(): value for name, value in ours.items()}
    try:
        return [Source("environment", reader())]
    except SettingsError as error:
        problems.append(Problem("environment", "ORCHESTRA_*", str(error)))
        return []


def _trusted_folders(sources: Sequence[Source]) -> list[str]:
    found: list[str] = []
    for source in sources:
        privacy = source.tree.get("privacy")
        folders = privacy.get("trusted_folders") if isinstance(privacy, dict) else None
        if isinstance(folders, list):
            found = [folder for folder in folders if isinstance(folder, str)]
    return found


def _within(root: str, folders: Sequence[str]) -> bool:
    here = Path(root).resolve()
    return any(here.is_relative_to(Path(folder).expanduser().resolve()) for folder in folders)


# --- merging ---


def _merge(sources: Sequence[Source], problems: list[Problem]) -> Loaded:
    """Validate source by source on top of the lower ones, so that a fault is blamed on the file that holds it."""
    tree: Tree = {}
    for source in sources:
        wanted = source.tree if source.trusted else _allowed(source, problems)
        tree = _with(tree, wanted, source.name, problems)
    merged = Settings.model_validate(tree)
    return Loaded(merged, tuple(problems), tuple(source.name for source in sources))


def _allowed(source: Source, problems: list[Problem]) -> Tree:
    """The part of a project's own file that needs no trust; `privacy.never_send` may only make privacy stricter."""
    allowed = {key: value for key, value in source.tree.items() if key in PROJECT_MAY_SET}
    refused = [key for key in source.tree if key not in PROJECT_MAY_SET]
    privacy = source.tree.get("privacy")
    if isinstance(privacy, dict) and set(privacy) <= {"never_send"}:
        allowed["privacy"] = privacy
        refused.remove("privacy")
    problems += [
        Problem(
            source.name,
            key,
            "a project's own file may not set this; add the folder to privacy.trusted_folders in your own settings if you trust it",
        )
        for key in refused
    ]
    return allowed


def _with(lower: Tree, upper: Tree, name: str, problems: list[Problem]) -> Tree:
    """`lower` overlaid by as much of `upper` as is valid."""
    upper = _copy(upper)
    for _ in range(1 + sum(1 for _ in _leaves(upper))):
        overlaid = _overlay(lower, upper)
        try:
            Settings.model_validate(overlaid)
        except ValidationError as error:
            for fault in error.errors():
                key = _remove(upper, fault["loc"])
                problems.append(Problem(name, key, _expected(fault["type"], fault["msg"])))
        else:
            return overlaid
    return lower


def _expected(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such setting; see `orchestra init` for all of them"
    if kind == "string_pattern_mismatch":
        return f"expected one of {', '.join(form + '...' for form in KEY_FORMS)}; a key itself never stands in a file"
    return message[:1].lower() + message[1:]


def _overlay(lower: Tree, upper: Tree) -> Tree:
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        if key == "never_send" and isinstance(below, list) and isinstance(value, list):
            merged[key] = [*below, *value]
        else:
            merged[key] = _overlay(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _copy(tree: Tree) -> Tree:
    return {key: _copy(value) if isinstance(value, dict) else value for key, value in tree.items()}


def _leaves(tree: Tree) -> Iterator[str]:
    for key, value in tree.items():
        yield key
        if isinstance(value, dict):
            yield from _leaves(value)


def _remove(tree: Tree, location: tuple[int | str, ...]) -> str:
    """Delete what `location` points at (or the nearest table that holds it); gives its dotted key."""
    here: Tree = tree
    path: list[str] = []
    for step in location:
        path.append(str(step))
        below = here.get(str(step))
        if not isinstance(below, dict) or step == location[-1]:
            here.pop(str(step), None)
            break
        here = below
    return ".".join(path)
