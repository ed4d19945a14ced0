"""The `line` elements of Cobertura XML."""

import numpy as np

from app.logic.coverage.branches import pair_parts
from app.logic.coverage.exports.arms import NO_LIST, are_pairs, branch_rows, list_texts
from app.logic.coverage.exports.text_rows import Where, text_rows
from app.logic.coverage.exports.xml_text import attribute
from app.logic.coverage.ragged import Ints, take_lists
from app.logic.coverage.report import IGNORED, MissingArms, Report


def line_elements(report: Report) -> list[bytes]:
    """Return the elements of each file; ignored lines are left out."""
    line, counted = report.line, report.hits != IGNORED
    branches = branch_rows(report)
    named = branches.take(branches.list != NO_LIST)
    is_branch, has_conditions = np.zeros((2, len(line)), dtype=bool)
    is_branch[branches.row], has_conditions[named.row] = True, True
    arms = np.ones(len(line), dtype=np.int64)
    arms[branches.row] = branches.arms
    hits = np.maximum(report.hits, 0)
    # The report knows the arms of a line with branches and not its runs.
    count = np.where(is_branch, hits > 0, hits)
    rows = text_rows(
        len(line),
        Where(counted, (b'<line number="', line, b'" hits="', count, b'" branch="')),
        Where(counted & ~is_branch, (b'false"/>\n',)),
        Where(is_branch, (b'true" condition-coverage="', 100 * hits // arms, b"% (", hits, b"/", arms, b')"')),
        Where(has_conditions, (b">",)),
        Where(is_branch & ~has_conditions, (b"/>\n",)),
    )
    return rows.insert(named.row, _conditions(report.missing, named.list)).cut(report.offsets)


def _conditions(missing: MissingArms, lists: Ints) -> list[bytes]:
    """Return the elements of the arms that each list names, and the end of their line."""
    pieces = _paired(missing, lists)
    for position in np.flatnonzero(~are_pairs(missing)[lists]).tolist():
        texts = list_texts(missing, int(lists[position]))
        pieces[position] = "".join(map(_condition, texts)).encode()
    return [b"<conditions>%b</conditions></line>\n" % piece for piece in pieces]


def _paired(missing: MissingArms, lists: Ints) -> list[bytes]:
    """Return the elements of the lists whose ids are `a:b`; what stands for others is of no use."""
    offsets, ids = take_lists(missing.offsets, missing.ids, lists)
    number, kind = (np.clip(part, 0, None) & (2**30 - 1) for part in pair_parts(ids))
    rows = text_rows(len(ids), b'<condition number="', number, b'" type="', kind, b'" coverage="0%"/>')
    return rows.cut(offsets)


def _condition(text: str) -> str:
    """Return the element of an arm; where its id is no pair, its type is that of a jump."""
    number, colon, kind = text.partition(":")
    return f'<condition number="{attribute(number)}" type="{attribute(kind) if colon else "jump"}" coverage="0%"/>'
