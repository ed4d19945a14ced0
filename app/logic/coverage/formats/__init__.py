"""Formats of coverage files: one module each, and the registry of their parsers."""

from collections.abc import Mapping
from typing import Final

from app.logic.coverage.formats import istanbul, pycoverage, simplecov
from app.logic.coverage.formats.base import Parser

PARSERS: Final[Mapping[str, Parser]] = {
    "istanbul": istanbul.parse,
    "pycoverage": pycoverage.parse,
    "simplecov": simplecov.parse,
}
