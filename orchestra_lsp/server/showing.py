"""Shows a person something longer than a message: as a document where the editor can open one, else as a message."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from orchestra_lsp.server import convert

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

log = logging.getLogger("orchestra")

ANSWER_S = 5.0  # for the editor to say that it shows a document
MESSAGE_LENGTH = 1000  # characters of a message that people still read


class Scratch:
    """A private folder for documents that are only shown; it goes away with the session."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def write(self, title: str, suffix: str, text: str) -> Path:
        """Raises OSError."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="orchestra-"))
        path = self._folder / f"{_file_name(title)}{suffix}"
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    def remove(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


async def show(ls: OrchestraServer, title: str, suffix: str, text: str) -> None:
    """`suffix` says what it is: ".md" or ".diff"."""
    if ls.session.client.workspace.shows_documents and await _open(ls, title, suffix, text):
        return
    plain = convert.plain(text) if suffix == ".md" else text
    if len(plain) > MESSAGE_LENGTH:
        ls.window_log_message(t.LogMessageParams(t.MessageType.Info, f"{title}\n{plain}"))
        plain = f"{plain[:MESSAGE_LENGTH]}\u2026 (all of it is in the log)"
    ls.window_show_message(t.ShowMessageParams(t.MessageType.Info, f"{title}\n{plain}"))


async def _open(ls: OrchestraServer, title: str, suffix: str, text: str) -> bool:
    try:
        path = ls.session.scratch.write(title, suffix, text)
        asked = ls.window_show_document_async(t.ShowDocumentParams(path.as_uri(), take_focus=False))
        answer = await asyncio.wait_for(asked, ANSWER_S)
    except (OSError, TimeoutError, JsonRpcException) as error:
        log.warning("a document could not be shown: %s", error or "no answer")
        return False
    return answer.success


def _file_name(title: str) -> str:
    return re.sub(r"[^\w.-]+", "-", title).strip("-.")[:60] or "orchestra"
