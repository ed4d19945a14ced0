"""Cobertura XML: valid by the public document type, and read back as the same coverage."""

from io import StringIO

import pytest
from hypothesis import given, settings
from lxml import etree

from app.logic.coverage import codec
from app.logic.coverage.exports import cobertura
from app.logic.coverage.exports.subject import Subject
from app.logic.coverage.report import IGNORED, Report
from benchmarks.upload_reports import repository, uploads
from tests.logic.coverage.exports.exporting import SAMPLES, paired_arms, parse, reports, sample, values
from tests.logic.coverage.oracle import Measure, report_of

_RATES = "line-rate CDATA #REQUIRED branch-rate CDATA #REQUIRED"
# The elements and attributes of coverage-04.dtd.
DTD = etree.DTD(
    StringIO(
        f"""
<!ELEMENT coverage (sources?,packages)>
<!ATTLIST coverage {_RATES} lines-covered CDATA #REQUIRED lines-valid CDATA #REQUIRED
  branches-covered CDATA #REQUIRED branches-valid CDATA #REQUIRED complexity CDATA #REQUIRED
  version CDATA #REQUIRED timestamp CDATA #REQUIRED>
<!ELEMENT sources (source*)> <!ELEMENT source (#PCDATA)>
<!ELEMENT packages (package*)>
<!ELEMENT package (classes)> <!ATTLIST package name CDATA #REQUIRED {_RATES} complexity CDATA #REQUIRED>
<!ELEMENT classes (class*)>
<!ELEMENT class (methods,lines)>
<!ATTLIST class name CDATA #REQUIRED filename CDATA #REQUIRED {_RATES} complexity CDATA #REQUIRED>
<!ELEMENT methods (method*)>
<!ELEMENT method (lines)>
<!ATTLIST method name CDATA #REQUIRED signature CDATA #REQUIRED {_RATES} complexity CDATA #REQUIRED>
<!ELEMENT lines (line*)>
<!ELEMENT line (conditions*)>
<!ATTLIST line number CDATA #REQUIRED hits CDATA #REQUIRED branch CDATA "false" condition-coverage CDATA "100%">
<!ELEMENT conditions (condition*)>
<!ELEMENT condition EMPTY>
<!ATTLIST condition number CDATA #REQUIRED type CDATA #REQUIRED coverage CDATA #REQUIRED>
"""
    )
)


def export(report: Report, timestamp: int = 0) -> bytes:
    return b"".join(cobertura.write(Subject(report), timestamp))


def check_valid(document: bytes) -> None:
    tree = etree.fromstring(document)
    assert DTD.validate(tree), DTD.error_log


def test_a_report_becomes_packages_of_classes() -> None:
    report = report_of(
        [
            Measure(1, 3, path="shop/cart.py", complexity=(4, -1)),
            Measure(2, 1, 2, ("0:1",), path="shop/cart.py"),
            Measure(3, IGNORED, path="shop/cart.py"),
            Measure(4, 0, 3, path="shop/cart.py"),
            Measure(1, 0, path="main.py"),
        ]
    )

    text = export(report, timestamp=1_700_000_000_000).decode()

    assert text == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<coverage line-rate="0.5" branch-rate="0.2" lines-covered="2" lines-valid="4" branches-covered="1" '
        'branches-valid="5" complexity="4" version="coverage-worker" timestamp="1700000000000">\n'
        "<packages>\n"
        '<package name="." line-rate="0" branch-rate="1" complexity="0">\n<classes>\n'
        '<class name="main.py" filename="main.py" line-rate="0" branch-rate="1" complexity="0">\n<methods/>\n<lines>\n'
        '<line number="1" hits="0" branch="false"/>\n'
        "</lines>\n</class>\n</classes>\n</package>\n"
        '<package name="shop" line-rate="0.6666" branch-rate="0.2" complexity="4">\n<classes>\n'
        '<class name="cart.py" filename="shop/cart.py" line-rate="0.6666" branch-rate="0.2" complexity="4">\n'
        "<methods/>\n<lines>\n"
        '<line number="1" hits="3" branch="false"/>\n'
        '<line number="2" hits="1" branch="true" condition-coverage="50% (1/2)">'
        '<conditions><condition number="0" type="1" coverage="0%"/></conditions></line>\n'
        '<line number="4" hits="0" branch="true" condition-coverage="0% (0/3)"/>\n'
        "</lines>\n</class>\n</classes>\n</package>\n"
        "</packages>\n</coverage>\n"
    )


@settings(max_examples=150)
@given(reports)
def test_reports_are_valid_and_read_back(report: Report) -> None:
    document = export(report)

    again = parse(document, "coverage.xml") if report.files else report_of([])

    # Not carried: ignored lines, kinds that are not told by arms, complexity of lines, lists of other arms.
    check_valid(document)
    assert values(again) == values(report)
    assert paired_arms(report).items() <= paired_arms(again).items()


@pytest.mark.parametrize("name", SAMPLES)
def test_reports_of_real_tools_are_valid_and_read_back(name: str) -> None:
    report = sample(name)

    document = export(report)

    check_valid(document)
    assert values(parse(document, "coverage.xml")) == values(report)
    assert paired_arms(report) == paired_arms(parse(document, "coverage.xml"))


def test_a_directory_is_one_package_although_others_sort_between_its_files() -> None:
    report = report_of([Measure(1, 1, path=path) for path in ("a/b.py", "a/c/d.py", "a/e.py")])

    tree = etree.fromstring(export(report))

    assert {package.get("name"): len(package.findall(".//class")) for package in tree.iter("package")} == {
        "a": 2,
        "a.c": 1,
    }


def test_stored_reports_of_several_blocks_give_the_same_bytes() -> None:
    report = next(uploads(repository(0.05), 1, share=1))

    stored = codec.open_report(codec.encode(report, {}))

    assert len(list(stored.slices())) > 1
    assert b"".join(cobertura.write(Subject(stored))) == export(report)


def test_names_are_escaped() -> None:
    hostile = '"/><evil x="\x01\n\ufffe&.py'

    tree = etree.fromstring(export(report_of([Measure(1, 1, 2, ('"<&>',), path=hostile)])))

    assert tree.find(".//class").get("filename") == '"/><evil x="\ufffd\n\ufffd&.py'
    assert tree.find(".//condition").attrib == {"number": '"<&>', "type": "jump", "coverage": "0%"}
