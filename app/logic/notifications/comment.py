"""Render the comment of a pull request: header, diff block, files. Pure text from facts."""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote

from app.logic.coverage.comparison import ImpactedFile
from app.logic.coverage.totals import Totals
from app.logic.notifications.diff_block import diff_block
from app.logic.notifications.markdown import escape
from app.logic.notifications.subject import Subject, short

MAX_COMMENT = 65_536  # characters GitHub accepts
DEFAULT_ROWS = 10
SHOWN_PATH = 50


@dataclass(frozen=True, slots=True)
class CommentOptions:
    """What the comment shows; `rows` limits each table of files."""

    sections: Sequence[str] = ("header", "diff", "files", "footer")
    rows: int = DEFAULT_ROWS
    hide_project_coverage: bool = False


def marker(brand: str) -> str:
    """The hidden first line by which a comment whose id was lost is found again."""
    return f"<!-- {brand.lower()}:coverage -->"


def render_comment(subject: Subject, options: CommentOptions | None = None) -> str:
    """Return the body of the comment, shortened step by step until the host accepts its length."""
    chosen = options or CommentOptions()
    for rows, sections in _reductions(chosen):
        body = _body(subject, CommentOptions(sections, rows, chosen.hide_project_coverage))
        shortened = (rows, tuple(sections)) != (chosen.rows, tuple(chosen.sections))
        if shortened:
            body += "\n\nReport shortened."
        if len(body) <= MAX_COMMENT:
            return body
    return "\n".join([marker(subject.brand), _title(subject), "", f"[View the full report]({_page(subject)})."])


def _reductions(options: CommentOptions) -> Iterable[tuple[int, Sequence[str]]]:
    yield options.rows, options.sections
    for rows in (10, 5, 0):
        if rows < options.rows:
            yield rows, options.sections
    yield 0, [name for name in options.sections if name not in ("diff", "files")]


def _body(subject: Subject, options: CommentOptions) -> str:
    renderers: dict[str, Callable[[Subject, CommentOptions], list[str]]] = {
        "diff": lambda s, _: ["", *diff_block(s)],
        "files": _file_table,
        "footer": _footer,
    }
    lines = [marker(subject.brand), _title(subject), *_header(subject, options)]
    if "files" in options.sections:
        lines += _patch_table(subject, options)
    for name in dict.fromkeys(options.sections):
        if name in renderers:
            lines += renderers[name](subject, options)
    return "\n".join(lines)


def _page(subject: Subject) -> str:
    return f"{subject.page_url}?dropdown=coverage"


def _title(subject: Subject) -> str:
    return f"## [{escape(subject.brand)}]({_page(subject)}) report"


def _header(subject: Subject, options: CommentOptions) -> list[str]:
    comparison, show = subject.comparison, subject.numbers.show
    patch = comparison.patch
    lines = []
    if patch is not None and (missing := patch.misses + patch.partials):
        count = f"{missing} changed line{'s' if missing != 1 else ''}"
        lines.append(f":x: Patch coverage is `{show(patch.percent)}%`: `{count}` not covered.")
    else:
        lines.append(":white_check_mark: All changed coverable lines are covered.")
    if options.hide_project_coverage:
        return lines
    head, pull = comparison.head.percent, subject.pull
    if comparison.base is not None:
        base = comparison.base.percent
        delta = head - base if head is not None and base is not None else None
        icon = ":white_check_mark:" if delta is not None and delta >= 0 else ":warning:"
        lines.append(
            f"{icon} Project coverage is {show(head)}% ({show(delta, plus=True)}%), comparing "
            f"base [`{short(subject.base_sha)}`]({subject.base_url}) to "
            f"head [`{short(subject.head_sha)}`]({subject.commit_url})."
        )
    else:
        branch = f"{pull.base_branch}@{short(pull.base_sha)}" if pull is not None else short(subject.patch_base_sha)
        lines.append(f":warning: No coverage report for BASE (`{branch}`). Upload one to see project changes.")
    if pull is not None and pull.behind_by and comparison.base is not None:
        plural = "s" if pull.behind_by != 1 else ""
        branch = escape(pull.base_branch)
        lines.append(f":warning: The base report is {pull.behind_by} commit{plural} behind {branch}.")
    if pull is not None and pull.head_sha != subject.head_sha:
        ours, theirs = short(subject.head_sha), short(pull.head_sha)
        lines += [
            "",
            f":warning: **This report is for {ours}, but the pull request head is now {theirs}.** "
            f"Upload reports for {theirs} to refresh it.",
        ]
    return lines


def _by_missing(files: Iterable[ImpactedFile]) -> list[ImpactedFile]:
    """Files of the diff that have patch totals, the least covered first."""
    known = [file for file in files if file.in_diff and file.patch is not None]
    return sorted(known, key=lambda file: (-_missing(file), file.path))


