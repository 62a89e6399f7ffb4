"""Orchestra LSP: one language server that puts every AI coding tool behind the editor.

The house, floor by floor. Imports only go down: a module imports lower floors and its own room, never a higher floor and
never a neighbour on its own floor. `tests/house/test_floors.py` reads this table and every import.

    floor  room        what it is for
    7      cli         words and flags to a command; starts the doors
    6      server      the editor's door; the only room that knows LSP
    5      commands    one file for each thing a person asks for by name
    4      engine      one request: reuse, context, mask, choose, call, judge, polish
    3      tools       one file for each AI tool; the only code that talks to an AI
    3      review      findings about a buffer; one page for each rule
    2      trust       what may leave the machine, who may ask, what is recorded
    1      syntax      facts about a buffer: language, scope, complexity (pure)
    1      store       what outlives the process: SQLite
    0      model       the words all floors share: frozen values, no behaviour
    0      config      Settings: defaults < file < environment < editor
    0      telemetry   span() and count(); nothing leaves until an exporter is configured
"""

import sys

__version__ = "0.1.0"

if sys.argv[:1] == ["-m"] and not sys.flags.safe_path:
    # Started as `python -m orchestra_lsp...`: the folder it was started in, often the workspace, comes first among those that modules
    # are looked up in. A workspace with a `pydantic/` or a `queue.py` of its own would be run in place of what we need.
    del sys.path[:1]
