"""Assembling a commit: 50 uploads anew, and one more upon what is there.

Workload at scale 1: 50 uploads of 5,000 files x 400 lines, of which each holds 80 % (1.6 M rows), under five flags. The
baseline of both rows is assembling all uploads anew; the first also says how it compares with merely decoding them.
"""

import math
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from app.logic.coverage import codec
from app.logic.coverage.assembled import Session, open_assembled
from app.logic.coverage.codec import StoredReport
from app.logic.coverage.incremental import Extended, Previous, extend
from benchmarks.measure import SMALL_SECONDS, Row
from benchmarks.upload_reports import repository, uploads

T = TypeVar("T")
UPLOADS = 50
FLAGS = 5
ANEW_MUST = 5  # times decoding
ONE_MORE_MUST = 0.2  # of assembling anew


def rows(scale: float) -> Iterator[Row]:
    """Measure from the bytes of parsed uploads to the bytes of the commit report; storage is left out."""
    stored = [codec.encode(report, {}) for report in uploads(repository(scale), UPLOADS + 1)]
    sessions = [
        Session(number, (f"flag {number % FLAGS}",), content=codec.open_report(data).identity)
        for number, data in enumerate(stored)
    ]

    def load(session: Session) -> StoredReport:
        return codec.open_report(stored[session.index])

    def decode() -> None:
        for data in stored[:UPLOADS]:
            codec.open_report(data).load()

    decoding, _ = _timed(decode)
    anew, first = _timed(lambda: extend(sessions[:UPLOADS], load, None))
    one_more, _ = _timed(lambda: extend(sessions, load, _previous(first)))
    size = f"{codec.open_report(stored[0]).rows / 1e6:.2f} M rows"
    yield Row(f"assemble {UPLOADS} x {size}, {FLAGS} flags", anew, "decode them all", decoding, ANEW_MUST, math.nan)
    must = ONE_MORE_MUST if anew > SMALL_SECONDS else math.inf
    yield Row(f"one more upload upon {UPLOADS} x {size}", one_more, "assemble all anew", anew, must, math.nan)


def _previous(extended: Extended) -> Previous:
    def layer(key: str) -> StoredReport | None:
        return codec.open_report(extended.layers[key]) if key in extended.layers else None

    return Previous(open_assembled(extended.report), layer)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return the best seconds of a few runs, and what the work gives."""
    best = math.inf
    for _ in range(3):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result
