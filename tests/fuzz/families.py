"""Families of documents: where the fuzzer starts, and what it checks."""

import random
from collections.abc import Callable
from typing import NamedTuple

from tests.fuzz import checks, seeds
from tests.fuzz.mutate import Document


class Family(NamedTuple):
    """Documents to damage, and what must hold for the result."""

    seeds: Callable[[], list[Document]]
    check: Callable[[Document, random.Random], None]


TEXT = ("xcode-text", "lua", "dlst", "gap", "verilator", "juliacov")
FAMILIES = {
    "xml": Family(lambda: seeds.reports("<"), checks.check_xml),
    "json": Family(lambda: seeds.reports("{", "["), checks.check_file),
    "lcov": Family(lambda: seeds.named("lcov"), checks.check_lcov),
    "go": Family(lambda: seeds.named("go"), checks.check_go),
    "gcov": Family(lambda: seeds.named("gcov", "gcov-intermediate"), checks.check_file),
    "text": Family(lambda: seeds.named(*TEXT), checks.check_file),
    "plist": Family(seeds.plists, checks.check_file),
    "envelope-json": Family(seeds.json_envelopes, checks.check_envelope),
    "envelope-text": Family(seeds.text_envelopes, checks.check_envelope),
    "config": Family(seeds.configurations, checks.check_config),
    "paths": Family(seeds.placements, checks.check_paths),
    "stored": Family(seeds.stored_reports, checks.check_stored),
}
