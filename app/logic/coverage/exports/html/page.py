"""What all pages have in common."""

from app.logic.coverage.exports.html.text import count, percent, plain
from app.logic.coverage.exports.html.tree import Counts


def page(title: str, style: str, header: str, main: str, footer: str = "") -> bytes:
    """Return a whole document; `title` is text, the parts are HTML, `style` leads to the style sheet."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f'<title>{plain(title)}</title>\n<link rel="stylesheet" href="{style}">\n</head>\n<body>\n'
        f"<header>\n{header}\n</header>\n<main>\n{main}\n</main>\n<footer>{footer}</footer>\n</body>\n</html>\n"
    ).encode()


def bar(counts: Counts) -> str:
    """Return a bar of hit, partial and missed lines; the numbers always stand beside it."""
    if not counts.lines:
        return '<span class="bar none" aria-hidden="true"></span>'
    hit = 100 * counts.hits / counts.lines
    partial = 100 * (counts.hits + counts.partials) / counts.lines
    return f'<span class="bar" aria-hidden="true" style="--h:{hit:.4g}%;--p:{partial:.4g}%"></span>'


def summary(counts: Counts, facts: dict[str, int]) -> str:
    """Return the box with the coverage of everything on the page, and more facts about it."""
    numbers = {"lines": counts.lines, "hit": counts.hits, "partial": counts.partials, "missed": counts.misses} | facts
    listed = "".join(f"<div><dt>{name}</dt><dd>{count(number)}</dd></div>" for name, number in numbers.items())
    return (
        f'<div class="sum"><span class="big">{percent(counts.hits, counts.lines)}</span>{bar(counts)}'
        f"<dl>{listed}</dl></div>"
    )
