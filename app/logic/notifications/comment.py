"""Render the comment of a pull request: header, diff block, files, footer. Pure text from facts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from app.logic.notifications.diff_block import diff_block
from app.logic.notifications.file_tables import file_table, patch_table
from app.logic.notifications.markdown import code, escape, printable
from app.logic.notifications.subject import PullRequest, Subject, short

MAX_COMMENT: Final = 65_536  # characters GitHub accepts
Section = Literal["diff", "files", "footer", "condensed_footer"]


@dataclass(frozen=True, slots=True)
class CommentOptions:
    """What the comment shows below its header, under which name; `rows` limits each table of files."""

    brand: str
    sections: Sequence[Section] = ("diff", "files", "footer")
    rows: int = 10
    hide_project_coverage: bool = False


def marker(brand: str) -> str:
    """Return the hidden first line by which a comment whose id was lost is found again."""
    return f"<!-- {brand.lower()}:coverage -->"


def render_comment(subject: Subject, pull: PullRequest, options: CommentOptions) -> str:
    """Return the body of the comment, shortened step by step until the host accepts its length."""
    body = _body(subject, pull, options)
    for shorter in _reductions(options):
        if len(body) <= MAX_COMMENT:
            break
        body = f"{_body(subject, pull, shorter)}\n\nReport shortened."
    return body


def _reductions(options: CommentOptions) -> Iterator[CommentOptions]:
    for rows in (10, 5, 0):
        if rows < options.rows:
            yield replace(options, rows=rows)
    yield replace(options, rows=0, sections=[name for name in options.sections if name != "diff"])
    yield replace(options, rows=0, sections=["condensed_footer"])


def _body(subject: Subject, pull: PullRequest, options: CommentOptions) -> str:
    renderers: Mapping[Section, Callable[[], list[str]]] = {
        "diff": lambda: _diff(subject, pull),
        "files": lambda: file_table(subject, pull, options.rows),
        "footer": lambda: _footer(pull),
        "condensed_footer": lambda: ["", _report_link(pull)],
    }
    title = f"## [{escape(options.brand)}]({pull.coverage_url}) report"
    lines = [marker(options.brand), title, *_header(subject, pull, options)]
    if "files" in options.sections:
        lines += patch_table(subject, pull, options.rows)
    for name in dict.fromkeys(options.sections):
        lines += renderers[name]()
    return "\n".join(lines)


def _header(subject: Subject, pull: PullRequest, options: CommentOptions) -> list[str]:
    lines = [_patch_line(subject)]
    if options.hide_project_coverage:
        return lines
    lines.append(_project_line(subject, pull))
    if pull.behind_by and subject.comparison.base is not None:
        commits = _counted(pull.behind_by, "commit")
        lines.append(f":warning: The base report is {commits} behind {escape(pull.base_branch)}.")
    if pull.head_sha != subject.head.sha:
        theirs = short(pull.head_sha)
        stale = f":warning: **This report is for {subject.head.short}, but the pull request head is now {theirs}.**"
        lines += ["", f"{stale} Upload reports for {theirs} to refresh it."]
    return lines


def _patch_line(subject: Subject) -> str:
    patch = subject.comparison.patch
    if patch is None or not (missing := patch.misses + patch.partials):
        return ":white_check_mark: All changed coverable lines are covered."
    covered = subject.numbers.percent(patch.percent)
    return f":x: Patch coverage is `{covered}`: `{_counted(missing, 'changed line')}` not covered."


def _project_line(subject: Subject, pull: PullRequest) -> str:
    base, head = subject.comparison.base, subject.comparison.head
    if base is None or subject.base is None:
        missing = code(f"{pull.base_branch}@{short(pull.base_sha)}")
        return f":warning: No coverage report for BASE ({missing}). Upload one to see project changes."
    percent = subject.numbers.percent
    delta = head.percent - base.percent if head.percent is not None and base.percent is not None else None
    icon = ":white_check_mark:" if delta is not None and delta >= 0 else ":warning:"
    commits = f"base [`{subject.base.short}`]({subject.base.url}) to head [`{subject.head.short}`]({subject.head.url})"
    return f"{icon} Project coverage is {percent(head.percent)} ({percent(delta, plus=True)}), comparing {commits}."


def _diff(subject: Subject, pull: PullRequest) -> list[str]:
    base_title = printable(pull.base_branch)
    return ["", *diff_block(subject.comparison, subject.numbers, base_title, f"#{pull.number}")]


def _footer(pull: PullRequest) -> list[str]:
    change = f"{short(pull.base_sha)}...{short(pull.head_sha)}"
    return [
        "",
        "------",
        "",
        _report_link(pull),
        "> **Legend** `Δ = absolute <patch> (change)`, `ø = not affected`, `? = missing data`",
        f"> Last update [{change}]({pull.coverage_url}).",
    ]


def _report_link(pull: PullRequest) -> str:
    return f"[View the full report]({pull.coverage_url})."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"
