"""XML of BullseyeCoverage."""

import pytest
from reading import Line, read, values_of

ROOT = 'xmlns="https://www.bullseye.com/covxml" buildId="4362c668_2020-10-28_17:55:47"'


def document(content: str, root: str = ROOT) -> str:
    return f"<BullseyeCoverage {root}>{content}</BullseyeCoverage>"


def source(*probes: str, name: str = 'name="sock.cpp"') -> str:
    return f'<src {name} mtime="1"><fn name="f()">{"".join(probes)}<block entered="1"/></fn></src>'


def probe(line: object, kind: str, event: str) -> str:
    return f'<probe line="{line}" column="1" kind="{kind}" event="{event}"/>'


PROBES = (
    probe(5, "function", "full"),
    probe(7, "decision", "true"),
    probe(8, "condition", "none"),
    probe(9, "switch-label", "full"),
    probe(10, "try", "full"),
    probe(11, "catch", "none"),
)


def test_probes_are_lines_and_folders_are_paths():
    outcome, report = read(document(f'<folder name="lib"><folder name="net">{source(*PROBES)}</folder></folder>'))

    assert (outcome.format, outcome.outcome) == ("bullseye", "ok")
    assert report == {
        "lib/net/sock.cpp": {
            5: Line(1, "m"),
            7: Line("1/2", "b"),
            8: Line("0/2", "b"),
            9: Line("1/1", "b"),
            10: Line(1),
            11: Line(0),
        }
    }


@pytest.mark.parametrize(
    ("probes", "expected"),
    [
        ([("decision", "full")], Line("2/2", "b")),
        ([("condition", "false")], Line("1/2", "b")),
        ([("decision", "full"), ("condition", "true")], Line("3/4", "b")),
        ([("decision", "none"), ("switch-label", "none")], Line("0/3", "b")),
        ([("switch-label", "full"), ("switch-label", "none")], Line("1/2", "b")),
        ([("function", "full"), ("decision", "true")], Line("1/2", "b")),
        ([("function", "none"), ("try", "full")], Line(1, "m")),
        ([("try", "none")], Line(0)),
        ([("constant", "true")], Line(1)),
    ],
)
def test_arms_of_a_line_add_up(probes, expected):
    _, report = read(document(source(*(probe(3, kind, event) for kind, event in probes))))

    assert report == {"sock.cpp": {3: expected}}


def test_every_source_file_knows_its_folders():
    one, two, three, four = (source(probe(1, "try", "full"), name=f'name="{name}"') for name in "abcd")
    data = document(
        f'{one}<folder name="x">{two}<folder name="y">{three}</folder><folder/><folder name="z"/></folder>{four}'
    )

    assert list(read(data)[1]) == ["a", "d", "x/b", "x/y/c"]


def test_a_file_listed_twice_does_not_get_its_arms_twice():
    twice = source(probe(1, "decision", "true")) * 2

    assert read(document(twice))[1] == {"sock.cpp": {1: Line("1/2", "b")}}


@pytest.mark.parametrize(
    ("build", "timestamp"),
    [
        ("4362c668_2020-10-28_17:55:47", 1603907747 + 14 * 3600),
        ("4362c668_2020-10-28T17:55:47Z", 1603907747),
        ("abc_1700000000", 1.7e9),
        ("abc", None),
        ("", None),
        ("a_b_c", None),
    ],
)
def test_the_time_of_the_build_is_read(build, timestamp):
    outcome, _ = read(document(source(*PROBES), f'buildId="{build}"'))

    assert outcome.outcome == "ok"
    assert outcome.stats.timestamp == timestamp


def test_no_build_and_no_namespace_are_needed():
    outcome, report = read(document(source(*PROBES), ""))

    assert (outcome.outcome, outcome.stats.timestamp) == ("ok", None)
    assert len(report["sock.cpp"]) == 6


def test_bad_probes_are_skipped_and_good_ones_kept():
    outcome, report = read(
        document(
            source(
                probe("x", "try", "full"),
                probe(0, "try", "full"),
                probe(16707566, "try", "full"),
                '<probe line="1" kind="try"/>',
                '<probe line="1" event="full"/>',
                '<probe kind="try" event="full"/>',
                probe(2, "try", "full"),
            )
            + probe(1, "try", "full")
        )
    )

    assert report == {"sock.cpp": {2: Line(1)}}
    assert outcome.stats.skipped == 6
    assert outcome.stats.first_problem == "<probe> number 1: line='x', kind='try', event='full'"


def test_files_without_name_are_left_out():
    data = document(source(probe(1, "try", "full"), name="") + source(probe(2, "try", "full")))

    assert values_of(read(data)[1]["sock.cpp"]) == {2: 1}


def test_a_document_without_probes_holds_no_data():
    assert read(document(source()))[0].outcome == "no_data"
