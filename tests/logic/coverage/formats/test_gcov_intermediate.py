"""The intermediate text of old versions of gcov."""

import pytest
from reading import Line, read
from worked_documents import GCOV_INTERMEDIATE


@pytest.mark.parametrize("kind", ["conditional", "loop", "method", "macro"])
def test_any_detection_makes_fractions_of_branches(kind):
    _, report = read(GCOV_INTERMEDIATE, None, f"gcov.branch_detection.{kind}")

    assert report["src/a.c"] == {10: Line(0, "m"), 13: Line("1/2", "b", ("1",))}


def test_instances_of_a_template_join_arm_by_arm():
    text = (
        "file:a.c\nlcount:7,3\nbranch:7,taken\nbranch:7,nottaken\nlcount:7,5\nbranch:7,nottaken\nbranch:7,taken\n"
        "lcount:8,0\nbranch:8,notexec\nbranch:8,notexec\n"
    )

    assert read(text, None, "gcov.branch_detection.loop")[1] == {
        "a.c": {7: Line("2/2", "b"), 8: Line("0/2", "b", ("0", "1"))}
    }
    assert read(text)[1] == {"a.c": {7: Line(5), 8: Line(0)}}


@pytest.mark.parametrize(
    "record",
    [
        "lcount:0,1",
        "lcount:x,1",
        "lcount:7",
        "lcount:7,x",
        "lcount:1000001,1",
        "branch:7,perhaps",
        "function:,1,f",
        "lcount:-7,1",
    ],
)
def test_a_bad_record_costs_only_itself(record):
    outcome, report = read(f"file:a.c\nfunction:1,1,f\n{record}\nlcount:9,1\n")

    assert (outcome.stats.skipped, report) == (1, {"a.c": {9: Line(1)}})
    assert outcome.stats.first_problem.startswith("line 3: ")


def test_counts_outside_a_file_are_skipped():
    outcome, _ = read("file:\nlcount:1,1\n")

    assert (outcome.outcome, outcome.stats.skipped) == ("corrupt", 1)


@pytest.mark.parametrize("text", ["file:a.c\nfile:b.c\nlcount:1,1\n", "version:8\r\nfile:a.c\r\nlcount:1,1\r\n"])
def test_the_format_is_recognised_by_its_first_records(text):
    assert read(text)[0].format == "gcov-intermediate"


@pytest.mark.parametrize("text", ["file:a.c is gone\n", "profile:a\nlcount:1,1\n", "note\nfile:a.c\nlcount:1,1\n"])
def test_other_text_is_not_taken_for_it(text):
    assert read(text)[0].outcome == "not_recognised"
