"""The two XML engines: equal columns, or the fast one declines; and nothing that a document can do to either."""

import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import SAMPLES, Line, lines_of, read
from xml_engines import FORMATS, SMALL, Columns, assert_equal, fast, strict

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats import cobertura
from app.logic.coverage.formats.base import FormatError, FormatOptions
from app.logic.coverage.formats.xml_document import read_document
from app.logic.coverage.formats.xml_scan import scan_blocks

SAMPLE_FILES = {
    "cobertura": sorted(
        path
        for pattern in ("*/*/*cobertura*.xml", "*/python/*.coverage.xml")
        for path in (SAMPLES / "reports").glob(pattern)
    ),
    "clover": sorted((SAMPLES / "reports").glob("*/*/clover.xml")),
    "jacoco": sorted((SAMPLES / "reports").glob("*/java/jacoco.xml")),
}


def parse(data: bytes, format_name: str):
    builder = ReportBuilder()
    stats = FORMATS[format_name].parse(data, builder, FormatOptions())
    return stats, lines_of(builder.build())


@pytest.mark.parametrize("format_name", SAMPLE_FILES)
def test_real_reports_are_read_by_the_fast_engine_and_equally_by_the_strict_one(format_name):
    for path in SAMPLE_FILES[format_name]:
        data = path.read_bytes()

        columns = fast(data, format_name)
        in_blocks = fast(data, format_name, 5000)
        expected, truncated = strict(data, format_name)

        assert columns is not None, path
        assert not truncated
        assert_equal(columns, expected)
        assert_equal(in_blocks or expected, expected)  # a border inside a comment makes it decline


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_border_of_a_block_may_be_at_any_byte(format_name):
    data = SMALL[format_name]
    expected, _ = strict(data, format_name)
    accepted = 0

    for block_size in range(1, len(data) + 1):
        columns = fast(data, format_name, block_size)
        if columns is not None:
            accepted += 1
            assert_equal(columns, expected)
        if block_size % 10 == 1:
            assert_equal(strict(data, format_name, block_size)[0], expected)

    assert accepted > len(data) / 3


MARKS = [*"\"'<>&/= ;!-.x09\n\t\0\x1f\ufffe\xe9", "\r\n", "<!-- c -->", "<!--", "-->", "<![CDATA[", "]]>", "<?p ?>"]
MARKUP = ["&#49;", "&amp;", "&none;", "<line/>", "</line>", "<a>", "</a>", "<n:line nr='1'/>", "<lines>", "</coverage>"]
ATTRIBUTES = ["</report>", ' number="3"', ' nr="3"', '" hits="', " />", "<x>text</x>", "&lt", "&amp;#38;"]
PIECES = st.sampled_from([*MARKS, *MARKUP, *ATTRIBUTES])


@pytest.mark.parametrize("format_name", FORMATS)
@settings(max_examples=150)
@given(edits=st.lists(st.tuples(st.floats(0, 1), PIECES, st.integers(0, 12)), min_size=1, max_size=3))
def test_mutated_documents_are_read_equally_or_declined(format_name, edits):
    data = SMALL[format_name]
    for where, piece, deleted in edits:
        at = int(where * len(data))
        data = data[:at] + piece.encode() + data[at + deleted :]

    try:
        expected, _ = strict(data, format_name, 200)
    except FormatError:
        pass
    else:
        columns = fast(data, format_name, 200)
        if columns is not None:
            assert_equal(columns, expected)
    try:
        parse(data, format_name)
    except FormatError as error:
        assert error.code in ("corrupt", "too_deep")


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_truncated_document_gives_its_complete_part(format_name):
    data = SMALL[format_name].rstrip()
    _, whole = parse(data, format_name)
    rows = 0

    for end in range(len(data)):
        try:
            stats, lines = parse(data[:end], format_name)
        except FormatError as error:
            assert error.code == "corrupt"
            assert rows == 0
            continue
        assert stats.truncated
        found = {(path, line) for path, file in lines.items() for line in file}
        assert found <= {(path, line) for path, file in whole.items() for line in file} | {("src/a.php", 99)}
        assert len(found) >= rows - 1
        rows = len(found)

    assert rows == sum(map(len, whole.values()))


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("value", ["", "null", "-1", "1e400", "x", "99999999999999999999999"])
def test_no_number_can_do_harm(format_name, value):
    data = SMALL[format_name]

    for match in re.finditer(rb'"\d[^"]*"', data):
        changed = data[: match.start() + 1] + value.encode() + data[match.end() - 1 :]
        _, lines = parse(changed, format_name)
        columns = fast(changed, format_name)

        assert lines
        assert columns is not None
        assert_equal(columns, strict(changed, format_name)[0])


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_attribute_is_indispensable(format_name):
    data = SMALL[format_name]

    for match in re.finditer(rb' [a-z-]+="[^"]*"', data[data.index(b"<", 60) :]):
        changed = data.replace(match[0], b"", 1)
        stats, lines = parse(changed, format_name)

        assert lines or stats.skipped


