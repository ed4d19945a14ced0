"""The pages: complete, safe with hostile text, and readable by everybody."""

import re
from html.parser import HTMLParser
from pathlib import PurePosixPath

import pytest

from app.logic.coverage.assembled import Session
from app.logic.coverage.exports.html import site
from app.logic.coverage.exports.html.names import page_name
from app.logic.coverage.exports.html.source_page import MAX_COLUMNS, MAX_SOURCE
from app.logic.coverage.exports.html.style import DARK, LIGHT, stylesheet
from app.logic.coverage.exports.html.tree import MAX_DEPTH, Counts, build_tree, opened
from app.logic.coverage.exports.subject import Subject
from app.logic.coverage.report import IGNORED, Report
from app.logic.coverage.totals import Totals
from tests.logic.coverage.exports.exporting import sample
from tests.logic.coverage.oracle import Measure, report_of

VOID = {"meta", "link"}
HOSTILE = [
    "<script>alert(1)</script>/a.js",
    "../../etc/passwd",
    "/etc/cron.d/x",
    "C:\\con.py",
    "a\"b'c&d.py",
    "gpj.\u202eexe",
    "line\nfeed.py",
    "README",
    "readme",
    "n" * 300,
    "é" * 200,
    "x/" * 500 + "deep.py",
]


