"""All pages of a report."""

import itertools
from collections.abc import Callable, Iterator

from app.logic.coverage.exports.arms import NO_LIST, branch_rows, list_texts
from app.logic.coverage.exports.html.index_page import index_page
from app.logic.coverage.exports.html.names import page_name
from app.logic.coverage.exports.html.source_page import FilePage, MeasuredLine, source_page
from app.logic.coverage.exports.html.style import stylesheet
from app.logic.coverage.exports.html.tree import Counts
from app.logic.coverage.exports.subject import Subject
from app.logic.coverage.measure import statuses
from app.logic.coverage.report import IGNORED, Report

# Returns the source of a file by its path, None where there is none.
FindSource = Callable[[str], bytes | None]


def write(
    subject: Subject, title: str, find_source: FindSource, made: str | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield the pages as (path in the folder, content): style sheet, files, and at last the index.

    Equal input gives equal pages; `made` is shown on the index as it is. Raises codec.ReportCorrupt, and what
    `find_source` raises.
    """
    counts = [Counts(*row[:3]) for row in subject.file_totals().tolist()]
    paths = subject.files
    pages = [page_name(path) for path in paths]
    neighbours = list(zip(paths, pages, strict=True))
    yield "style.css", stylesheet().encode()
    number = 0
    for block in subject.blocks():
        for lines in measured_lines(block):
            file = FilePage(
                paths[number],
                counts[number],
                lines,
                neighbours[number - 1] if number else None,
                neighbours[number + 1] if number + 1 < len(paths) else None,
            )
            yield f"files/{pages[number]}", source_page(title, file, find_source(paths[number]))
            number += 1
    yield "index.html", index_page(title, subject, counts, made)


def measured_lines(report: Report) -> Iterator[list[MeasuredLine]]:
    """Yield the lines of each file."""
    values = ["-" if hits == IGNORED else str(hits) for hits in report.hits.tolist()]
    branches = branch_rows(report)
    arms: dict[int, list[str]] = {}
    for row, covered, total, chosen in zip(
        *(column.tolist() for column in (branches.row, branches.covered, branches.arms, branches.list)), strict=True
    ):
        values[row] = f"{covered}/{total}"
        if chosen != NO_LIST:
            arms[row] = list_texts(report.missing, chosen)
    rows = list(zip(report.line.tolist(), statuses(report).tolist(), values, strict=True))
    bounds = report.offsets.tolist()
    for start, end in itertools.pairwise(bounds):
        yield [MeasuredLine(*rows[row], arms.get(row, ())) for row in range(start, end)]
