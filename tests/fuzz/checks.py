"""What must hold for any bytes at all: one check for each kind of document. A check that raises is a finding."""

import json
import random
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import PurePosixPath

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.codec import CodecError, StoredReport, encode, open_report
from app.logic.coverage.codec_blocks import BlockShape, read_block, write_block
from app.logic.coverage.dropped import DropReason
from app.logic.coverage.formats import go, lcov
from app.logic.coverage.formats.base import FormatError, FormatOptions
from app.logic.coverage.formats.preprocess import preprocess
from app.logic.coverage.measure import equal, totals
from app.logic.coverage.read import read_file
from app.logic.coverage.report import Report
from app.logic.repository_yaml.loading import load_yaml
from app.logic.repository_yaml.normalise import normalise as normal_config
from app.logic.repository_yaml.problems import InvalidYaml
from app.logic.uploads.expiry import age_limit
from app.logic.uploads.limits import Limits
from app.logic.uploads.parse import UploadFacts, parse_upload
from app.logic.uploads.paths.fixer import PathFixer
from app.logic.uploads.paths.listing import Listing
from app.logic.uploads.paths.listing_entries import clean_entry
from app.logic.uploads.paths.normalise import normalise
from app.logic.uploads.paths.rules import PathRules
from app.logic.uploads.switches import format_switches
from tests.fuzz import seeds
from tests.fuzz.mutate import Document, damaged
from tests.fuzz.wellformed import check_report

# Found by the path that seeds.py adds.
from text_engines import outcome  # isort: skip
from xml_engines import FORMATS as XML, assert_equal, fast, strict  # isort: skip

