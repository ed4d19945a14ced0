"""Names from strangers show as themselves in Markdown and do nothing else."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.logic.notifications.markdown import code, escape, printable
from tests.logic.notifications.rendered import ZERO_WIDTH_SPACE, Cell, inline, tables

names = st.text(st.sampled_from("ab1_*`~[]()<>|\\!@#:$&;.-/ \n\t{}\"'") | st.characters(), min_size=1, max_size=30)


@pytest.mark.parametrize(
    "path",
    [
        "src/engine.py",
        "src/my_file-v1.2.py",
        "a/snake__case.py",
        "web/[id]/page.tsx",
        "c++/x=1,y^2;z.h",
        "día/größe.py",
    ],
)
def test_ordinary_paths_stay_readable(path: str):
    readable = escape(path).replace("\\[", "[").replace("\\]", "]")

    assert readable == path
    assert inline(escape(path)) == Cell(path, ())


@pytest.mark.parametrize(
    ("path", "markdown"),
    [
        ("py/rocket/__init__.py", r"py/rocket/\_\_init\_\_.py"),
        ("src/_private.py", r"src/\_private.py"),
        ("a*b*", r"a\*b\*"),
        ("a|b", "a&#124;b"),
        ("<b>&lt;", "&lt;b&gt;&amp;lt;"),
        ("a\nb\r\u2028c", "a b  c"),
        ("price_$5$", r"price\_\$5\$"),
        ("node_modules/@acme/x", f"node_modules/@{ZERO_WIDTH_SPACE}acme/x"),
        ("fix#12", f"fix#{ZERO_WIDTH_SPACE}12"),
        (":x:", f":{ZERO_WIDTH_SPACE}x:"),
        ("](http://evil)", r"\](http://evil)"),
        ("\u202eexe.png", " exe.png"),
    ],
)
def test_what_would_act_is_escaped(path: str, markdown: str):
    assert escape(path) == markdown
    assert inline(markdown) == Cell(printable(path), ())


@settings(max_examples=300)
@given(names)
@example("\\|")
@example("|\\")
@example("`|`")
@example("_a_ __b__ c_d *e* ~~f~~")
@example("![x](http://evil)")
@example("<img src=x onerror=y>")
def test_any_name_is_the_text_of_its_link_in_its_cell(name: str):
    table = f"| [{escape(name)}](https://own/page) | 1 | 2 |"

    ((_, shown),) = tables(f"| a | b | c |\n|---|---|---|\n{table}")

    assert [cell.text for cell in shown[1:]] == ["1", "2"]
    assert shown[0] == Cell(printable(name), ("https://own/page",))


@settings(max_examples=300)
@given(names)
@example("@team")
@example("a@_b")
def test_no_name_mentions_refers_or_holds_markup(name: str):
    escaped = escape(name)

    assert not re.search(r"[<>|\n\r]", escaped)
    assert not re.search(r"@[\w-]|(?<!&)#\d", escaped)


@settings(max_examples=200)
@given(names)
@example("`")
@example("a``b`")
@example("@team")
def test_a_code_span_holds_any_name(name: str):
    tokens = inline(f"x {code(name)} y")

    assert tokens.foreign == ()
    assert re.sub(" +", " ", tokens.text) == re.sub(" +", " ", f"x {printable(name)} y")
