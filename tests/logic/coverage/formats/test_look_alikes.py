"""Documents that look like another format than they are, or like one and are none."""

import pytest
from reading import read

LCOV = "TN:\nSF:a.c\nDA:1,1\nend_of_record\n"
CLASSES = '<classes><class filename="a.py"><lines><line number="1" hits="1"/></lines></class></classes>'


@pytest.mark.parametrize(
    ("name", "text", "format_id", "outcome"),
    [
        ("coverage.json", LCOV, "lcov", "ok"),
        (
            "coverage.xml",
            f'<coverage generated="1700000000"><packages><package>{CLASSES}</package></packages></coverage>',
            "cobertura",
            "ok",
        ),
        ("cppcheck.xml", '<results version="2"><errors><error id="a"/></errors></results>', None, "not_recognised"),
        ("report.xml", '<report name="site"><page/></report>', "jacoco", "no_data"),
        ("build.log", "a.go:3:1: undefined: x\n", None, "not_recognised"),
        ("list.json", '["a", "b"]', None, "not_recognised"),
        ("empty.json", "{}", None, "empty"),
        ("empty.json", "[]", None, "empty"),
        ("a.xml", "<a/>", None, "not_recognised"),
    ],
)
def test_what_a_look_alike_is_read_as(name, text, format_id, outcome):
    found, _ = read(text, name)

    assert (found.format, found.outcome) == (format_id, outcome)
