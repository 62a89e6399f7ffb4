"""What the engine tells a person when no tool could serve a request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class Unanswered(Exception):
    """No tool answered: what happened, and the one thing to do."""

    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}".strip()