@pytest.mark.parametrize(
    "unusual",
    [
        b"<coverage><!-- -- --></coverage>",
        b"<coverage>x<!-- c --></coverage>",
        b"<coverage><source>x<!-- c -->y</source></coverage>",
        b'<coverage><source>"</source></coverage>',
        b"<coverage><a/></coverage>",
        b"<coverage><n:line/></coverage>",
        b"<coverage><line:/></coverage>",
        b'<coverage><line x:hits="2" hits="1"/></coverage>',
        b"<coverage><line number='1'/></coverage>",
        b'<coverage><line  number="1"/></coverage>',
        b'<coverage><line\nnumber="1"/></coverage>',
        b'<coverage><line number ="1"/></coverage>',
        b'<coverage><line number="1"hits="2"/></coverage>',
        b'<coverage><line number="1" number="2"/></coverage>',
        b'<coverage><line number="1" x:hits="2"/></coverage>',
        b'<coverage><line number="1"></line ></coverage>',
        b'<coverage><line number="&#49;"/></coverage>',
        b'<coverage><line number="&one;"/></coverage>',
        b'<coverage><line number="1>"/></coverage>',
        b"<coverage><![CDATA[<line/>]]></coverage>",
        b"<coverage><?line ?></coverage>",
        b"<coverage><line></coverage></line>",
        b"<coverage><line></coverage>",
        b"<coverage></coverage></coverage>",
        b"<coverage></coverage><coverage></coverage>",
        b"<coverage/><coverage/>",
        b"<coverage></coverage>x",
        b"<coverage>\0</coverage>",
        b"<coverage>\xff</coverage>",
        b"<coverage>\xef\xbf\xbf</coverage>",
        b"<coverage><class><class></class></class></coverage>",
        b"<coverage><source><line/></source></coverage>",
        b"<coverage>" + b"<lines>" * 300 + b"</lines>" * 300 + b"</coverage>",
        b"<coverage><line " + b" ".join(b'a%d="1"' % number for number in range(100)) + b"/></coverage>",
        b"<coverage>" + b"".join(b'<line a%d="1"/>' % number for number in range(100)) + b"</coverage>",
    ],
)
def test_the_fast_engine_declines_what_it_cannot_read_exactly(unusual):
    assert fast(unusual, "cobertura") is None


def test_comments_between_elements_are_no_reason_to_decline():
    data = (
        b'<coverage><!-- <line number="1"/> -->\n<class filename="a"><!--x--><lines><line/></lines></class></coverage>'
    )

    columns = fast(data, "cobertura")

    assert columns is not None
    assert_equal(columns, strict(data, "cobertura")[0])
    assert len(columns.rows["line"]) == 1


def test_a_document_read_in_vain_by_the_fast_engine_leaves_no_trace():
    lines = b"".join(b'<line number="%d" hits="1"/>' % number for number in range(1, 200))
    data = b'<coverage><class filename="a.py">' + lines + b"<line number='200' hits='1'/></class></coverage>"

    collector, truncated = read_document(data, cobertura.SHAPE, lambda: Columns(cobertura.SHAPE), 256)

    assert not truncated
    assert len(collector.rows["line"]) == 200