class Reader(HTMLParser):
    """Notes the elements of a page, its links and its text; fails where an element is not closed."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page.decode())
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self._open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name in ("href", "src"):
                self.links.append(value or "")
            if name == "id":
                self.ids.add(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def pages(report: Report, sources: dict[str, bytes] | None = None, **known: object) -> dict[str, bytes]:
    subject = Subject(report, **known)  # type: ignore[arg-type]  # the fields of Subject
    return dict(site.write(subject, "acme/rocket", (sources or {}).get))


def page_of(report: Report, source: bytes | None = None) -> str:
    (path,) = report.files
    return pages(report, {} if source is None else {path: source})[f"files/{page_name(path)}"].decode()


def row(page: str, line: int) -> str:
    found = re.search(rf'<tr[^>]* ?id="L{line}">.*?</tr>', page, re.DOTALL)
    assert found is not None
    return found[0]


def test_every_link_leads_to_a_page() -> None:
    found = pages(sample("head/js-tools/lcov.info"))

    readers = {name: Reader(content) for name, content in found.items() if name.endswith(".html")}
    for name, reader in readers.items():
        for link in reader.links:
            path, _, anchor = link.partition("#")
            parts: list[str] = []
            for part in (*PurePosixPath(name).parent.parts, *PurePosixPath(path).parts):
                parts = parts[:-1] if part == ".." else [*parts, part]
            target = "/".join(parts) if path else name
            assert target in found
            assert not anchor or anchor in readers[target].ids
    assert len(readers) == 1 + 4


def test_the_index_has_totals_flags_uploads_and_files() -> None:
    report = report_of([Measure(1, 1, path="src/a.py"), Measure(2, 0, path="src/a.py"), Measure(1, 1, 2, path="b.py")])
    session = Session(0, ("unit",), "py 3.11", totals=Totals(1, 1, 2))

    text = Reader(
        pages(report, commit="abc123", flags={"unit & co": Totals(1, 1, 2)}, sessions=(session,))["index.html"]
    ).text

    assert "33.33%" in text.partition("Flags")[0]
    assert all(fact in text for fact in ("abc123", "unit & co", "py 3.11", "src/", "a.py", "50.00%", "b.py"))


def test_lines_of_a_source_say_their_status_in_words() -> None:
    report = report_of([Measure(1, 3), Measure(2, 0), Measure(3, 1, 2, ("14", "exit")[:1]), Measure(4, IGNORED)])

    page = page_of(report, b"one < 1\ntwo\nthree\nfour\n\nsix")

    assert "<td class=s>hit</td><td class=n>3</td><td class=c>one &lt; 1</td>" in row(page, 1)
    assert "miss" in row(page, 2)
    assert "partial" in row(page, 3) and "1/2" in row(page, 3) and "not taken: 14" in row(page, 3)
    assert "ignored" in row(page, 4)
    assert "<td class=s></td>" in row(page, 6)
    assert 'id="L7"' not in page
    assert 'aria-label="Missed lines">Missed: <a class=m href="#L2">2</a>' in page


def test_without_a_source_the_measured_lines_are_shown() -> None:
    page = page_of(report_of([Measure(7, 3), Measure(900, 0)]))

    assert "not available" in page
    assert "miss" in row(page, 900)
    assert page.count("<tr") == 3


@pytest.mark.parametrize(("source", "reason"), [(b"a\0b", "binary"), (b"x\n" * (MAX_SOURCE // 2 + 1), "too large")])
def test_sources_that_cannot_be_shown_say_why(source: bytes, reason: str) -> None:
    page = page_of(report_of([Measure(1, 1)]), source)

    assert reason in page
    assert "hit" in row(page, 1)


def test_lines_behind_the_end_of_the_source_are_not_lost() -> None:
    page = page_of(report_of([Measure(1, 1), Measure(9, 0)]), b"only\n")

    assert "behind the end of the source" in row(page, 9)


def test_hostile_source_text_shows_as_text() -> None:
    source = "</table><script>alert(1)</script>\n/*\u202e } \u2066 */\x07\r\n" + "x" * 9_000 + "\n\xff\ttab"

    page = page_of(report_of([Measure(1, 1)]), source.encode("latin-1", "ignore") + "\u202e".encode())

    reader = Reader(page.encode())
    assert "script" not in reader.tags
    assert "</table><script>" in reader.text
    assert "U+0007" in reader.text and "U+202E" in reader.text
    assert "\u202e" not in page
    assert f"… {9_000 - MAX_COLUMNS} characters more" in reader.text


def test_hostile_paths_show_as_text_and_name_safe_files() -> None:
    report = report_of([Measure(1, 1, path=path) for path in HOSTILE])

    found = pages(report)

    assert len({name.lower() for name in found}) == 2 + len(HOSTILE)
    assert all(re.fullmatch(r"(files/[a-z0-9][a-z0-9._-]{,65}\.html|index\.html|style\.css)", name) for name in found)
    for name, content in found.items():
        if name.endswith(".html"):
            reader = Reader(content)
            assert reader.tags.isdisjoint({"script", "iframe", "img", "object"})
            assert "\u202e" not in content.decode()
            assert not [link for link in reader.links if ":" in link or link.startswith("/")]


def test_pages_are_the_same_every_time_and_need_nothing_from_elsewhere() -> None:
    report = sample("head/python/unit.coverage.xml")

    first, second = pages(report), pages(report)

    assert first == second
    assert not [name for name, content in first.items() if re.search(rb"https?:|@import|url\(|<script", content)]


def test_folders_that_hold_one_folder_only_are_one() -> None:
    root = build_tree(["a/b/c/x.py", "a/b/d/y.py", "z.py"], [Counts(1), Counts(0, 1), Counts(1)])

    (folder,) = root.folders.values()
    assert folder.name == "a/b"
    assert folder.counts == Counts(1, 1)
    assert sorted(folder.folders) == ["c", "d"]
    assert root.files == {"z.py": 2}


def test_absurdly_deep_folders_end_somewhere() -> None:
    paths = ["/".join(["d"] * depth + ["x.py"]) for depth in range(1, 600)]

    folder, depth = build_tree(paths, [Counts(1)] * len(paths)), 0
    while folder.folders:
        (folder,) = folder.folders.values()
        depth += 1

    assert depth <= MAX_DEPTH


def test_a_large_tree_starts_closed_where_it_would_fill_the_screen() -> None:
    paths = [f"{folder}/{number:03}.py" for folder in "ab" for number in range(100)] + ["c/1.py"]
    root = build_tree(paths, [Counts(1)] * len(paths))

    is_open = opened(root, 60)

    assert [id(folder) in is_open for folder in root.folders.values()] == [False, False, True]


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(colors: dict[str, str]) -> None:
    pairs = [(text, ground) for text in ("text", "muted", "link") for ground in ("ground", "raised")]
    pairs += [(status, f"{status}-ground") for status in ("hit", "partial", "miss")]
    pairs += [("text", f"{status}-ground") for status in ("hit", "partial", "miss")]
    pairs += [("miss", "ground"), ("miss", "raised"), ("miss", "hit-ground"), ("miss", "partial-ground")]

    low = {pair: contrast(colors[pair[0]], colors[pair[1]]) for pair in pairs}

    assert {pair: value for pair, value in low.items() if value < 4.5} == {}


def test_the_style_knows_dark_and_narrow_screens() -> None:
    style = stylesheet()

    assert "prefers-color-scheme: dark" in style
    assert "@media (max-width" in style
    assert set(re.findall(r"var\(--([a-z-]{3,})\)", style)) <= LIGHT.keys()
    assert LIGHT.keys() == DARK.keys()


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours. Source: WCAG 2.2, definition of contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
