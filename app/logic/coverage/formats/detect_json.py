"""Tell which tool wrote a JSON document."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from app.logic.coverage.formats.base import FormatError
from app.logic.coverage.formats.json_documents import as_list, as_object, decode
from app.logic.coverage.formats.json_head import look
from app.logic.coverage.formats.refusals import (
    BUNDLE_STATS,
    DOTCOVER_SUMMARY,
    ISTANBUL_SUMMARY,
    RAW_V8,
    SUMMARY,
    XCCOV_REPORT,
    Refusal,
)

_SLICES: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_HEAD_BYTES: Final = 512
_ENTRY_BYTES: Final = 512
_LOOKED_AT: Final = 8  # entries of a level whose inside is looked at when the head alone does not tell
_GAP_LINES: Final = 5
_TEST_COMMANDS: Final = ("RSpec", "MiniTest")  # in old result sets without timestamps
_ISTANBUL_KEYS: Final = ("statementMap", "lineData", "linesCovered", "branchMap", "fnMap")
_ASSEMBLY: Final = re.compile(r".+\.(dll|exe)", re.IGNORECASE)


def detect_json(data: bytes) -> str | Refusal | None:
    """Return the format of a document that begins with a bracket; None if it is no JSON at all.

    Looks at the head only; a large document that does not show what it is there is skimmed once for the keys of its
    first two levels, without decoding any value.
    """
    head = look(data, _HEAD_BYTES)
    if head.too_deep:
        return Refusal("too_deep", "JSON nested too deeply")
    if head.end is not None and head.end < len(data.rstrip()) and _is_gap(data):
        return "gap"
    if head.end is not None and not head.value:
        return Refusal("empty", "an empty JSON document")
    found = _recognise(head.value)
    if found is None and head.end is None and not head.broken and isinstance(head.value, dict):
        try:
            found = _recognise(_skim(data))
        except FormatError as error:
            return Refusal(error.code, error.detail)
    if found is None and head.broken and head.keys:
        return Refusal("corrupt", "broken or incomplete JSON")
    return found


def _is_gap(data: bytes) -> bool:
    """Tell whether one of the first lines is a record that opens a file, as in profiles of the GAP system."""
    for line in data[:100_000].split(b"\n")[:_GAP_LINES]:
        record = look(line, _HEAD_BYTES).value
        if isinstance(record, dict) and "Type" in record and "File" in record:
            return True
    return False


def _skim(data: bytes) -> dict[str, Any]:
    """Outline the first two levels of the whole document, and the inside of their first entries."""
    try:
        slices: dict[str, msgspec.Raw] = decode(data, _SLICES)
    except msgspec.ValidationError:
        return {}
    outline = _outline(slices)
    for key, raw in slices.items():
        if isinstance(outline[key], dict):
            entries: dict[str, msgspec.Raw] = decode(raw, _SLICES)
            outline[key] = _outline(entries)
    return outline


def _outline(slices: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    outline: dict[str, Any] = {}
    for position, (key, raw) in enumerate(slices.items()):
        text = memoryview(raw)
        if position < _LOOKED_AT:
            outline[key] = look(text, _ENTRY_BYTES).value
        else:
            outline[key] = {} if text[0] == ord("{") else None
    return outline


def _recognise(value: Any) -> str | Refusal | None:
    if isinstance(value, dict):
        return _own_keys(value) or _entries(value) or _unusable(value)
    if isinstance(value, list):
        return _array(value)
    return None


def _own_keys(doc: Mapping[str, Any]) -> str | None:
    """Recognise a document by its top-level keys, more specific formats first."""
    files, meta, kind = doc.get("files"), as_object(doc.get("meta")), doc.get("type")
    rules: tuple[tuple[str, Any], ...] = (
        ("llvmcov", kind == "llvm.coverage.json.export"),
        ("gcovjson", "gcovr/format_version" in doc or ("format_version" in doc and _is_of_gcov(doc, files))),
        ("elm", doc.get("coverageData") and "moduleMap" in doc),
        ("rlang", doc.get("uploader") == "R"),
        ("flowcover", doc.get("flowStatus") and "files" in doc),
        ("simplecov", "simplecov_version" in meta or ("command_name" in doc and "files" in doc)),
        ("simplecov", _is_result_set(doc)),
        ("simplecov", any("coverage" in as_object(doc.get(command)) for command in _TEST_COMMANDS)),
        ("v1", isinstance(doc.get("coverage"), dict)),
        ("scala", "fileReports" in doc),
        ("coveralls", "source_files" in doc),
        ("gap", "Type" in doc and "File" in doc),
        ("pycoverage", isinstance(files, dict) and _any_has(files, "executed_lines")),
        ("pycoverage", files == {} and ("show_contexts" in meta or "branch_coverage" in meta)),
        ("tarpaulin", isinstance(files, list) and (_any_has(files, "traces") or _have_split_paths(files))),
        ("dartvm", kind == "CodeCoverage" and isinstance(doc.get("coverage"), list)),
    )
    return next((format_id for format_id, holds in rules if holds), None)


def _entries(doc: Mapping[str, Any]) -> str | None:
    """Recognise a document whose keys are names of files or modules."""
    values = list(doc.values())
    if any(isinstance(value, list) and _any_has(value, "isExecutable") for value in values):
        return "xccov"
    if all(_ASSEMBLY.fullmatch(key) and isinstance(value, dict) for key, value in doc.items()):
        return "coverlet" if doc else None
    inner = list(as_object(doc.get("data")).values())
    if any(_is_istanbul_file(value) for value in (*values, *inner)):
        return "istanbul"
    if any(_has_lines_of_methods(value) for value in values):
        return "coverlet"
    return None


def _unusable(doc: Mapping[str, Any]) -> Refusal | None:
    total = as_object(doc.get("total"))
    scripts = [entry for entry in as_list(doc.get("result")) if isinstance(entry, dict)]
    if "pct" in as_object(total.get("lines")) or _any_has_pct(doc):
        return ISTANBUL_SUMMARY
    if any("functions" in script or "scriptId" in script for script in scripts):
        return RAW_V8
    if "targets" in doc and "lineCoverage" in doc:
        return XCCOV_REPORT
    if "DotCoverVersion" in doc:
        return DOTCOVER_SUMMARY
    if "bundler" in doc and ("assets" in doc or "chunks" in doc):
        return BUNDLE_STATS
    percentages = ("percent_covered", "line_percent", "covered_percent", "coverage")
    result = as_object(doc.get("result"))
    summary = (
        "gcovr/summary_format_version" in doc
        or any(_any_has(doc.get("files"), key) for key in percentages)
        or any(key in doc for key in percentages)
        or any(key in result for key in ("line", "covered_percent"))
        or ("summary" in doc and "runs" in doc)
    )
    return SUMMARY if summary else None


def _array(values: list[Any]) -> str | Refusal | None:
    first: Any = next((value for value in values if isinstance(value, dict | list)), None)
    if isinstance(first, list):
        return "salesforce" if _any_has(first, "apexClassOrTriggerName") else None
    if not isinstance(first, dict):
        return None
    if "name" in first and "lines" in first:
        return "salesforce"
    if "file" in first and isinstance(first.get("coverage"), list):
        return "coveralls"  # slather's list of files, with the lines of a Coveralls file
    if "url" in first and ("functions" in first or "ranges" in first):
        return RAW_V8
    return None


def _is_of_gcov(doc: Mapping[str, Any], files: Any) -> bool:
    return ("gcc_version" in doc and isinstance(files, list)) or _any_has(files, "lines")


def _have_split_paths(files: list[Any]) -> bool:
    """Tell whether files have a list of parts as path, as tarpaulin writes in front of the whole source."""
    return any(isinstance(as_object(file).get("path"), list) for file in files)


def _is_result_set(doc: Mapping[str, Any]) -> bool:
    """Tell whether every entry is the result of a test command, as in SimpleCov's `.resultset.json`."""
    return bool(doc) and all(
        isinstance(value, dict) and isinstance(value.get("coverage"), dict) and "timestamp" in value
        for value in doc.values()
    )


def _is_istanbul_file(value: Any) -> bool:
    entry = as_object(value)
    return any(key in part for part in (entry, as_object(entry.get("data"))) for key in _ISTANBUL_KEYS)


def _has_lines_of_methods(module: Any) -> bool:
    """Tell whether documents, classes and methods lead to `Lines`, as in coverlet's output."""
    methods = [
        method
        for document in as_object(module).values()
        for cls in as_object(document).values()
        for method in as_object(cls).values()
    ]
    return any("Lines" in as_object(method) for method in methods)


def _any_has(values: Any, key: str) -> bool:
    entries = values.values() if isinstance(values, dict) else as_list(values)
    return any(isinstance(entry, dict) and key in entry for entry in entries)


def _any_has_pct(doc: Mapping[str, Any]) -> bool:
    return any("pct" in as_object(as_object(value).get("lines")) for value in doc.values())