def _missing(file: ImpactedFile) -> int:
    return file.patch.misses + file.patch.partials if file.patch is not None else 0


def _patch_table(subject: Subject, options: CommentOptions) -> list[str]:
    files = [file for file in _by_missing(subject.comparison.files) if _missing(file)]
    if not files or not options.rows:
        return []
    page, show = _page(subject), subject.numbers.show
    lines = ["", f"| [Files missing coverage]({page}) | Patch % | Lines |", "|---|---|---|"]
    for file in files[: options.rows]:
        patch = file.patch or Totals()
        partials = f" and {patch.partials} partial{'s' if patch.partials > 1 else ''}" if patch.partials else ""
        cell = f"[{patch.misses} missing{partials} :warning:]({subject.page_url})"
        lines.append(f"| {_file_cell(subject, file)} | {show(patch.percent)}% | {cell} |")
    if (more := len(files) - options.rows) > 0:
        lines.append(f"| ... and [{more} more]({page}) | | |")
    return lines


def _file_cell(subject: Subject, file: ImpactedFile) -> str:
    path = file.path
    shown = path if len(path) <= SHOWN_PATH else f"...{path[-SHOWN_PATH:]}"
    anchor = base64.b64encode(path.encode("utf-8", "replace")).decode("ascii")
    cell = f"[{escape(shown)}]({subject.page_url}?filepath={quote(path, safe='')}#diff-{anchor})"
    return f"~~{cell}~~" if file.removed_by_diff else cell


def _file_table(subject: Subject, options: CommentOptions) -> list[str]:
    files = _by_missing(subject.comparison.files)
    indirect = sum(1 for file in subject.comparison.files if not file.in_diff)
    page = _page(subject)
    lines: list[str] = []
    if files and options.rows:
        complexity = any(
            (side.complexity if side else 0) for side in (subject.comparison.base, subject.comparison.head)
        )
        extra, rule = (" Complexity Δ |", "---|") if complexity else ("", "")
        lines += ["", f"| [Files in this change]({page}) | Coverage Δ |{extra} |", f"|---|---|{rule}---|"]
        lines += [
            f"| {_file_cell(subject, file)} {_metric(subject, file, complexity)}" for file in files[: options.rows]
        ]
        if (more := len(files) - options.rows) > 0:
            lines.append(f"| ... and [{more} more]({page}) | |{' |' if complexity else ''} |")
    if indirect:
        lead = "... plus " if lines else ""
        plural = "s" if indirect != 1 else ""
        lines += ["", f"{lead}[{indirect} file{plural} changed indirectly]({subject.page_url}/indirect-changes)"]
    return lines


def _metric(subject: Subject, file: ImpactedFile, complexity: bool) -> str:
    show = subject.numbers.show
    if file.removed_by_diff:
        return "| | | |" if complexity else "| | |"
    before, after = file.base_totals, file.head_totals
    covered = after.percent if after is not None else None
    patch = file.patch.percent if file.patch is not None else None
    impact = _impact(before, after)
    absolute = f"{show(covered)}%" if covered is not None else "∅"
    relative = f"{show(patch)}%" if patch is not None else "ø"
    if before is None:
        change = "ø"
    elif impact is None:
        change = "∅"
    else:
        change = f"{show(impact, plus=True)}%" if impact else "ø"
    grown = (after.complexity if after else 0) - (before.complexity if before else 0)
    cells = f"| `{absolute} <{relative}> ({change})` |"
    if complexity:
        total = after.complexity if after else 0
        cells += f" `{total} ({f'{grown:+d}' if before is not None and grown else 'ø'})` |"
    return f"{cells}{_arrow(impact, grown if complexity else None)} |"


def _impact(before: Totals | None, after: Totals | None) -> Decimal | None:
    if before is None or after is None or before.percent is None or after.percent is None:
        return None
    return after.percent - before.percent


def _arrow(impact: Decimal | None, grown: int | None) -> str:
    """An arrow for a clear change only: with complexity, both must have gone the same way."""
    if impact is None or impact == 0:
        return ""
    if impact > 0:
        return " :arrow_up:" if grown is None or grown < 0 else ""
    return " :arrow_down:" if grown is None or grown > 0 else ""


def _footer(subject: Subject, _: CommentOptions) -> list[str]:
    lines = ["", "------", "", f"[View the full report]({_page(subject)})."]
    lines.append("> **Legend** `Δ = absolute <patch> (change)`, `ø = not affected`, `? = missing data`")
    if subject.pull is not None:
        base, head = short(subject.pull.base_sha), short(subject.pull.head_sha)
        lines.append(f"> Last update [{base}...{head}]({_page(subject)}).")
    return lines
