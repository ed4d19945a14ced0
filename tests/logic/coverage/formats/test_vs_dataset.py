"""The data set that Visual Studio exports as `.coveragexml`."""

import pytest
from reading import Line, read

NAMES = (
    r"<SourceFileNames><SourceFileID>1</SourceFileID><SourceFileName>c:\w\a.cpp</SourceFileName></SourceFileNames>"
    "<SourceFileNames><SourceFileID>2</SourceFileID><SourceFileName>b.cpp</SourceFileName></SourceFileNames>"
)
PARTIAL = Line("1/2")


def lines(first: object, last: object, coverage: object, file: object = 1) -> str:
    return (
        f"<Lines><LnStart>{first}</LnStart><ColStart>0</ColStart><LnEnd>{last}</LnEnd><ColEnd>0</ColEnd>\n"
        f"<Coverage>{coverage}</Coverage><SourceFileID>{file}</SourceFileID><LineID>0</LineID></Lines>"
    )


def document(*children: str) -> str:
    return f"<CoverageDSPriv>\n{''.join(children)}\n</CoverageDSPriv>"


def nested(*records: str) -> str:
    return (
        "<Module><ModuleName>rocket.dll</ModuleName><NamespaceTable><NamespaceName>n</NamespaceName><Class>"
        "<ClassName>C</ClassName><Method><MethodName>f</MethodName><LinesCovered>1</LinesCovered>"
        f"{''.join(records)}</Method></Class></NamespaceTable></Module>"
    )


RECORDS = (lines(3, 4, 0), lines(5, 5, 1), lines(6, 6, 2))
EXPECTED = {"c:/w/a.cpp": {3: Line(1), 4: Line(1), 5: PARTIAL, 6: Line(0)}}


@pytest.mark.parametrize(
    "data",
    [
        document(NAMES, *RECORDS),
        document(*RECORDS, NAMES),
        document(nested(*RECORDS), NAMES),
        document(*RECORDS[:1], NAMES, nested(*RECORDS[1:])),
    ],
    ids=["names first", "names last", "in methods", "both"],
)
def test_lines_are_read_wherever_they_stand(data):
    outcome, report = read(data)

    assert (outcome.format, outcome.outcome) == ("vs-dataset", "ok")
    assert outcome.stats.skipped == 0
    assert report == EXPECTED


@pytest.mark.parametrize(("coverage", "expected"), [(3, PARTIAL), (-1, PARTIAL), (0, Line(1)), (2, Line(0))])
def test_other_codes_of_coverage_are_partial(coverage, expected):
    assert read(document(NAMES, lines(1, 1, coverage)))[1] == {"c:/w/a.cpp": {1: expected}}


def test_of_several_records_on_a_line_the_best_holds():
    _, report = read(document(NAMES, lines(1, 3, 2), lines(2, 3, 1), lines(3, 3, 0), lines(1, 1, 0, 2)))

    assert report == {"c:/w/a.cpp": {1: Line(0), 2: PARTIAL, 3: Line(1)}, "b.cpp": {1: Line(1)}}


@pytest.mark.parametrize(
    "bad",
    [
        lines("x", 1, 0),
        lines(0, 1, 0),
        lines(1, 10**8, 0),
        lines(1, 1, "y"),
        lines(1, 1, ""),
        "<Lines/>",
        "<Lines><LnStart>1</LnStart><Coverage>0</Coverage></Lines>",
    ],
)
def test_bad_records_are_skipped_and_good_ones_kept(bad):
    outcome, report = read(document(NAMES, lines(7, 7, 0), bad, lines(8, 8, 2)))

    assert report == {"c:/w/a.cpp": {7: Line(1), 8: Line(0)}}
    assert (outcome.stats.skipped, outcome.stats.records) == (1, 2)
    assert outcome.stats.first_problem == "<Lines> number 2: no usable line, coverage or file"
    assert read(document(NAMES, bad))[0].outcome == "corrupt"


def test_records_of_unknown_files_are_told():
    outcome, report = read(document(NAMES, lines(1, 1, 0, 9), lines(2, 2, 0)))
    alone, _ = read(document(NAMES, lines(1, 1, 0, 9)))

    assert report == {"c:/w/a.cpp": {2: Line(1)}}
    assert outcome.stats.first_problem == "no file has the id '9'"
    assert alone.outcome == "corrupt"


def test_a_name_without_id_shifts_no_other():
    names = "<SourceFileNames><SourceFileName>x.cpp</SourceFileName></SourceFileNames>" + NAMES

    assert read(document(names, *RECORDS))[1] == EXPECTED


def test_files_without_lines_hold_no_data():
    assert read(document(NAMES))[0].outcome == "no_data"


def test_the_schema_and_its_namespace_are_ignored():
    schema = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="Lines" ms:a="1" /></xs:schema>'
    data = document(schema, NAMES, *RECORDS).replace(
        "<CoverageDSPriv", '<CoverageDSPriv xmlns="http://example.org/ds.xsd"'
    )

    assert read(data)[1] == EXPECTED
