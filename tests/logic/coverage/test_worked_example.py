"""Two uploads of one commit, with the numbers that the whole, each flag and some paths must show."""

from oracle import Measure, report_of

from app.logic.coverage import codec, measure
from app.logic.coverage.assembled import Session, assemble, open_assembled
from app.logic.coverage.filters import PathFilter
from app.logic.coverage.report import BRANCH, IGNORED, METHOD

GREET, UTIL = "lib/greet.py", "lib/util.py"
UNIT = [
    Measure(1, 1, path=GREET),
    Measure(2, 1, 2, ("4",), BRANCH, path=GREET),
    Measure(4, 0, path=GREET),
    Measure(6, 3, kind=METHOD, complexity=(2, 5), path=GREET),
    Measure(1, 0, path=UTIL),
    Measure(3, 2, path=UTIL),
]
E2E = [
    Measure(1, 1, path=GREET),
    Measure(2, 1, 2, ("3",), BRANCH, path=GREET),
    Measure(4, 1, path=GREET),
    Measure(6, 0, kind=METHOD, complexity=(0, 5), path=GREET),
]


def assembled(*uploads: tuple[list[Measure], tuple[str, ...]]) -> codec.StoredReport:
    reports = [codec.open_report(codec.encode(report_of(lines), {})) for lines, _ in uploads]
    sources = [
        (Session(number, flags, totals=report.totals), report)
        for number, (report, (_, flags)) in enumerate(zip(reports, uploads, strict=True))
    ]
    return open_assembled(assemble(sources))


def numbers(totals) -> tuple[object, ...]:
    return totals.files, totals.lines, totals.hits, totals.misses, totals.partials, totals.coverage


def test_the_whole_and_each_flag_have_their_totals() -> None:
    report = assembled((UNIT, ("unit",)), (E2E, ("e2e",)))

    whole = report.totals
    assert numbers(whole) == (2, 6, 5, 1, 0, "83.33333")
    assert (whole.branches, whole.methods, whole.complexity, whole.complexity_total) == (1, 1, 2, 5)
    assert numbers(report.flags["unit"]) == (2, 6, 3, 2, 1, "50.00000")
    assert (report.flags["unit"].sessions, report.flags["unit"].complexity_total) == (1, 5)
    assert numbers(report.flags["e2e"]) == (1, 4, 2, 1, 1, "50.00000")


def test_a_flag_of_all_uploads_has_the_totals_of_the_whole() -> None:
    report = assembled((UNIT, ("all", "unit")), (E2E, ("all",)))

    assert numbers(report.flags["all"]) == numbers(report.totals)


def test_paths_narrow_the_totals() -> None:
    whole = assembled((UNIT, ("unit",)), (E2E, ("e2e",))).stored
    wanted = PathFilter(["lib/u.*"])

    some = whole.load_files([path for path in whole.files if wanted.matches(path)])

    assert numbers(measure.totals(some)) == (1, 2, 1, 1, 0, "50.00000")
    assert some.files == (UTIL,)


def test_without_a_session_it_is_as_if_that_had_never_been_uploaded() -> None:
    both = assembled((UNIT, ("unit",)), (E2E, ("e2e",)))
    alone = assembled((UNIT, ("unit",)))

    assert numbers(alone.totals) == numbers(both.flags["unit"])
    assert set(alone.flags) == {"unit"}


def test_a_report_without_a_counted_line_has_no_percentage() -> None:
    ignored = assembled(([Measure(1, IGNORED), Measure(2, IGNORED)], ()))

    assert numbers(ignored.totals) == (1, 0, 0, 0, 0, None)
    assert numbers(measure.totals(report_of([]))) == (0, 0, 0, 0, 0, None)