MOST = 8 << 20  # bytes of a document after decompression
SWITCHES = [
    f"{name}.partials_as_hits" for name in ("lcov", "cobertura", "clover", "jacoco", "go", "llvmcov", "gcovjson")
]
SWITCHES += [f"{name}.partials_as_hits" for name in ("xccov", "coverlet", "tarpaulin", "verilator", "sonar")]
SWITCHES += ["lcov.ignore_js_branches", "cobertura.handle_missing_conditions", "javascript.enable_partials"]
SWITCHES += [f"gcov.branch_detection.{kind}" for kind in ("conditional", "loop", "method", "macro")]
HARMLESS = {"ok", "empty", "not_recognised", "unsupported", "no_data", "corrupt", "too_deep", "too_large"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = Limits(stored_bytes=1 << 22, raw_bytes=1 << 22, file_bytes=MOST, files=50, listing_entries=1000)


def check_file(document: Document, chance: random.Random) -> None:
    """A coverage file is read or refused, and what is kept is a report."""
    switches = frozenset(chance.sample(SWITCHES, chance.randint(1, 8))) if chance.random() < 0.3 else frozenset()
    resolve = (
        (lambda candidates, _: candidates[0] if len(candidates[0]) % 5 else None) if chance.random() < 0.3 else None
    )
    builder = ReportBuilder(resolve)
    builder.begin_document(resolve)

    read = read_file(document.name, document.data, builder, FormatOptions(switches), max_bytes=MOST)

    assert read.outcome in HARMLESS, f"{read.format}: {read.outcome}: {read.detail}"
    assert read.outcome == "ok" or read.detail, "a refusal says why"
    if read.outcome != "ok":
        builder.forget_document()
    report = builder.build()
    assert read.outcome == "ok" or not report.files, "nothing is kept of a file that is refused"
    check_whole(report)


def check_xml(document: Document, chance: random.Random) -> None:
    """Also, the fast engine reads what the strict one does, or declines."""
    check_file(document, chance)
    with suppress(FormatError):
        data = preprocess(document.data, MOST)
        if not data.startswith(b"<"):
            return
        size = _block_size(data, chance)
        for name in chance.sample(sorted(XML), 2):
            expected, _ = strict(data, name, size)
            columns = fast(data, name, size)
            if columns is not None:
                assert_equal(columns, expected)


def check_lcov(document: Document, chance: random.Random) -> None:
    """Also, both readers agree."""
    check_file(document, chance)
    _check_readers(lcov.parse_plainly, lcov.parse_scanning, document, chance, "lcov")


def check_go(document: Document, chance: random.Random) -> None:
    """Also, both readers agree."""
    check_file(document, chance)
    _check_readers(go.parse_plainly, go.parse_scanning, document, chance, "go")


def _check_readers(plainly, scanning, document: Document, chance: random.Random, name: str) -> None:
    size = _block_size(document.data, chance)
    switches = chance.choice(((), (f"{name}.partials_as_hits",), ("lcov.ignore_js_branches",)))
    expected = outcome(plainly, document.data, *switches, drop="b")
    assert outcome(scanning, document.data, *switches, drop="b", block_size=size) == expected, "both readers agree"


def check_envelope(document: Document, chance: random.Random) -> None:
    """An upload ends in a report or in a problem that can be stored, and its paths stay in the repository."""
    config = chance.choice(({}, {"fixes": ["x/::../", "::pre"], "ignore": ["src/.*"]}))

    parsed = parse_upload(document.data, UploadFacts(NOW, document.name, config, ["unit"], "rocket"), LIMITS)

    assert (parsed.report is None) != (parsed.problem is None), "either a report or a problem"
    json.dumps([parsed.problem and parsed.problem.params, *parsed.notes], allow_nan=False).encode()
    if parsed.report is not None:
        check_whole(parsed.report)
        for path in parsed.report.files:
            check_inside(path)


def check_config(document: Document, _: random.Random) -> None:
    """A configuration is right or refused with a reason, and what is right can be stored and used."""
    try:
        config = normal_config(load_yaml(document.data)).config
    except InvalidYaml as error:
        assert str(error), "a refusal says why"
        return
    stored = json.loads(json.dumps(config, allow_nan=False))
    assert stored == config, "the normal form is JSON"
    rules = PathRules.from_config(stored, ["unit", "a b"], "rocket")
    assert not rules.problems, f"patterns that were accepted can be used: {rules.problems}"
    rules.verdict("src/a.py")
    format_switches(stored)
    age_limit(stored, NOW).is_passed(0)


def check_paths(document: Document, _: random.Random) -> None:
    """A path is dropped or becomes one of the repository."""
    listed, rules, bases, paths = ([*document.data.split(b"\n\n"), b"", b"", b""])[:4]
    entries = [entry for line in _lines(listed) if (entry := clean_entry(line))]
    try:
        loaded = load_yaml(rules)
        config = normal_config(loaded).config if loaded else {}
    except InvalidYaml:
        config = {"ignore": _lines(rules), "fixes": _lines(rules)}
    fixers = [
        PathFixer(Listing(entries), "build/report.xml", PathRules.from_config(config, ["unit"], "rocket")),
        PathFixer(None, "C:\\build\\report.xml", PathRules.from_config(config, ["unit"], "rocket")),
        PathFixer(Listing(entries), None, None),
    ]
    for path in _lines(paths)[:50]:
        for number, fixer in enumerate(fixers):
            found = fixer.resolve([path, f"src/{path}"], _lines(bases)[:5])
            if isinstance(found, DropReason):
                continue
            if number != 1 and found in entries:
                continue  # what the repository lists is its own
            check_inside(found)
            assert number != 2 or not entries or found in entries, "without rules only listed paths come out"


def check_stored(document: Document, chance: random.Random) -> None:
    """Stored bytes that were changed are refused; so are contents that make no sense under a right digest."""
    for action in (lambda: open_report(document.data).load(), lambda: open_report(document.data).load_files(["a"])):
        with suppress(CodecError):
            action()
    report = chance.choice(_reports())
    content = damaged(chance, [Document(None, write_block(report))]).data
    missing = report.missing
    shape = BlockShape(
        report.files,
        report.offsets[1:] - report.offsets[:-1],
        report.line[report.offsets[1:] - 1],
        len(report.branch_row),
        len(missing.row),
        len(missing.ids),
        len(report.complexity.row),
    )
    with suppress(CodecError):
        read_block(content, shape, missing.texts)
    with suppress(CodecError):
        StoredReport(document.data, 0, damaged(chance, [Document(None, content)]).data)


def check_whole(report: Report) -> None:
    """A report keeps its rules and survives being stored; equal reports give equal bytes."""
    check_report(report)
    stored = encode(report, {})
    loaded = open_report(stored)
    assert equal(loaded.load(), report), "what is stored is what is loaded"
    assert encode(loaded.load(), {}) == stored, "equal reports give equal bytes"
    assert loaded.totals == totals(report), "the header has the totals of the rows"


def check_inside(path: str) -> None:
    """A path of the repository names something below its root."""
    assert path == normalise(path), f"{path[:100]!r} is in normal form"
    assert not PurePosixPath(path).is_absolute(), f"{path[:100]!r} is relative"
    assert ".." not in path.split("/"), f"{path[:100]!r} stays below the root"
    assert "\x00" not in path, "no path has a NUL character"


def _block_size(data: bytes, chance: random.Random) -> int:
    """Return a size that makes a few blocks, whose borders may be anywhere."""
    return max(1, len(data) // chance.randint(1, 8) - chance.randint(0, 40))


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()


def _reports(found: list[Report] = []) -> list[Report]:  # noqa: B006  # built once, it is the same for every case
    if not found:
        found += seeds.built()
    return found