def cobertura_of(path: bytes, head: bytes = b"") -> bytes:
    return head + b'<coverage><class filename="' + path + b'"><line number="1" hits="1"/></class></coverage>'


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (cobertura_of("é.py".encode(), b'\xef\xbb\xbf<?xml version="1.0" encoding="latin-1"?>'), "é.py"),
        (cobertura_of("é.py".encode("latin-1"), b'<?xml version="1.0" encoding="ISO-8859-1"?>'), "é.py"),
        (cobertura_of("ж.py".encode("cp1251"), b"<?xml version='1.0' encoding='windows-1251'?>"), "ж.py"),
        (cobertura_of(b"a.py", b'<?xml version="1.0" encoding="utf-16"?>'), "a.py"),
        (cobertura_of(b"a.py", b'<?xml version="1.0" encoding="UTF-7"?>'), "a.py"),
        (cobertura_of(b"\xff.py"), "\ufffd.py"),
        (cobertura_of(b"a\0b.py"), "a?b.py"),
        (cobertura_of(b"a&#233;&#x26;.py"), "aé&.py"),
        (cobertura_of(b"a.py", b'<!-- -- --><?p "<"?><!DOCTYPE coverage [<!ELEMENT a "]>"><!-- \' -->]>'), "a.py"),
        (cobertura_of(b"a\n\tb.py"), "a  b.py"),
        (cobertura_of(b"x" * 3_000_000 + b".py"), "x" * 3_000_000 + ".py"),
    ],
    ids=range(11),
)
def test_encodings_and_odd_characters_are_read(data, path):
    _, lines = parse(data, "cobertura")

    assert lines == {path: {1: Line(1)}}


def test_utf_16_and_namespaces_are_read():
    data = '<?xml version="1.0" encoding="UTF-16"?>' + cobertura_of(b"a.py").decode()
    prefixed = (
        b'<c:coverage xmlns:c="urn:c"><c:class filename="a.py"><c:line number="1" hits="1"/></c:class></c:coverage>'
    )
    default = b'<coverage xmlns="urn:c"><class filename="a.py"><line number="1" hits="1"/></class></coverage>'

    _, from_utf_16 = read(data.encode("utf-16"))

    assert from_utf_16 == {"a.py": {1: Line(1)}}
    assert parse(prefixed, "cobertura")[1] == from_utf_16
    assert parse(default, "cobertura")[1] == from_utf_16
    assert fast(default, "cobertura") is not None


def test_entities_are_never_expanded(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    bomb = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 20))
    head = b'<!DOCTYPE coverage [<!ENTITY e0 "x">%s<!ENTITY f SYSTEM "%s">]>' % (bomb, secret.as_uri().encode())
    started = time.process_time()

    _, lines = parse(cobertura_of(b"a&e19;&f;.py", head), "cobertura")

    assert list(lines) == ["a.py"]
    assert time.process_time() - started < 2


@pytest.mark.parametrize("name", [b"a", b"line", b"class", b"source"])
def test_deep_nesting_is_refused(name):
    data = b"<coverage>" + b"<%s>" % name * 300 + b"</%s>" % name * 300 + b"</coverage>"

    with pytest.raises(FormatError) as caught:
        parse(data, "cobertura")

    assert caught.value.code == "too_deep"


@pytest.mark.parametrize(
    "data", [b"", b"   ", b"x", b"<", b"<?xml ?>", b"<!DOCTYPE a [", b"<!--", b"\0", b"<!DOCTYPE" + b"[" * 99999]
)
def test_what_is_not_xml_is_refused(data):
    with pytest.raises(FormatError) as caught:
        parse(data, "cobertura")

    assert caught.value.code == "corrupt"


def test_a_huge_text_costs_no_more_than_its_size():
    source = b"<source>" + b"x" * 20_000_000 + b"</source>"
    data = b"<coverage>" + source + b'<class filename="a.py"><x/><line number="1" hits="1"/></class></coverage>'

    _, lines = parse(data, "cobertura")

    assert lines == {"a.py": {1: Line(1)}}


def test_lines_inside_lines_belong_to_the_class_around_them():
    data = (
        b'<coverage><class filename="a.py"><line number="1" hits="1"><line number="2" hits="1" branch="true" '
        b'condition-coverage="(0/1)"><condition number="0" type="x" coverage="0%"/></line></line></class>'
        b'<line number="9" hits="1"/></coverage>'
    )

    _, lines = parse(data, "cobertura")

    assert fast(data, "cobertura") is None
    assert lines == {"a.py": {1: Line(1), 2: Line("0/1", "b", ("0:x",))}}


def test_columns_of_a_block_share_its_text():
    shape = cobertura.SHAPE
    data = cobertura_of(b"a.py")

    (block,) = scan_blocks(data, 0, shape, 1 << 20)

    assert block["line"].text is block["class"].text
    assert np.array_equal(block["line"].owner, [0])
