"""Formats of coverage files: one module each, and the registry of their parsers."""

from collections.abc import Mapping
from typing import Final

from app.logic.coverage.formats import (
    bullseye,
    clover,
    cobertura,
    go,
    istanbul,
    jacoco,
    jetbrains,
    lcov,
    mono,
    ncover,
    opencover,
    pycoverage,
    scoverage_statements,
    simplecov,
    sonar,
    vs_dataset,
    vs_results,
    xcode_plist,
)
from app.logic.coverage.formats.base import Parser

PARSERS: Final[Mapping[str, Parser]] = {
    "bullseye": bullseye.parse,
    "clover": clover.parse,
    "cobertura": cobertura.parse,
    "go": go.parse,
    "istanbul": istanbul.parse,
    "jacoco": jacoco.parse,
    "jetbrains": jetbrains.parse,
    "lcov": lcov.parse,
    "mono": mono.parse,
    "ncover": ncover.parse,
    "opencover": opencover.parse,
    "pycoverage": pycoverage.parse,
    "scoverage-statements": scoverage_statements.parse,
    "simplecov": simplecov.parse,
    "sonar": sonar.parse,
    "vs-dataset": vs_dataset.parse,
    "vs-results": vs_results.parse,
    "xcode-plist": xcode_plist.parse,
}
