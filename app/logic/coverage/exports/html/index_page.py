"""The first page: the coverage of everything, of each flag, and the tree of files."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Final

from app.logic.coverage.assembled import Session
from app.logic.coverage.exports.html.names import page_name
from app.logic.coverage.exports.html.page import bar, page, summary
from app.logic.coverage.exports.html.text import count, percent, visible
from app.logic.coverage.exports.html.tree import Counts, Folder, build_tree, opened
from app.logic.coverage.exports.subject import Subject
from app.logic.coverage.totals import Totals

FIRST_ROWS: Final = 60  # so many rows of the tree are seen before anything is opened


def index_page(title: str, subject: Subject, counts: list[Counts], made: str | None) -> bytes:
    """Return the page; `counts` are those of each file, `made` is the text that says when."""
    tree = build_tree(subject.files, counts)
    commit = f'<p class="muted">Commit <code>{visible(subject.commit)}</code></p>' if subject.commit else ""
    facts = {"files": len(subject.files)} | ({"uploads": len(subject.sessions)} if subject.sessions else {})
    header = f"<h1>{visible(title)}</h1>\n{commit}\n{summary(tree.counts, facts)}"
    view = _View(subject.files, counts, opened(tree, FIRST_ROWS))
    main = "".join([_flags(subject), *_tree(tree, view), _uploads(subject.sessions)])
    return page(f"Coverage of {title}", "style.css", header, main, visible(made or ""))


def _flags(subject: Subject) -> str:
    if not subject.flags:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{visible(name)}</th>{_cells(totals)}</tr>\n"
        for name, totals in sorted(subject.flags.items())
    )
    return f"<h2>Flags</h2>\n{_table('Flag', rows)}"


def _uploads(sessions: tuple[Session, ...]) -> str:
    if not sessions:
        return ""
    rows = "".join(f"<tr><th scope=row>{_upload(session)}</th>{_cells(session.totals)}</tr>\n" for session in sessions)
    return f'<details class="more"><summary>Uploads</summary>\n{_table("Upload", rows)}</details>\n'


def _upload(session: Session) -> str:
    name = visible(session.name or f"upload {session.index}")
    flags = f' <span class="muted">{visible(", ".join(session.flags))}</span>' if session.flags else ""
    carried = f' <span class="muted">carried forward from {visible((session.carried_from or "?")[:12])}</span>'
    return name + flags + (carried if session.kind == "carried_forward" else "")


def _table(first: str, rows: str) -> str:
    heads = ("Lines", "Hit", "Partial", "Missed")
    columns = "".join(f'<th scope=col class="n{" x" if name != "Missed" else ""}">{name}</th>' for name in heads)
    return (
        '<div class="wide"><table class="facts">\n'
        f"<thead><tr><th scope=col>{first}</th><td></td><th scope=col class=n>Coverage</th>{columns}</tr></thead>\n"
        f"<tbody>\n{rows}</tbody></table></div>\n"
    )


def _cells(totals: Totals) -> str:
    counts = Counts(totals.hits, totals.misses, totals.partials)
    return (
        f"<td>{bar(counts)}</td><td class=n>{percent(counts.hits, counts.lines)}</td>"
        f'<td class="n x">{count(counts.lines)}</td><td class="n x">{count(counts.hits)}</td>'
        f'<td class="n x">{count(counts.partials)}</td><td class=n>{count(counts.misses)}</td>'
    )


@dataclass(frozen=True, slots=True)
class _View:
    """What the tree shows: path and counts of each file, and which folders are open."""

    paths: tuple[str, ...]
    counts: Sequence[Counts]
    is_open: Set[int]


def _tree(root: Folder, view: _View) -> Iterator[str]:
    yield '<h2 id="files">Files</h2>\n'
    if not view.paths:
        yield "<p>The report holds no files.</p>\n"
        return
    yield (
        '<div class="tree">\n<div class="row head" aria-hidden="true"><span>File</span><span>Coverage</span>'
        "<span></span><span class=n>Lines</span><span class=n>Hit</span><span class=n>Partial</span>"
        "<span class=n>Missed</span></div>\n<ul>\n"
    )
    yield from _entries(root, 0, view)
    yield "</ul>\n</div>\n"


def _entries(folder: Folder, depth: int, view: _View) -> Iterator[str]:
    """Yield list items: folders first, both by name."""
    indent = f' style="--d:{depth}"' if depth else ""
    for child in sorted(folder.folders.values(), key=lambda child: child.name):
        state = " open" if id(child) in view.is_open else ""
        yield (
            f"<li><details{state}><summary class=row{indent}>"
            f'<span class="name path">{visible(child.name)}/</span>{_numbers(child.counts)}</summary>\n<ul>\n'
        )
        yield from _entries(child, depth + 1, view)
        yield "</ul></details></li>\n"
    for name, number in sorted(folder.files.items()):
        link = f'<a class="name path" href="files/{page_name(view.paths[number])}">{visible(name)}</a>'
        yield f"<li class=row{indent}>{link}{_numbers(view.counts[number])}</li>\n"


def _numbers(counts: Counts) -> str:
    return (
        f'{bar(counts)}<span class="n pct">{percent(counts.hits, counts.lines)}</span>'
        f'<span class="n l">{count(counts.lines)}<span class=vh> lines,</span></span>'
        f'<span class="n hit">{count(counts.hits)}<span class=vh> hit,</span></span>'
        f'<span class="n part">{count(counts.partials)}<span class=vh> partial,</span></span>'
        f'<span class="n miss">{count(counts.misses)}<span class=vh> missed</span></span>'
    )
