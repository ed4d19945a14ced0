"""The examples of docs/paths.md are what the code does."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from app.logic.coverage.dropped import DropReason
from app.logic.coverage.filters import PathFilter
from app.logic.repository_yaml.patterns import path_fix, path_pattern
from app.logic.uploads.paths.fixer import PathFixer
from app.logic.uploads.paths.listing import Listing
from app.logic.uploads.paths.rules import PathRules

PAGE = (Path(__file__).parents[4] / "docs" / "paths.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}")[2].partition("\n## ")[0]


def table(title: str) -> list[list[str]]:
    lines = [line for line in section(title).splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def outcome(found: str | DropReason) -> str:
    return f"dropped, `{found.value}`" if isinstance(found, DropReason) else f"`{found}`"


def place(path: str, listing: Sequence[str], rules: PathRules) -> str:
    return outcome(PathFixer(Listing(listing), rules=rules).resolve([path], ()))


def test_the_tables_are_found() -> None:
    sizes = [len(table(title)) for title in ("Searching", "Without", "Rewriting", "Leaving", "Patterns", "When")]

    assert sizes == [14, 13, 9, 7, 14, 7]


@pytest.mark.parametrize("row", table("Searching"), ids=lambda row: row[0])
def test_search_examples(row: list[str]) -> None:
    listing = codes(section("Searching").partition("With the list")[2].partition(":\n\n")[0])

    assert place(codes(row[0])[0], listing, PathRules()) == row[1]


@pytest.mark.parametrize("row", table("Without"), ids=lambda row: row[0])
def test_examples_without_a_list(row: list[str]) -> None:
    assert place(codes(row[0])[0], [], PathRules(repository="rocket")) == row[1]


@pytest.mark.parametrize("row", table("Rewriting"), ids=lambda row: row[2])
def test_rewriting_examples(row: list[str]) -> None:
    rules = PathRules.from_config({"fixes": [path_fix(fix) for fix in codes(row[0])]}, [])

    assert place(codes(row[2])[0], codes(row[1]), rules) == row[3]


@pytest.mark.parametrize("row", table("Leaving"), ids=lambda row: row[0])
def test_ignore_examples(row: list[str]) -> None:
    config = yaml.safe_load(codes(row[0])[0])
    for rules in (config, *config.get("flags", {}).values()):
        rules |= {key: [path_pattern(text) for text in rules[key]] for key in ("ignore", "paths") if key in rules}
    paths = ["src/a.py", "src/gen/b.py", "web/c.js"]

    kept = [path for path in paths if PathRules.from_config(config, codes(row[1])).verdict(path) is None]

    assert kept == (paths if row[2] == "all" else codes(row[2]))


@pytest.mark.parametrize("row", table("Patterns"), ids=lambda row: row[0])
def test_pattern_examples(row: list[str]) -> None:
    matches = PathFilter([path_pattern(codes(row[0])[0])]).matches(codes(row[1])[0])

    assert matches is (row[2] == "yes")


def test_every_reason_is_explained() -> None:
    assert [codes(row[0])[0] for row in table("When")] == [reason.value for reason in DropReason]
