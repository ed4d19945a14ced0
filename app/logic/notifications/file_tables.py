"""The tables of files in the comment: what the patch leaves uncovered, what the change did to each file. Pure."""

import base64
from collections.abc import Iterable
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from app.logic.coverage.comparison import ImpactedFile
from app.logic.coverage.totals import Totals
from app.logic.notifications.markdown import escape
from app.logic.notifications.subject import PullRequest, Subject

SHOWN_PATH: Final = 50  # characters, the last ones


def patch_table(subject: Subject, pull: PullRequest, limit: int) -> list[str]:
    """Return the lines of the table of files whose added lines are not all covered; nothing without such files."""
    percent = subject.numbers.percent
    files = [(file, patch) for file, patch in _changed(subject.comparison.files) if _missing(patch)]
    rows = [
        f"| {_file_cell(pull, file)} | {percent(patch.percent)} | {_missing_cell(pull, patch)} |"
        for file, patch in files[:limit]
    ]
    if not rows:
        return []
    header = f"| [Files missing coverage]({pull.coverage_url}) | Patch % | Lines |"
    return ["", header, "|---|---|---|", *rows, *_more(pull, len(files) - limit, columns=3)]


def file_table(subject: Subject, pull: PullRequest, limit: int) -> list[str]:
    """Return the lines of the table of changed files, and how many others changed though the diff does not say why."""
    base, head = subject.comparison.base, subject.comparison.head
    complexity = bool(head.complexity or (base and base.complexity))
    files = _changed(subject.comparison.files)
    rows = [
        f"| {_file_cell(pull, file)} {_metric_cells(subject, file, patch, complexity=complexity)}"
        for file, patch in files[:limit]
    ]
    lines = []
    if rows:
        column, rule, columns = (" Complexity Δ |", "---|", 4) if complexity else ("", "", 3)
        header = f"| [Files in this change]({pull.coverage_url}) | Coverage Δ |{column} |"
        lines = ["", header, f"|---|---|{rule}---|", *rows, *_more(pull, len(files) - limit, columns)]
    indirect = sum(not file.in_diff for file in subject.comparison.files)
    if indirect:
        lead, plural = "... plus " if lines else "", "s" if indirect > 1 else ""
        lines += ["", f"{lead}[{indirect} file{plural} changed indirectly]({pull.url}/indirect-changes)"]
    return lines


def _changed(files: Iterable[ImpactedFile]) -> list[tuple[ImpactedFile, Totals]]:
    """Return the files of the diff with their patch totals, those with the most uncovered lines first."""
    changed = [(file, file.patch) for file in files if file.patch is not None]
    return sorted(changed, key=lambda entry: (-_missing(entry[1]), entry[0].path))


def _missing(totals: Totals) -> int:
    return totals.misses + totals.partials


def _more(pull: PullRequest, rest: int, columns: int) -> list[str]:
    """Return the row that counts the files beyond the limit, if there are any."""
    return [f"| ... and [{rest} more]({pull.coverage_url}) |{' |' * (columns - 1)}"] if rest > 0 else []


def _file_cell(pull: PullRequest, file: ImpactedFile) -> str:
    path = file.path
    shown = path if len(path) <= SHOWN_PATH else f"...{path[-SHOWN_PATH:]}"
    anchor = base64.b64encode(path.encode("utf-8", "replace")).decode("ascii")
    return f"[{escape(shown)}]({pull.url}?filepath={quote(path, safe='', errors='replace')}#diff-{anchor})"


def _missing_cell(pull: PullRequest, patch: Totals) -> str:
    partials = f" and {patch.partials} partial{'s' if patch.partials > 1 else ''}" if patch.partials else ""
    return f"[{patch.misses} missing{partials} :warning:]({pull.url})"


def _metric_cells(subject: Subject, file: ImpactedFile, patch: Totals, *, complexity: bool) -> str:
    """Return `absolute <patch> (change)` of coverage, the same of complexity if it is shown, and an arrow."""
    before, after = file.base_totals or Totals(), file.head_totals or Totals()
    percent = subject.numbers.percent
    change = after.percent - before.percent if after.percent is not None and before.percent is not None else None
    shown = percent(change, plus=True, if_zero="ø", if_null="∅" if file.base_totals is not None else "ø")
    cells = f"| `{percent(after.percent, if_null='∅')} <{percent(patch.percent, if_null='ø')}> ({shown})` |"
    if not complexity:
        return f"{cells}{_arrow(change)} |"
    growth = after.complexity - before.complexity if file.base_totals is not None else 0
    cells += f" `{after.complexity} <{patch.complexity}> ({f'{growth:+d}' if growth else 'ø'})` |"
    # With complexity beside it, an arrow says that both went the same way.
    return f"{cells}{_arrow(change) if change and growth * change < 0 else ''} |"


def _arrow(change: Decimal | None) -> str:
    if not change:
        return ""
    return " :arrow_up:" if change > 0 else " :arrow_down:"
