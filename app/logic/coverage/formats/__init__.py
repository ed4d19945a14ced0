"""Formats of coverage files: one module each, and the registry of their parsers."""

from collections.abc import Mapping
from typing import Final

from app.logic.coverage.formats import clover, cobertura, go, istanbul, jacoco, lcov, pycoverage, simplecov
from app.logic.coverage.formats.base import Parser

PARSERS: Final[Mapping[str, Parser]] = {
    "clover": clover.parse,
    "cobertura": cobertura.parse,
    "go": go.parse,
    "istanbul": istanbul.parse,
    "jacoco": jacoco.parse,
    "lcov": lcov.parse,
    "pycoverage": pycoverage.parse,
    "simplecov": simplecov.parse,
}
