"""What is wrong with a configuration, or odd about it: values that a person reads and a database stores."""

from collections.abc import Iterable, Sequence
from typing import TypedDict

from app.helpers.text import REPLACEMENT


class Problem(TypedDict):
    """A sentence about the value at `path`, the keys and list indexes that lead to it."""

    path: list[str | int]
    message: str


class Syntax(TypedDict):
    """Where a text stops being YAML; line and column start at 1."""

    line: int
    column: int
    problem: str


class InvalidYaml(ValueError):
    """A configuration that cannot be used; `errors` are all its problems, sorted by path.

    `syntax` is set when the text is not YAML at all; then there is one error, without a path.
    """

    def __init__(self, errors: Iterable[Problem], syntax: Syntax | None = None) -> None:
        self.errors = in_order(errors)
        self.syntax = syntax
        first = self.errors[0]
        more = f" (and {len(self.errors) - 1} more)" if len(self.errors) > 1 else ""
        super().__init__(f"{described(first)}{more}")


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort by path, indexes of a list by number."""
    return sorted(problems, key=lambda problem: [_rank(step) for step in problem["path"]])


def _rank(step: str | int) -> tuple[int, int, str]:
    return (0, step, "") if isinstance(step, int) else (1, 0, step)


def described(problem: Problem) -> str:
    """Return a problem on one printable line, the path before it: `coverage.range: …`."""
    place = dotted(problem["path"])
    line = f"{place}: {problem['message']}" if place else problem["message"]
    return "".join(char if char.isprintable() else REPLACEMENT for char in line)


def dotted(path: Sequence[str | int]) -> str:
    """Return a path as people write it: `flag_management.individual_flags[0].name`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
