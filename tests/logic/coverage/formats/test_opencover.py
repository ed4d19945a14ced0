"""OpenCover XML."""

import pytest
from reading import Line, read, values_of

FILES = r'<Files><File uid="1" fullPath="C:\w\A.cs" /><File uid="2" fullPath="C:\w\B.cs" /></Files>'


def point(first: object, last: object, visits: object, arms: str = 'bec="0" bev="0"') -> str:
    return f'<SequencePoint vc="{visits}" uspid="1" offset="0" sl="{first}" sc="9" el="{last}" ec="20" {arms} />'


def branch(line: object, visits: object, offset: str) -> str:
    return f'<BranchPoint vc="{visits}" uspid="2" ordinal="0" sl="{line}" path="0" {offset} />'


def method(*points: str, file: str = '<FileRef uid="1" />') -> str:
    return (
        '<Method visited="true" cyclomaticComplexity="2"><Summary numSequencePoints="1" /><Name>System.Void A::F()'
        f"</Name>{file}<SequencePoints>{''.join(p for p in points if 'Seq' in p)}</SequencePoints><BranchPoints>"
        f'{"".join(p for p in points if "Seq" not in p)}</BranchPoints><MethodPoint vc="9" uspid="1" sl="99" el="99" '
        'xsi:type="SequencePoint" /></Method>'
    )


def module(*methods: str, files: str = FILES) -> str:
    return (
        f'<Module hash="0"><ModulePath>C:\\w\\A.dll</ModulePath>{files}<Classes><Class><FullName>A</FullName><Methods>'
        f"{''.join(methods)}</Methods></Class></Classes></Module>"
    )


def document(*modules: str) -> str:
    return (
        '<CoverageSession xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Summary numSequencePoints="1" />'
        f"<Modules>{''.join(modules)}</Modules></CoverageSession>"
    )


def lines(*points: str) -> dict[int, Line]:
    return read(document(module(method(*points))))[1].get("C:/w/A.cs", {})


def test_sequence_points_and_their_branches_are_read():
    outcome, report = read(
        document(
            module(
                method(
                    point(10, 10, 3),
                    point(11, 11, 3, 'bec="2" bev="1"'),
                    point(12, 14, 0),
                    point(15, 15, 1, ""),
                    point(17, 17, 4, 'bec="4" bev="4"'),
                    branch(11, 3, 'offset="4" offsetend="9"'),
                    branch(11, 0, 'offset="4" offsetend="30"'),
                )
            )
        )
    )

    assert (outcome.format, outcome.outcome, outcome.stats.skipped) == ("opencover", "ok", 0)
    assert report == {
        "C:/w/A.cs": {
            10: Line(3),
            11: Line("1/2", "b", ("4:30",)),
            12: Line(0),
            13: Line(0),
            14: Line(0),
            15: Line(1),
            17: Line("4/4", "b"),
        }
    }


def test_points_of_one_line_are_one_value():
    found = lines(
        point(1, 1, 5, 'bec="2" bev="1"'),
        point(1, 1, 5),
        point(2, 2, 5, 'bec="2" bev="1"'),
        point(2, 2, 0, 'bec="2" bev="0"'),
        point(3, 3, 0),
        point(3, 3, 8),
        branch(2, 0, 'offset="4" offsetend="9"'),
        branch(2, 0, 'offset="14" offsetend="19"'),
        branch(2, 0, 'offset="14" offsetend="29"'),
        branch(2, 6, 'offset="4" offsetend="8"'),
    )

    assert found == {1: Line("1/2", "b"), 2: Line("1/4", "b", ("4:9", "14:19", "14:29")), 3: Line(8)}


def test_methods_of_a_module_that_share_a_line_add_up_and_modules_do_not():
    inner, outer = method(point(1, 1, 1, 'bec="2" bev="1"')), method(point(1, 1, 1, 'bec="2" bev="2"'))

    _, one = read(document(module(inner, outer)))
    _, two = read(document(module(inner), module(inner)))

    assert one == {"C:/w/A.cs": {1: Line("3/4", "b")}}
    assert two == {"C:/w/A.cs": {1: Line("1/2", "b")}}


