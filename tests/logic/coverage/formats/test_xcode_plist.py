"""Xcode's `xccoverage.plist`."""

import plistlib
from typing import Any

import pytest
from reading import Line, read
from xcode_archives import Archive, binary, cart, line, xml

from app.logic.coverage.formats import xcode_plist


def of_lines(*lines: Any) -> bytes:
    archive = Archive()
    return binary(archive.content([archive.file("a.m", *lines)]))


@pytest.mark.parametrize("write", [binary, xml])
def test_lines_and_ranges_are_read_from_both_forms(write):
    outcome, report = read(write(cart()), "xccoverage.plist")

    assert (outcome.format, outcome.outcome) == ("xcode-plist", "ok")
    assert report == {"/w/Cart.swift": {2: Line(4), 3: Line(0), 4: Line("1/2", "b"), 5: Line(1)}}


def test_the_name_of_the_file_does_not_matter():
    assert read(xml(cart()), None)[1] == read(xml(cart()), "coverage.xml")[1] != {}


def test_a_line_of_closing_brackets_has_its_count():
    archive = Archive()
    brackets = archive.ranges((20, 2, 0))

    _, report = read(binary(archive.content([archive.file("a.m", line(3, ranges=brackets))])))

    assert report == {"a.m": {1: Line(3)}}


def test_files_of_all_targets_are_read():
    archive = Archive()
    one, two = archive.file("a.m", line(1)), archive.file("b.m", line(0), line(5))

    _, report = read(binary(archive.content([one], [two, one])))

    assert report == {"a.m": {1: Line(1)}, "b.m": {1: Line(0), 2: Line(5)}}


@pytest.mark.parametrize(
    ("bad", "skipped"),
    [
        (line("x"), 1),
        (line("1"), 1),
        ("text", 1),
        ({"x": True}, 1),
        ({}, 0),
        (line(ranges=plistlib.UID(999)), 0),
    ],
)
def test_bad_lines_are_skipped_and_good_ones_kept(bad, skipped):
    outcome, report = read(of_lines(bad, line(-2), line(2**40)))

    assert outcome.stats.skipped == skipped
    assert {number: report["a.m"][number] for number in (2, 3)} == {2: Line(0), 3: Line(2147483647)}


def test_bad_ranges_are_left_out():
    archive = Archive()
    ranges = archive.array({"c": 1, "len": 9, "x": 1}, {"c": 1, "len": 9}, "x", {"len": 9, "x": 0})

    _, report = read(binary(archive.content([archive.file("a.m", line(3, ranges=ranges))])))

    assert report == {"a.m": {1: Line("1/2", "b")}}


def test_files_without_path_are_told():
    archive = Archive()

    outcome, report = read(binary(archive.content([archive.file(5, line(1)), archive.file("b.m", line(1))])))

    assert report == {"b.m": {1: Line(1)}}
    assert outcome.stats.first_problem == "a source file without documentLocation"


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        ({"CFBundleName": "Rocket"}, "unsupported"),
        ([], "unsupported"),
        ({"$objects": [], "$top": {"root": plistlib.UID(7)}}, "unsupported"),
        ({"$objects": "x", "$top": {}}, "unsupported"),
        (
            {"$objects": [{"buildableCoverageObjects": {"NS.objects": []}}], "$top": {"root": plistlib.UID(0)}},
            "no_data",
        ),
        (
            {"$objects": [{"buildableCoverageObjects": {"NS.objects": [1, {}]}}], "$top": {"root": plistlib.UID(0)}},
            "no_data",
        ),
    ],
)
def test_other_property_lists_are_told_apart(content, outcome):
    for write in (binary, xml):
        assert read(write(content))[0].outcome == outcome


@pytest.mark.parametrize("write", [binary, xml])
def test_a_broken_property_list_is_refused_wherever_it_ends(write):
    data = write(cart())

    for end in range(20, len(data) - 20, 37):
        assert read(data[:end])[0].outcome in ("corrupt", "not_recognised")


@pytest.mark.parametrize("write", [binary, xml])
def test_no_byte_can_do_harm(write):
    data = write(cart())

    for at in range(8, len(data), 5):
        for byte in (b"\x00", b"\xff", b"9", b"<"):
            outcome, _ = read(data[:at] + byte + data[at + 1 :])

            assert outcome.outcome != "failed", outcome


def test_entities_are_refused():
    data = xml(cart()).replace(b"<plist", b'<!DOCTYPE p [<!ENTITY a "b">]><plist', 1)
    data = b'<?xml version="1.0"?>' + data[data.index(b"<!DOCTYPE p") :]

    assert read(data)[0].outcome == "corrupt"


def test_references_in_a_circle_come_to_an_end():
    content = {
        "$objects": [{"CF$UID": 0}, {"buildableCoverageObjects": plistlib.UID(0)}],
        "$top": {"root": plistlib.UID(1)},
    }

    assert read(binary(content))[0].outcome == "unsupported"


def test_a_list_named_again_and_again_is_refused():
    archive = Archive()
    lines = archive.array(*[line(1)] * 1000)
    files = [{"documentLocation": archive.add(f"{number}.m"), "lines": lines} for number in range(3000)]

    assert read(binary(archive.content(files)))[0].outcome == "too_large"


def test_a_huge_property_list_is_refused(monkeypatch):
    monkeypatch.setattr(xcode_plist, "MAX_BYTES", 100)

    assert read(xml(cart()))[0].outcome == "too_large"


def nested_arrays(depth: int) -> bytes:
    """A binary property list of arrays that each hold the next one, written by hand: the library cannot."""
    objects = [b"\xa1" + (number + 1).to_bytes(4, "big") for number in range(depth)] + [b"\xa0"]
    offsets = b"".join((8 + 5 * number).to_bytes(4, "big") for number in range(depth + 1))
    trailer = bytes(6) + bytes((4, 4)) + b"".join(n.to_bytes(8, "big") for n in (depth + 1, 0, 8 + 5 * depth + 1))
    return b"bplist00" + b"".join(objects) + offsets + trailer


def test_deep_nesting_is_refused():
    arrays = b"<array>" * 100_000 + b"</array>" * 100_000

    assert read(nested_arrays(10))[0].outcome == "unsupported"
    assert read(nested_arrays(100_000))[0].outcome == "too_deep"
    assert read(b'<?xml version="1.0"?><plist version="1.0">' + arrays + b"</plist>")[0].outcome == "unsupported"
