"""Read one coverage file of an upload: find its format, parse it, and say what became of it."""

import ntpath
import posixpath
import re
import time
from dataclasses import dataclass, replace
from typing import Final

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats import PARSERS
from app.logic.coverage.formats.base import FormatError, FormatOptions, ParseStats
from app.logic.coverage.formats.detect import detect
from app.logic.coverage.formats.preprocess import preprocess
from app.logic.coverage.formats.refusals import Refusal

_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")


@dataclass(frozen=True, slots=True)
class FileRead:
    """What became of one coverage file.

    `outcome`: ok; empty (nothing in it); not_recognised; unsupported (recognised, but not read); no_data (recognised,
    carries no lines); corrupt (broken, or every record was bad); too_deep; too_large; failed (the parser itself did).
    `detail` is a sentence for the user where the outcome is not ok. `format` is known from recognition on. Lines whose
    paths the builder drops count as read, so ok does not promise rows. `seconds` is the time it took.
    """

    format: str | None
    outcome: str
    detail: str | None
    stats: ParseStats | None
    seconds: float


def read_file(
    name: str | None, data: bytes, builder: ReportBuilder, options: FormatOptions, *, max_bytes: int
) -> FileRead:
    """Add the rows of one coverage file to the builder; never raises for bad content.

    `name` is the path of the file where it was made, which the parser may use. `max_bytes` bounds the document after
    decompression. After any outcome but ok the builder may hold a part of the file's rows: a caller that
    called `builder.begin_document` before takes them back with `builder.forget_document`. MemoryError is passed on.
    """
    started = time.perf_counter()
    format_id: str | None = None
    stats: ParseStats | None = None
    detail: str | None
    try:
        document = preprocess(data, max_bytes)
        found = detect(name, document)
        if isinstance(found, Refusal):
            format_id, outcome, detail = found.format, found.code, found.detail
        else:
            format_id = found
            known = replace(options, base=directory_of(name), name=name or "")
            stats = PARSERS[found](document, builder, known)
            outcome, detail = _judge(stats)
    except FormatError as error:
        outcome, detail = error.code, error.detail
    except MemoryError:
        raise
    except Exception as error:  # one file must not take the others of its upload with it
        outcome, detail = "failed", f"{type(error).__name__}: {error}"
    return FileRead(format_id, outcome, detail, stats, time.perf_counter() - started)


def _judge(stats: ParseStats) -> tuple[str, str | None]:
    if stats.records:
        return "ok", None
    if stats.skipped:
        return "corrupt", f"none of {stats.skipped} records is usable; first: {stats.first_problem}"
    return "no_data", "the report holds no lines"


def directory_of(name: str | None) -> str:
    """Return the directory of a file name, by Windows rules if it has a drive letter, else by POSIX rules."""
    if not name:
        return ""
    return ntpath.dirname(name) if _DRIVE.match(name) else posixpath.dirname(name)
