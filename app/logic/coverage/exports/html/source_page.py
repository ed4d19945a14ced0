"""The page of a file: its source with the coverage of each line, or the measured lines alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.logic.coverage.exports.html.page import page, summary
from app.logic.coverage.exports.html.text import count, visible
from app.logic.coverage.exports.html.tree import Counts
from app.logic.coverage.report import HIT, MISS, PARTIAL, SKIPPED

MAX_ROWS: Final = 50_000  # of a page; no browser shows more of them well
MAX_SOURCE: Final = 5_000_000  # bytes
MAX_COLUMNS: Final = 2_000
MAX_GAPS: Final = 200
MAX_ARMS: Final = 10

_STATUSES: Final = {HIT: ("h", "hit"), PARTIAL: ("p", "partial"), MISS: ("m", "miss"), SKIPPED: ("i", "ignored")}


@dataclass(frozen=True, slots=True)
class MeasuredLine:
    """A line of a file: its status (report.HIT and so on), its value as people write it, and the arms not taken."""

    number: int
    status: int
    value: str
    arms: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FilePage:
    """What the page of a file is made of; `previous` and `next` are its neighbours as (path, page)."""

    path: str
    counts: Counts
    lines: Sequence[MeasuredLine]
    previous: tuple[str, str] | None = None
    next: tuple[str, str] | None = None


def source_page(title: str, file: FilePage, source: bytes | None) -> bytes:
    """Return the page of a file; `title` names the report, `source` None = not available."""
    header = (
        f'<nav aria-label="Breadcrumb"><a href="../index.html#files">{visible(title)}</a></nav>\n'
        f'<h1 class="path"><bdi>{visible(file.path)}</bdi></h1>\n{summary(file.counts, {})}'
    )
    text, problem = _readable(source)
    rows = _source_rows(file.lines, text) if text is not None else map(_bare_row, file.lines)
    main = "".join([*_gaps(file.lines), _note(problem), *_table(rows, with_source=text is not None), _neighbours(file)])
    return page(f"{file.path} - {title}", "../style.css", header, main)


def _readable(source: bytes | None) -> tuple[list[str] | None, str | None]:
    """Return the lines of a source, or why they cannot be shown."""
    if source is None:
        return None, "The source is not available; these are the measured lines."
    if len(source) > MAX_SOURCE:
        return None, "The source is too large to be shown; these are the measured lines."
    if b"\0" in source:
        return None, "The source is a binary file; these are the measured lines."
    lines = source.decode("utf-8-sig", "replace").replace("\r\n", "\n").removesuffix("\n").split("\n")
    return [_cut(line) if len(line) > MAX_COLUMNS else line for line in lines], None


def _cut(line: str) -> str:
    return f"{line[:MAX_COLUMNS]} … {len(line) - MAX_COLUMNS} characters more"


def _source_rows(lines: Sequence[MeasuredLine], text: Sequence[str]) -> Iterator[str]:
    """Yield a row for every line of the source, then those measured behind its end."""
    measured: Mapping[int, MeasuredLine] = {line.number: line for line in lines}
    # Escaped in one piece: that is much faster than line by line.
    for number, code in enumerate(visible("\n".join(text)).split("\n"), 1):
        line = measured.get(number)
        if line is None:
            cells = f"{_number(number)}<td class=s></td><td class=n></td><td class=c>{code}</td>"
            yield f'<tr id="L{number}">{cells}</tr>\n'
        else:
            yield f"{_start(line)}<td class=c>{code}{_arms(line)}</td></tr>\n"
    for line in lines:
        if line.number > len(text):
            yield f"{_start(line)}<td class=c><i>behind the end of the source</i>{_arms(line)}</td></tr>\n"


def _bare_row(line: MeasuredLine) -> str:
    return f"{_start(line)}<td class=c>{_arms(line)}</td></tr>\n"


def _start(line: MeasuredLine) -> str:
    letter, word = _STATUSES[line.status]
    return (
        f'<tr class={letter} id="L{line.number}">{_number(line.number)}'
        f"<td class=s>{word}</td><td class=n>{line.value}</td>"
    )


def _number(number: int) -> str:
    return f'<th scope=row><a href="#L{number}">{number}</a></th>'


def _arms(line: MeasuredLine) -> str:
    if not line.arms:
        return ""
    more = f" and {len(line.arms) - MAX_ARMS} more" if len(line.arms) > MAX_ARMS else ""
    return f" <span class=arms>not taken: {visible(', '.join(line.arms[:MAX_ARMS]))}{more}</span>"


def _table(rows: Iterator[str], *, with_source: bool) -> Iterator[str]:
    last = "Source" if with_source else "Branches"
    yield (
        '<table class="src" dir="ltr">\n<thead><tr><th scope=col>Line</th><th scope=col class=s>Status</th>'
        f"<th scope=col class=n>Hits</th><th scope=col>{last}</th></tr></thead>\n<tbody>\n"
    )
    shown = 0
    left_out = 0
    for row in rows:
        if shown < MAX_ROWS:
            yield row
            shown += 1
        else:
            left_out += 1
    yield "</tbody></table>\n"
    if left_out:
        yield _note(f"{count(left_out)} more lines are left out.")


def _note(problem: str | None) -> str:
    return f'<p class="note">{problem}</p>\n' if problem else ""


def _gaps(lines: Sequence[MeasuredLine]) -> Iterator[str]:
    """Yield links to the runs of lines that are missed, then to those that are partial."""
    for status, letter, word in ((MISS, "m", "Missed"), (PARTIAL, "p", "Partial")):
        runs = _runs(lines, status)
        links = " ".join(
            f'<a class={letter} href="#L{first}">{first if first == last else f"{first}–{last}"}</a>'
            for first, last in runs[:MAX_GAPS]
        )
        more = f" and {count(len(runs) - MAX_GAPS)} more" if len(runs) > MAX_GAPS else ""
        if runs:
            yield f'<nav class="gaps" aria-label="{word} lines">{word}: {links}{more}</nav>\n'


def _runs(lines: Sequence[MeasuredLine], status: int) -> list[tuple[int, int]]:
    """Return first and last line of the runs of measured lines with a status."""
    runs: list[tuple[int, int]] = []
    is_inside = False
    for line in lines:
        if line.status == status:
            first = runs.pop()[0] if is_inside else line.number
            runs.append((first, line.number))
        is_inside = line.status == status
    return runs


def _neighbours(file: FilePage) -> str:
    links = []
    if file.previous is not None:
        links.append(f'<a rel=prev href="{file.previous[1]}">← <bdi>{visible(file.previous[0])}</bdi></a>')
    if file.next is not None:
        links.append(f'<a rel=next href="{file.next[1]}"><bdi>{visible(file.next[0])}</bdi> →</a>')
    return f'<nav class="pages" aria-label="Other files">{"".join(links)}</nav>\n' if links else ""