def test_visits_of_a_line_in_several_methods_are_their_maximum():
    _, report = read(document(module(method(point(1, 1, 2)), method(point(1, 2, 7)), method(point(2, 2, 0)))))

    assert values_of(report["C:/w/A.cs"]) == {1: 7, 2: 7}


def test_a_branch_over_several_lines_counts_on_each():
    found = lines(point(5, 6, 1, 'bec="2" bev="1"'), branch(5, 0, 'offset="7"'))

    assert found == {5: Line("1/2", "b", ("7",)), 6: Line("1/2", "b")}


def test_numbers_of_files_hold_in_their_module_first_and_everywhere_else():
    second = r'<Files><File uid="1" fullPath="C:\w\C.cs" /></Files>'
    ref = '<FileRef uid="2" />'

    _, report = read(
        document(
            module(method(point(1, 1, 1))),
            module(method(point(2, 2, 2)), method(point(3, 3, 3), file=ref), files=second),
            module(method(point(4, 4, 4), file=ref), files=""),
        )
    )

    assert {path: values_of(found) for path, found in report.items()} == {
        "C:/w/A.cs": {1: 1},
        "C:/w/B.cs": {3: 3, 4: 4},
        "C:/w/C.cs": {2: 2},
    }


def test_the_file_of_a_method_may_stand_behind_its_points():
    data = document(module(method(point(1, 1, 1), file=""))).replace("</Method>", '<FileRef uid="2"/></Method>')

    assert read(data)[1] == {"C:/w/B.cs": {1: Line(1)}}


def test_methods_without_file_are_left_out():
    good = method(point(9, 9, 1))
    bad = [method(point(1, 1, 1), file=""), method(point(2, 2, 1, 'bec="2" bev="1"'), file='<FileRef uid="7"/>')]

    outcome, report = read(document(module(*bad, good)))
    alone, _ = read(document(module(*bad)))

    assert (outcome.outcome, report) == ("ok", {"C:/w/A.cs": {9: Line(1)}})
    assert alone.outcome == "corrupt"
    assert "no method has a known file" in alone.detail


@pytest.mark.parametrize(
    "bad",
    [
        point(1, 1, "x"),
        '<SequencePoint sl="1" el="1"/>',
        '<SequencePoint vc="1" el="1"/>',
        '<SequencePoint vc="1" sl="1"/>',
        point("x", 1, 1),
        point(0, 0, 1),
        point(16707566, 16707566, 0),
        point(5, 16707566, 0),
        point(1, 1, 1, 'bec="x" bev="1"'),
        point(1, 1, 1, 'bec="2" bev="x"'),
    ],
)
def test_bad_points_are_skipped_and_good_ones_kept(bad):
    outcome, report = read(document(module(method(bad, point(8, 8, 2)))))

    assert report == {"C:/w/A.cs": {8: Line(2)}}
    assert outcome.stats.skipped == 1
    assert read(document(module(method(bad))))[0].outcome == "corrupt"


@pytest.mark.parametrize(
    ("arms", "expected"),
    [
        ('bec="2" bev="5"', Line("2/2", "b")),
        ('bec="2" bev="-1"', Line("0/2", "b")),
        ('bec="2"', Line("0/2", "b")),
        ('bec="-2" bev="1"', Line(3)),
        ('bec="99999999999" bev="1"', Line("1/2147483647", "b")),
    ],
)
def test_odd_numbers_of_arms_are_made_sense_of(arms, expected):
    assert lines(point(1, 1, 3, arms)) == {1: expected}


@pytest.mark.parametrize("offset", ["", 'offset="x"', 'offset="-4" offsetend="9"', 'offset="4" offsetend="9999999999"'])
def test_arms_without_usable_offsets_have_no_names(offset):
    assert lines(point(1, 1, 3, 'bec="2" bev="1"'), branch(1, 0, offset)) == {1: Line("1/2", "b")}


def test_a_point_that_ends_before_it_starts_is_its_first_line():
    assert values_of(lines(point(9, 2, 1))) == {9: 1}


def test_a_session_without_points_holds_no_data():
    assert read(document(module(method())))[0].outcome == "no_data"
    assert read("<CoverageSession/>")[0].outcome == "no_data"


def test_a_few_bytes_cannot_become_billions_of_lines():
    assert read(document(module(method(*(point(1, 1_000_000, 0) for _ in range(50))))))[0].outcome == "too_large"
