"""Every format that is read record by record: its worked document, whole and damaged in every way."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from reading import ROOT, read
from worked_documents import WORKED

HARMLESS = {"ok", "empty", "not_recognised", "unsupported", "no_data", "corrupt", "too_deep", "too_large"}
NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
STRANGE = [
    "",
    "null",
    "-1",
    "1e400",
    '"x"',
    '""',
    "true",
    "[]",
    "{}",
    "16707566",
    "9" * 30,
    "9" * 400,
    "9" * 5000,
    "0.5",
    "NaN",
]
JSON = sorted(key for key, worked in WORKED.items() if worked.text[0] in "[{" and key != "gap")
TEXT = sorted(WORKED.keys() - set(JSON))


@pytest.mark.parametrize("format_id", sorted(WORKED))
def test_the_worked_document_becomes_its_lines(format_id):
    name, text, lines = WORKED[format_id]

    outcome, report = read(text, name)

    assert (outcome.format, outcome.outcome, outcome.stats.skipped) == (format_id, "ok", 0)
    assert report == lines


@pytest.mark.parametrize("format_id", sorted(WORKED))
def test_every_format_is_documented(format_id):
    assert f"| `{format_id}` |" in (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("format_id", sorted(WORKED))
def test_line_ends_of_windows_change_nothing(format_id):
    name, text, lines = WORKED[format_id]

    outcome, report = read(text.replace("\n", "\r\n"), name)

    assert (outcome.outcome, outcome.stats.skipped) == ("ok", 0)
    assert report == lines


@pytest.mark.parametrize("format_id", TEXT)
def test_a_text_cut_anywhere_never_fails(format_id):
    name, text, _ = WORKED[format_id]

    outcomes = {read(text[:end], name)[0].outcome for end in range(len(text))}

    assert outcomes <= HARMLESS
    assert "ok" in outcomes or format_id == "dlst"  # whose last line is what tells the format


@pytest.mark.parametrize("format_id", JSON)
def test_a_json_document_cut_anywhere_is_broken_or_says_less(format_id):
    name, text, _ = WORKED[format_id]

    outcomes = {read(text[:end], name)[0].outcome for end in range(len(text.rstrip()))}

    assert outcomes <= {"empty", "corrupt", "not_recognised"}


@pytest.mark.parametrize("format_id", sorted(WORKED))
def test_strange_values_never_fail(format_id):
    name, text, lines = WORKED[format_id]

    for match in NUMBER.finditer(text):
        for strange in STRANGE:
            outcome, report = read(text[: match.start()] + strange + text[match.end() :], name)

            assert outcome.outcome in HARMLESS, (match[0], strange, outcome.detail)
            assert all(1 <= line <= 1_000_000 for found in report.values() for line in found)
    assert lines


@pytest.mark.parametrize("format_id", sorted(WORKED))
def test_broken_utf_8_never_fails(format_id):
    name, text, _ = WORKED[format_id]

    for match in NUMBER.finditer(text):
        for strange in (b'"\xff"', b"\xff", b'"\xed\xa0\x80"'):
            data = text[: match.start()].encode() + strange + text[match.end() :].encode()

            assert read(data, name)[0].outcome in HARMLESS, match[0]


@pytest.mark.parametrize("format_id", JSON)
def test_strange_parts_never_fail(format_id):
    name, text, _ = WORKED[format_id]
    whole = json.loads(text)

    for damaged in damages(whole):
        outcome, _ = read(json.dumps(damaged), name)

        assert outcome.outcome in HARMLESS, (damaged, outcome.detail)


@pytest.mark.parametrize("format_id", JSON)
def test_deep_nesting_is_refused(format_id):
    name, text, _ = WORKED[format_id]
    inner = "[" * 100_000

    outcome, _ = read(text.replace("[", '[{"deep": ' + inner, 1), name)

    assert outcome.outcome in ("too_deep", "corrupt")


@pytest.mark.parametrize("format_id", JSON)
def test_deep_nesting_is_refused_where_detection_does_not_look_and_json_is_repaired(format_id):
    name, text, _ = WORKED[format_id]
    deep = f'"nan": NaN, "pad": "{"x" * 100_000}", "deep": {"[" * 5000}{"]" * 5000}'
    whole = text.rstrip()
    tail = f", {deep}}}" if whole.endswith("}") else f", {{{deep}}}]"

    outcome, _ = read(whole[:-1] + tail, name)

    assert (outcome.format, outcome.outcome) == (format_id, "too_deep")


def damages(value: Any) -> Iterator[Any]:
    """Yield the document with one part dropped or of another type."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield {other: value[other] for other in value if other != key}
            yield from ({**value, key: other} for other in (None, True, "x", -1, [], {}, [None], [[1]], {"x": None}))
            yield from ({**value, key: damaged} for damaged in damages(part))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield value[:index] + value[index + 1 :]
            yield from ([*value[:index], other, *value[index + 1 :]] for other in (None, True, "x", -1, [], {}))
            yield from ([*value[:index], damaged, *value[index + 1 :]] for damaged in damages(part))
