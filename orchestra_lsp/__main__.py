"""`python -m orchestra_lsp` is the command line."""

from __future__ import annotations

import sys

from orchestra_lsp.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
